#include "file_crypto.hpp"

#include <array>
#include <string_view>

#include "sotto/wire/writer.hpp"

namespace sotto::client {

namespace {

constexpr std::string_view kLabel{"sotto file chunk v1\0", 20};

std::array<std::uint8_t, crypto::kAeadNonceSize> nonce_of(std::uint64_t index, bool last) {
  std::array<std::uint8_t, crypto::kAeadNonceSize> nonce{};
  nonce[3] = last ? 1 : 0;
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(index >> (8 * (7 - i)));
  return nonce;
}

Bytes aad_of(BlobId blob, std::uint64_t index, bool last) {
  wire::Writer out(64);
  out.fixed(as_bytes(kLabel));
  out.fixed(blob.bytes());
  out.u64(index);
  out.u8(last ? 1 : 0);
  return std::move(out).take();
}

}  // namespace

std::uint64_t FileLayout::chunks_in(std::uint64_t sealed) const {
  if (sealed == sealed_size()) return chunks();
  const std::uint64_t each = std::uint64_t{chunk_bytes_} + crypto::kAeadTagSize;
  return sealed < sealed_size() && sealed % each == 0 ? sealed / each : 0;
}

ChunkCipher::ChunkCipher(ByteView key, BlobId blob)
    : key_(crypto::AeadAlgorithm::aes_256_gcm, key), blob_(blob) {}

void ChunkCipher::seal_to(std::uint64_t index, bool last, ByteView plain, MutableByteView out) {
  key_.seal_to(nonce_of(index, last), aad_of(blob_, index, last), plain, out);
}

Result<Bytes> ChunkCipher::open(std::uint64_t index, bool last, ByteView sealed) {
  return key_.open(nonce_of(index, last), aad_of(blob_, index, last), sealed);
}

}  // namespace sotto::client
