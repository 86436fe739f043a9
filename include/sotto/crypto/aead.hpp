// Authenticated encryption: AES-GCM and ChaCha20-Poly1305, always with a 12-byte nonce and a 16-byte tag.
//
//   AeadKey key(AeadAlgorithm::aes_256_gcm, secret.view());      // once: setting up a key costs more
//   Bytes sealed = key.seal(nonce, aad, text);                   // text || tag
//   Result<Bytes> text = key.open(nonce, aad, sealed);
//
// The same nonce must never be used twice with one key for different texts. The `_to` forms write into the
// caller's memory, in place if `out` begins where the input begins; otherwise the two must not overlap.
// A failed open leaves zeros in `out`. Sizes that are the caller's own (key, nonce, `out`) are checked and
// throw std::invalid_argument; what came from elsewhere gives an Error.
// Thread: one at a time per key object, as it keeps a cipher context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::crypto {

enum class AeadAlgorithm : std::uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305 };

constexpr std::size_t aead_key_size(AeadAlgorithm algorithm) {
  return algorithm == AeadAlgorithm::aes_128_gcm ? 16 : 32;
}
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;
// One message; files are cut into chunks far below.
inline constexpr std::size_t kAeadMaxMessage = std::size_t{1} << 30;

class AeadKey {
 public:
  // `key` has aead_key_size(algorithm) bytes.
  AeadKey(AeadAlgorithm algorithm, ByteView key);
  AeadKey(AeadKey&&) noexcept;
  AeadKey& operator=(AeadKey&&) noexcept;
  ~AeadKey();

  AeadAlgorithm algorithm() const;

  Bytes seal(ByteView nonce, ByteView aad, ByteView plaintext);
  Result<Bytes> open(ByteView nonce, ByteView aad, ByteView sealed);
  Result<SecretBytes> open_secret(ByteView nonce, ByteView aad, ByteView sealed);

  // `out` has plaintext.size() + kAeadTagSize, or sealed.size() - kAeadTagSize bytes.
  void seal_to(ByteView nonce, ByteView aad, ByteView plaintext, MutableByteView out);
  Status open_to(ByteView nonce, ByteView aad, ByteView sealed, MutableByteView out);

  // With the tag in a place of its own (database pages). `out` is as large as the input.
  void seal_detached(ByteView nonce, ByteView aad, ByteView plaintext, MutableByteView out,
                     MutableByteView tag);
  Status open_detached(ByteView nonce, ByteView aad, ByteView ciphertext, ByteView tag, MutableByteView out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// For keys used once.
Bytes aead_seal(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext);
Result<Bytes> aead_open(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView sealed);

}  // namespace sotto::crypto
