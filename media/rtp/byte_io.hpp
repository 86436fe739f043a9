// Big-endian fields, for parsers that checked the length before.
#pragma once

#include <cstdint>

#include "sotto/base/bytes.hpp"

namespace sotto::rtp {

inline std::uint16_t get16(ByteView b, std::size_t at) {
  return static_cast<std::uint16_t>((b[at] << 8) | b[at + 1]);
}
inline std::uint32_t get24(ByteView b, std::size_t at) {
  return (std::uint32_t{b[at]} << 16) | (std::uint32_t{b[at + 1]} << 8) | b[at + 2];
}
inline std::uint32_t get32(ByteView b, std::size_t at) {
  return (std::uint32_t{b[at]} << 24) | get24(b, at + 1);
}
inline void put8(Bytes& out, std::uint32_t v) { out.push_back(static_cast<std::uint8_t>(v)); }
inline void put16(Bytes& out, std::uint32_t v) {
  put8(out, v >> 8 & 0xff);
  put8(out, v & 0xff);
}
inline void put24(Bytes& out, std::uint32_t v) {
  put8(out, v >> 16 & 0xff);
  put16(out, v & 0xffff);
}
inline void put32(Bytes& out, std::uint32_t v) {
  put16(out, v >> 16);
  put16(out, v & 0xffff);
}

}  // namespace sotto::rtp
