// Seals the units that a database's files are made of: pages, and the header and frames of its log.
//
// A sealed unit is the AES-256-GCM ciphertext, a random 12-byte nonce and the 16-byte tag, in this order. The
// associated data is role (1 byte) || index (8 bytes, big endian) || file id, so a unit opens only as what it
// was written as and where it was written. What this does not see: a unit replaced by an older one of the
// same place. Random nonces: one key is good for 2^32 writes (NIST SP 800-38D section 8.3), 16 TiB of them.
// Thread: one at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "sotto/base/bytes.hpp"
#include "sotto/crypto/aead.hpp"

namespace sotto::store::sqlite {

class UnitSealer {
 public:
  static constexpr std::size_t kOverhead = crypto::kAeadNonceSize + crypto::kAeadTagSize;
  enum class Role : std::uint8_t { page = 1, log_header = 2, log_frame = 3 };

  // `key` has 32 bytes. `file_id` tells databases under the same key apart.
  UnitSealer(ByteView key, std::string_view file_id);

  // `sealed` is kOverhead larger than `text` and may begin where it begins. False: no randomness or memory.
  bool seal(Role role, std::uint64_t index, ByteView text, MutableByteView sealed) noexcept;
  // The reverse. False: changed, another key, or another place; `text` is then zeros.
  bool open(Role role, std::uint64_t index, ByteView sealed, MutableByteView text) noexcept;

 private:
  ByteView associated(Role role, std::uint64_t index);

  crypto::AeadKey key_;
  Bytes associated_;
};

}  // namespace sotto::store::sqlite
