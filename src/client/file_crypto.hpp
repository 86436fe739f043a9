// Sealing of files chunk by chunk (docs/protocol.md, Files), in the manner of STREAM (Hoang, Reyhanitabar,
// Rogaway, Vizar 2015): every file has its own random AES-256-GCM key, and each chunk is bound to its file,
// its index and to being the last, so that chunks cannot be swapped, dropped, repeated or cut off.
//
//   nonce = 0x000000 || last (1 byte) || index (8 bytes, big-endian)
//   aad   = "sotto file chunk v1" || 0x00 || blob id || index (8) || last (1)
// An empty file is one empty last chunk. Thread: one at a time.
#pragma once

#include <cstdint>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/crypto/aead.hpp"

namespace sotto::client {

inline constexpr std::uint32_t kFileChunkBytes =
    128 * 1024;  // plain, as we send; proto::kBlobChunkBytes sealed
inline constexpr std::size_t kFileKeyBytes = 32;

// Where each chunk of a file lies, plain and sealed.
class FileLayout {
 public:
  FileLayout(std::uint64_t size, std::uint32_t chunk_bytes) : size_(size), chunk_bytes_(chunk_bytes) {}
  std::uint64_t chunks() const { return size_ == 0 ? 1 : (size_ + chunk_bytes_ - 1) / chunk_bytes_; }
  bool is_last(std::uint64_t index) const { return index + 1 == chunks(); }
  std::uint64_t plain_offset(std::uint64_t index) const { return index * chunk_bytes_; }
  std::size_t plain_bytes(std::uint64_t index) const {
    return static_cast<std::size_t>(is_last(index) ? size_ - plain_offset(index) : chunk_bytes_);
  }
  std::uint64_t sealed_offset(std::uint64_t index) const {
    return index * (std::uint64_t{chunk_bytes_} + crypto::kAeadTagSize);
  }
  std::size_t sealed_bytes(std::uint64_t index) const { return plain_bytes(index) + crypto::kAeadTagSize; }
  std::uint64_t sealed_size() const { return size_ + chunks() * crypto::kAeadTagSize; }
  // Whole chunks within the first `sealed` bytes of the blob; none if it does not end between chunks.
  std::uint64_t chunks_in(std::uint64_t sealed) const;
  std::uint64_t plain_size_of(std::uint64_t first_chunks) const {
    return first_chunks >= chunks() ? size_ : first_chunks * chunk_bytes_;
  }

 private:
  std::uint64_t size_;
  std::uint32_t chunk_bytes_;
};

class ChunkCipher {
 public:
  // `key` has kFileKeyBytes.
  ChunkCipher(ByteView key, BlobId blob);
  // `out` has plain.size() + crypto::kAeadTagSize bytes, elsewhere.
  void seal_to(std::uint64_t index, bool last, ByteView plain, MutableByteView out);
  Result<Bytes> open(std::uint64_t index, bool last, ByteView sealed);

 private:
  crypto::AeadKey key_;
  BlobId blob_;
};

}  // namespace sotto::client
