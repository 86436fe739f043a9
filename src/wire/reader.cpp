#include "sotto/wire/reader.hpp"

namespace sotto::wire {

std::uint32_t Reader::varint() {
  const std::uint32_t first = u8();
  const std::uint32_t value = first & 0x3F;
  switch (first >> 6) {
    case 0: return value;
    case 1: {
      const std::uint32_t whole = (value << 8) | u8();
      // One value, one spelling: else two encodings of one message have two hashes.
      if (ok() && whole < (1U << 6)) fail("a length is not in its shortest form");
      return ok() ? whole : 0;
    }
    case 2: {
      const std::uint32_t whole = (value << 24) | (static_cast<std::uint32_t>(u8()) << 16) | u16();
      if (ok() && whole < (1U << 14)) fail("a length is not in its shortest form");
      return ok() ? whole : 0;
    }
    default: fail("a length has a reserved prefix"); return 0;
  }
}

Status Reader::status() const {
  if (!ok()) return sotto::fail(ErrorCode::invalid_argument, problem_);
  return ok_status();
}

Status Reader::finish() {
  if (ok() && !at_end()) fail("bytes are left over at the end");
  return status();
}

}  // namespace sotto::wire
