// SHA-2 and HMAC over it.
//
//   Bytes digest = hash(HashAlgorithm::sha256, data);
//   Hasher h(HashAlgorithm::sha256); h.update(a); h.update(b); Bytes digest = h.finish();
//
// Thread: the functions any; a Hasher one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "sotto/base/bytes.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::crypto {

enum class HashAlgorithm : std::uint8_t { sha256, sha384, sha512 };

constexpr std::size_t hash_size(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::sha256: return 32;
    case HashAlgorithm::sha384: return 48;
    case HashAlgorithm::sha512: return 64;
  }
  return 0;
}

Bytes hash(HashAlgorithm algorithm, ByteView data);

using Sha256Digest = std::array<std::uint8_t, 32>;
Sha256Digest sha256(ByteView data);

// For data in pieces: files, transcripts. State is wiped on destruction.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(ByteView data);
  Bytes finish();       // and starts anew
  Bytes peek() const;   // the digest so far; the hasher goes on
  Hasher fork() const;  // a second hasher with the same state

 private:
  struct Impl;
  explicit Hasher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// RFC 2104. Compare tags with constant_time_equal(), or let hmac_verify() do so.
Bytes hmac(HashAlgorithm algorithm, ByteView key, ByteView data);
bool hmac_verify(HashAlgorithm algorithm, ByteView key, ByteView data, ByteView tag);

}  // namespace sotto::crypto
