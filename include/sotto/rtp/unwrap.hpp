// Counters that wrap on the wire and do not here: 16-bit sequence numbers, 32-bit timestamps.
//
// Each value is read as the one nearest to the highest so far (RFC 3550 appendix A.1 in spirit). Results
// may be negative when the stream starts just after a wrap. Thread: any one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

namespace sotto::rtp {

template <class Wire>
class Unwrapper {
 public:
  // What `value` would be, without learning from it: use before authentication or for late data.
  std::int64_t peek(Wire value) const {
    if (!highest_) return value;
    const auto step =
        static_cast<std::make_signed_t<Wire>>(static_cast<Wire>(value - static_cast<Wire>(*highest_)));
    return *highest_ + step;
  }
  std::int64_t unwrap(Wire value) {
    const std::int64_t result = peek(value);
    if (!highest_ || result > *highest_) highest_ = result;
    return result;
  }
  std::optional<std::int64_t> highest() const { return highest_; }

 private:
  std::optional<std::int64_t> highest_;
};

using SequenceUnwrapper = Unwrapper<std::uint16_t>;
using TimestampUnwrapper = Unwrapper<std::uint32_t>;

}  // namespace sotto::rtp
