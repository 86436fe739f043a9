#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "openssl/keys.hpp"
#include "openssl/p256.hpp"
#include "openssl/x509.hpp"
#include "sotto/crypto/certificate.hpp"

namespace sotto::crypto {
namespace {

using Pkcs8 = openssl::Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

constexpr std::size_t kMaxPem = 16UL * 1024;

Error unreadable() { return fail(ErrorCode::invalid_argument, "a private key file cannot be read"); }

Result<SigningKey> from_pkey(const EVP_PKEY* pkey) {
  if (EVP_PKEY_is_a(pkey, "ED25519") == 1) {
    SecretBytes seed(kSignaturePrivateSize);
    std::size_t size = seed.size();
    if (EVP_PKEY_get_raw_private_key(pkey, seed.data(), &size) != 1 || size != seed.size())
      return unreadable();
    return SigningKey::from_private(SignatureAlgorithm::ed25519, seed.view());
  }
  if (EVP_PKEY_is_a(pkey, "EC") != 1) return unreadable();

  char group[32] = {};
  if (EVP_PKEY_get_group_name(pkey, group, sizeof group, nullptr) != 1 ||
      std::string_view(group) != "prime256v1") {
    return unreadable();
  }
  BIGNUM* number = nullptr;
  const bool found = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1;
  const openssl::Bignum scalar(number);
  SecretBytes bytes(openssl::kP256ScalarSize);
  if (!found || BN_bn2binpad(scalar.get(), bytes.data(), static_cast<int>(bytes.size())) < 0)
    return unreadable();
  return SigningKey::from_private(SignatureAlgorithm::ecdsa_p256_sha256, bytes.view());
}

}  // namespace

SecretBytes private_key_to_pem(const SigningKey& key) {
  const openssl::Bio bio(BIO_new(BIO_s_secmem()));  // wiped when freed
  openssl::require(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), key.handle().pkey.get(), nullptr, nullptr,
                                                        0, nullptr, nullptr) == 1,
                   "writing a private key");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return SecretBytes::from_text({text, static_cast<std::size_t>(size)});
}

Result<SigningKey> private_key_from_pem(ByteView pem) {
  if (pem.empty() || pem.size() > kMaxPem) return unreadable();
  const openssl::ErrorScope errors;
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  openssl::require(bio != nullptr, "memory for a private key");
  // This form only, and never a prompt for a password: an encrypted key is another PEM type and is refused.
  const Pkcs8 info(PEM_read_bio_PKCS8_PRIV_KEY_INFO(bio.get(), nullptr, nullptr, nullptr));
  if (!info) return unreadable();
  const openssl::Pkey pkey(EVP_PKCS82PKEY(info.get()));
  if (!pkey) return unreadable();
  return from_pkey(pkey.get());
}

}  // namespace sotto::crypto
