#include "openssl/support.hpp"

#include <openssl/err.h>

#include <stdexcept>
#include <string>

namespace sotto::crypto::openssl {
namespace {

EVP_MD* fetch_digest(const char* name) {
  EVP_MD* md = EVP_MD_fetch(nullptr, name, nullptr);
  require(md != nullptr, name);
  return md;
}

EVP_CIPHER* fetch_cipher(const char* name) {
  EVP_CIPHER* fetched = EVP_CIPHER_fetch(nullptr, name, nullptr);
  require(fetched != nullptr, name);
  return fetched;
}

}  // namespace

ErrorScope::ErrorScope() { ERR_set_mark(); }
ErrorScope::~ErrorScope() { ERR_pop_to_mark(); }

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("crypto: OpenSSL refused: ") + what);
}

// The fetched objects live as long as the process, so that other static objects may still hash on their way
// out.
const EVP_MD* digest(HashAlgorithm algorithm) {
  static const EVP_MD* const sha256 = fetch_digest("SHA2-256");
  static const EVP_MD* const sha384 = fetch_digest("SHA2-384");
  static const EVP_MD* const sha512 = fetch_digest("SHA2-512");
  switch (algorithm) {
    case HashAlgorithm::sha256: return sha256;
    case HashAlgorithm::sha384: return sha384;
    case HashAlgorithm::sha512: return sha512;
  }
  return sha256;
}

const EVP_CIPHER* cipher(AeadAlgorithm algorithm) {
  static const EVP_CIPHER* const aes128 = fetch_cipher("AES-128-GCM");
  static const EVP_CIPHER* const aes256 = fetch_cipher("AES-256-GCM");
  static const EVP_CIPHER* const chacha = fetch_cipher("ChaCha20-Poly1305");
  switch (algorithm) {
    case AeadAlgorithm::aes_128_gcm: return aes128;
    case AeadAlgorithm::aes_256_gcm: return aes256;
    case AeadAlgorithm::chacha20_poly1305: return chacha;
  }
  return aes256;
}

}  // namespace sotto::crypto::openssl
