#include "sotto/rtp/media_clock.hpp"

namespace sotto::rtp {
namespace {

// Device clocks and schedulers wander by some milliseconds around the sample count; a real gap (an overrun,
// a device changed) is longer. Chosen, no reference.
constexpr Duration kAudioGap = std::chrono::milliseconds(60);

}  // namespace

std::uint32_t AudioClock::timestamp(TimePoint captured, std::uint32_t samples) {
  if (expected_) {
    const Duration late = captured - *expected_;
    if (late > kAudioGap) {
      next_ += static_cast<std::uint32_t>(to_ticks(late, kAudioClockRate));
      expected_ = captured;
    } else {
      // Follow the device's clock slowly, so that drift over hours never looks like a gap.
      *expected_ += late / 64;
    }
  } else {
    expected_ = captured;
  }
  const std::uint32_t now = next_;
  next_ += samples;
  *expected_ += from_ticks(samples, kAudioClockRate);
  return now;
}

NtpTime to_ntp(TimePoint time) {
  const auto ns = static_cast<std::uint64_t>(time.time_since_epoch().count());
  const std::uint64_t seconds = ns / 1'000'000'000u;
  const std::uint64_t rest = ns % 1'000'000'000u;
  return NtpTime{seconds << 32 | (rest << 32) / 1'000'000'000u};
}

Duration operator-(NtpTime a, NtpTime b) {
  const auto difference =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  const std::int64_t seconds = difference >> 32;
  const std::int64_t fraction = difference & 0xffffffff;
  // Rounded up: to_ntp rounds down, and a round trip through both shall be the identity.
  return Duration(seconds * 1'000'000'000 + ((fraction * 1'000'000'000 + 0xffffffff) >> 32));
}

std::uint32_t to_compact(Duration duration) {
  if (duration <= Duration::zero()) return 0;
  constexpr auto kLongest = std::chrono::seconds(65535);
  if (duration >= kLongest) return 0xffffffff;
  return static_cast<std::uint32_t>(to_ticks(duration, 65536));
}

Duration from_compact(std::uint32_t value) { return from_ticks(value, 65536); }

}  // namespace sotto::rtp
