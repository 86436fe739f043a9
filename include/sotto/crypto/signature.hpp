// Signatures: Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256.
//
// Bytes as MLS and X.509 have them: Ed25519 public keys are 32 bytes, private keys the 32-byte seed,
// signatures 64 bytes; P-256 public keys are the 65-byte uncompressed point, private keys the 32-byte
// big-endian scalar, signatures DER (exactly; BER variants are refused).
// Keys keep their parsed form, so signing or checking many messages with one is cheap.
// Thread: any; keys do not change once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sotto/base/bytes.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::crypto {

enum class SignatureAlgorithm : std::uint8_t { ed25519, ecdsa_p256_sha256 };

inline constexpr std::size_t kSignaturePrivateSize = 32;
constexpr std::size_t signature_public_size(SignatureAlgorithm algorithm) {
  return algorithm == SignatureAlgorithm::ed25519 ? 32 : 65;
}
inline constexpr std::size_t kMaxSignatureSize = 72;  // ECDSA P-256 in DER

struct KeyHandle;  // the back end's

class SigningKey {
 public:
  static SigningKey generate(SignatureAlgorithm algorithm, Random& random);
  static Result<SigningKey> from_private(SignatureAlgorithm algorithm, ByteView private_key);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  SignatureAlgorithm algorithm() const { return algorithm_; }
  const Bytes& public_key() const { return public_key_; }
  const SecretBytes& private_key() const { return private_key_; }
  SigningKey copy() const;

  Bytes sign(ByteView message) const;

  const KeyHandle& handle() const { return *handle_; }  // for the certificate code

 private:
  SigningKey() = default;

  SignatureAlgorithm algorithm_ = SignatureAlgorithm::ed25519;
  SecretBytes private_key_;
  Bytes public_key_;
  std::shared_ptr<const KeyHandle> handle_;
};

// Copyable: copies share the parsed key.
class VerifyKey {
 public:
  static Result<VerifyKey> from_public(SignatureAlgorithm algorithm, ByteView public_key);

  SignatureAlgorithm algorithm() const { return algorithm_; }
  const Bytes& public_key() const { return public_key_; }
  bool verify(ByteView message, ByteView signature) const;

  const KeyHandle& handle() const { return *handle_; }  // for the certificate code

 private:
  VerifyKey() = default;

  SignatureAlgorithm algorithm_ = SignatureAlgorithm::ed25519;
  Bytes public_key_;
  std::shared_ptr<const KeyHandle> handle_;
};

// False also for a key that is no key.
bool verify(SignatureAlgorithm algorithm, ByteView public_key, ByteView message, ByteView signature);

}  // namespace sotto::crypto
