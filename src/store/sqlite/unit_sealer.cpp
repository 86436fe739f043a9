#include "sqlite/unit_sealer.hpp"

#include <algorithm>
#include <exception>

#include "sotto/crypto/random.hpp"

namespace sotto::store::sqlite {

UnitSealer::UnitSealer(ByteView key, std::string_view file_id)
    : key_(crypto::AeadAlgorithm::aes_256_gcm, key), associated_(9 + file_id.size()) {
  std::ranges::copy(file_id, associated_.begin() + 9);
}

ByteView UnitSealer::associated(Role role, std::uint64_t index) {
  associated_[0] = static_cast<std::uint8_t>(role);
  for (int i = 0; i < 8; ++i) associated_[1 + i] = static_cast<std::uint8_t>(index >> (56 - 8 * i));
  return associated_;
}

// Both are called from SQLite's C code, through which no exception may pass.

bool UnitSealer::seal(Role role, std::uint64_t index, ByteView text, MutableByteView sealed) noexcept {
  try {
    const MutableByteView nonce = sealed.subspan(text.size(), crypto::kAeadNonceSize);
    crypto::system_random().fill(nonce);
    key_.seal_detached(nonce, associated(role, index), text, sealed.first(text.size()),
                       sealed.last(crypto::kAeadTagSize));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

bool UnitSealer::open(Role role, std::uint64_t index, ByteView sealed, MutableByteView text) noexcept {
  try {
    const ByteView nonce = sealed.subspan(text.size(), crypto::kAeadNonceSize);
    return key_
        .open_detached(nonce, associated(role, index), sealed.first(text.size()),
                       sealed.last(crypto::kAeadTagSize), text)
        .ok();
  } catch (const std::exception&) {
    secure_wipe(text.data(), text.size());
    return false;
  }
}

}  // namespace sotto::store::sqlite
