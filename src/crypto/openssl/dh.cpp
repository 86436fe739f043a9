#include "sotto/crypto/dh.hpp"

#include <utility>

#include "openssl/keys.hpp"
#include "openssl/p256.hpp"
#include "openssl/support.hpp"

namespace sotto::crypto {
namespace {

Error not_a_public_key() { return fail(ErrorCode::invalid_argument, "a public key is not valid"); }

struct X25519Pair {
  Bytes public_key;
  openssl::Pkey pkey;
};

X25519Pair x25519_pair(ByteView private_key) {
  X25519Pair pair{Bytes(32), openssl::Pkey(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr,
                                                                         private_key.data(), private_key.size()))};
  std::size_t size = pair.public_key.size();
  openssl::require(pair.pkey && EVP_PKEY_get_raw_public_key(pair.pkey.get(), pair.public_key.data(), &size) == 1,
                   "an X25519 key");
  return pair;
}

Result<SecretBytes> x25519_agree(EVP_PKEY* own, ByteView peer) {
  if (peer.size() != 32) return not_a_public_key();
  const openssl::ErrorScope errors;
  const openssl::Pkey other(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, peer.data(), peer.size()));
  openssl::require(other != nullptr, "an X25519 public key");
  const openssl::PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr));
  openssl::require(ctx && EVP_PKEY_derive_init(ctx.get()) == 1 &&
                       EVP_PKEY_derive_set_peer_ex(ctx.get(), other.get(), 0) == 1,
                   "X25519 agreement");
  SecretBytes out(kDhSharedSize);
  std::size_t size = out.size();
  const bool derived = EVP_PKEY_derive(ctx.get(), out.data(), &size) == 1 && size == out.size();
  // A point of small order gives zero whatever our key is: the peer would choose the secret (RFC 7748 section 6.1).
  if (!derived || constant_time_equal(out.view(), SecretBytes(kDhSharedSize).view())) return not_a_public_key();
  return out;
}

}  // namespace

DhPrivateKey DhPrivateKey::generate(DhGroup group, Random& random) {
  // For P-256 one in 2^32 draws is not below the order.
  while (true) {
    SecretBytes candidate(kDhPrivateSize);
    random.fill(candidate.mutable_view());
    if (auto key = from_bytes(group, candidate.view())) return std::move(key).value();
  }
}

Result<DhPrivateKey> DhPrivateKey::from_bytes(DhGroup group, ByteView private_key) {
  if (private_key.size() != kDhPrivateSize) return fail(ErrorCode::invalid_argument, "a private key has the wrong size");
  if (group == DhGroup::x25519) {
    X25519Pair pair = x25519_pair(private_key);
    return DhPrivateKey(group, SecretBytes(private_key), std::move(pair.public_key),
                        std::make_shared<KeyHandle>(KeyHandle{std::move(pair.pkey)}));
  }

  const openssl::Bignum scalar = openssl::p256_scalar(private_key);
  if (!scalar) return fail(ErrorCode::invalid_argument, "a private key is out of range");
  return DhPrivateKey(group, SecretBytes(private_key), openssl::p256_public(scalar.get()), nullptr);
}

Result<SecretBytes> DhPrivateKey::agree(ByteView peer_public_key) const {
  if (group_ == DhGroup::x25519) return x25519_agree(handle_->pkey.get(), peer_public_key);

  const openssl::Point point = openssl::p256_point(peer_public_key);
  if (!point) return not_a_public_key();
  const openssl::Bignum scalar = openssl::p256_scalar(private_key_.view());
  return openssl::p256_agree(scalar.get(), point.get());
}

bool is_valid_dh_public_key(DhGroup group, ByteView public_key) {
  if (group == DhGroup::x25519) return public_key.size() == 32;
  return openssl::p256_point(public_key) != nullptr;
}

}  // namespace sotto::crypto
