#include "sotto/crypto/signature.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <utility>

#include "openssl/keys.hpp"
#include "openssl/p256.hpp"
#include "openssl/support.hpp"
#include "sodium/curve25519.hpp"

namespace sotto::crypto {
namespace {

using Params = openssl::Owned<OSSL_PARAM, OSSL_PARAM_free>;
using ParamsBuilder = openssl::Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;

// `scalar` null: a public key. `point` was checked to be on the curve.
openssl::Pkey p256_pkey(const BIGNUM* scalar, ByteView point) {
  const ParamsBuilder builder(OSSL_PARAM_BLD_new());
  openssl::require(
      builder &&
          OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
          OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                           point.size()) == 1 &&
          (scalar == nullptr || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1),
      "P-256 key parameters");
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const openssl::PkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  openssl::require(
      params && ctx && EVP_PKEY_fromdata_init(ctx.get()) == 1 &&
          EVP_PKEY_fromdata(ctx.get(), &key, scalar == nullptr ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR,
                            params.get()) == 1,
      "a P-256 key");
  return openssl::Pkey(key);
}

}  // namespace

SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::generate(SignatureAlgorithm algorithm, Random& random) {
  // For P-256 one in 2^32 draws is not below the order.
  while (true) {
    SecretBytes candidate(kSignaturePrivateSize);
    random.fill(candidate.mutable_view());
    if (auto key = from_private(algorithm, candidate.view())) return std::move(key).value();
  }
}

Result<SigningKey> SigningKey::from_private(SignatureAlgorithm algorithm, ByteView private_key) {
  if (private_key.size() != kSignaturePrivateSize) {
    return fail(ErrorCode::invalid_argument, "a private key has the wrong size");
  }
  SigningKey key;
  key.algorithm_ = algorithm;
  key.private_key_ = SecretBytes(private_key);
  openssl::Pkey pkey;
  if (algorithm == SignatureAlgorithm::ed25519) {
    pkey.reset(
        EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, private_key.data(), private_key.size()));
    key.public_key_.resize(signature_public_size(algorithm));
    std::size_t size = key.public_key_.size();
    openssl::require(pkey && EVP_PKEY_get_raw_public_key(pkey.get(), key.public_key_.data(), &size) == 1,
                     "an Ed25519 key");
  } else {
    const openssl::Bignum scalar = openssl::p256_scalar(private_key);
    if (!scalar) return fail(ErrorCode::invalid_argument, "a private key is out of range");
    key.public_key_ = openssl::p256_public(scalar.get());
    pkey = p256_pkey(scalar.get(), key.public_key_);
  }
  key.handle_ = std::make_shared<KeyHandle>(KeyHandle{std::move(pkey)});
  return key;
}

SigningKey SigningKey::copy() const {
  SigningKey key;
  key.algorithm_ = algorithm_;
  key.private_key_ = private_key_.copy();
  key.public_key_ = public_key_;
  key.handle_ = handle_;
  return key;
}

Bytes SigningKey::sign(ByteView message) const {
  if (algorithm_ == SignatureAlgorithm::ed25519)
    return sodium::ed25519_sign(private_key_.view(), public_key_, message);
  const openssl::MdCtx ctx(EVP_MD_CTX_new());
  Bytes out(kMaxSignatureSize);
  std::size_t size = out.size();
  openssl::require(ctx &&
                       EVP_DigestSignInit_ex(ctx.get(), nullptr, "SHA2-256", nullptr, nullptr,
                                             handle_->pkey.get(), nullptr) == 1 &&
                       EVP_DigestSign(ctx.get(), out.data(), &size, message.data(), message.size()) == 1,
                   "signing");
  out.resize(size);
  return out;
}

Result<VerifyKey> VerifyKey::from_public(SignatureAlgorithm algorithm, ByteView public_key) {
  openssl::Pkey pkey;
  if (algorithm == SignatureAlgorithm::ed25519) {
    if (public_key.size() == signature_public_size(algorithm)) {
      const openssl::ErrorScope errors;
      pkey.reset(
          EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, public_key.data(), public_key.size()));
    }
  } else if (openssl::p256_point(public_key)) {
    pkey = p256_pkey(nullptr, public_key);
  }
  if (!pkey) return fail(ErrorCode::invalid_argument, "a signature public key is not valid");

  VerifyKey key;
  key.algorithm_ = algorithm;
  key.public_key_ = to_bytes(public_key);
  key.handle_ = std::make_shared<KeyHandle>(KeyHandle{std::move(pkey)});
  return key;
}

bool VerifyKey::verify(ByteView message, ByteView signature) const {
  if (algorithm_ == SignatureAlgorithm::ed25519)
    return sodium::ed25519_verify(public_key_, message, signature);
  const openssl::ErrorScope errors;
  const openssl::MdCtx ctx(EVP_MD_CTX_new());
  openssl::require(ctx && EVP_DigestVerifyInit_ex(ctx.get(), nullptr, "SHA2-256", nullptr, nullptr,
                                                  handle_->pkey.get(), nullptr) == 1,
                   "starting a verification");
  return EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

bool verify(SignatureAlgorithm algorithm, ByteView public_key, ByteView message, ByteView signature) {
  if (algorithm == SignatureAlgorithm::ed25519) return sodium::ed25519_verify(public_key, message, signature);
  const auto key = VerifyKey::from_public(algorithm, public_key);
  return key && key->verify(message, signature);
}

}  // namespace sotto::crypto
