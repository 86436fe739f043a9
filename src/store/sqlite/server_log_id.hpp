// The number of a log entry inside the file, conversation * 2^32 + sequence number, so that a conversation's
// entries lie together and in order; and how numbers are written into packed rows: big-endian.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace sotto::store::sqlite {

inline constexpr std::int64_t kMaxSeq = 0xffffffff;
constexpr std::int64_t log_id(std::int64_t conversation, std::int64_t seq) {
  return conversation << 32 | seq;
}
constexpr std::int64_t first_id(std::int64_t conversation) {
  return conversation << 32;
}  // below every entry's
constexpr std::int64_t last_id(std::int64_t conversation) { return conversation << 32 | kMaxSeq; }
constexpr std::int64_t conversation_of(std::int64_t id) { return id >> 32; }
constexpr std::int64_t seq_of(std::int64_t id) { return id & kMaxSeq; }

template <class Number>
void put(std::uint8_t* at, Number value) {
  static_assert(sizeof value == 4 || sizeof value == 8);
  if constexpr (std::endian::native == std::endian::little) {
    if constexpr (sizeof value == 4) {
      value = static_cast<Number>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    } else {
      value = static_cast<Number>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    }
  }
  std::memcpy(at, &value, sizeof value);
}

template <class Number>
Number get(const std::uint8_t* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  std::uint8_t turned[sizeof value];
  put(turned, value);
  std::memcpy(&value, turned, sizeof value);
  return value;
}

}  // namespace sotto::store::sqlite
