// What the OpenSSL back end shares: owning pointers, a clean error queue, algorithms fetched once.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <memory>

#include "sotto/base/bytes.hpp"
#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/hash.hpp"

namespace sotto::crypto::openssl {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using PkeyCtx = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using MdCtx = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using CipherCtx = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using Bignum = Owned<BIGNUM, BN_clear_free>;
using BnCtx = Owned<BN_CTX, BN_CTX_free>;
using Point = Owned<EC_POINT, EC_POINT_clear_free>;

// Drops the errors that OpenSSL queues between construction and destruction, and only those: the TLS code
// reads the same queue of the thread.
class ErrorScope {
 public:
  ErrorScope();
  ~ErrorScope();
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
};

// For steps that can only fail by our own bug or for want of memory: throws std::runtime_error.
void require(bool done, const char* what);

// Fetching by name on every use costs more than hashing a short message.
const EVP_MD* digest(HashAlgorithm algorithm);
const EVP_CIPHER* cipher(AeadAlgorithm algorithm);

}  // namespace sotto::crypto::openssl
