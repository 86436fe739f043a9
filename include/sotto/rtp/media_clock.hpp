// From moments to RTP timestamps and NTP time.
//
// Video timestamps are the capture time itself in 90 kHz ticks from a random offset (RFC 3550 section 5.1),
// so that both sides of a call name a picture by the same number. Sound is counted in samples, as RFC 7587
// asks, and jumps only when capture really had a gap.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "sotto/base/time.hpp"

namespace sotto::rtp {

inline constexpr std::uint32_t kVideoClockRate = 90'000;  // RFC 6184 section 8.2.1
inline constexpr std::uint32_t kAudioClockRate = 48'000;  // RFC 7587 section 4.1

// Ticks of `rate` in `duration`, rounded down.
constexpr std::int64_t to_ticks(Duration duration, std::uint32_t rate) {
  const std::int64_t ns = duration.count();
  constexpr std::int64_t kSecond = 1'000'000'000;
  return ns / kSecond * rate + ns % kSecond * rate / kSecond;
}
// Timestamps are the far side's to choose, and unwrapped they leave what a Duration holds within minutes if
// it jumps with every packet: beyond 73 years they stand still.
constexpr Duration from_ticks(std::int64_t ticks, std::uint32_t rate) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kMostSeconds = (std::int64_t{1} << 61) / kSecond;
  if (ticks / rate >= kMostSeconds) return Duration(kMostSeconds * kSecond);
  if (ticks / rate <= -kMostSeconds) return Duration(-kMostSeconds * kSecond);
  return Duration(ticks / rate * kSecond + ticks % rate * kSecond / rate);
}

class VideoClock {
 public:
  explicit VideoClock(std::uint32_t offset) : offset_(offset) {}
  std::uint32_t timestamp(TimePoint captured) const {
    return offset_ + static_cast<std::uint32_t>(to_ticks(captured.time_since_epoch(), kVideoClockRate));
  }

 private:
  std::uint32_t offset_;
};

// One call per block, in order. Thread: any one at a time.
class AudioClock {
 public:
  explicit AudioClock(std::uint32_t offset) : next_(offset) {}
  // The timestamp of a block of `samples` whose first one was captured at `captured`.
  std::uint32_t timestamp(TimePoint captured, std::uint32_t samples);

 private:
  std::uint32_t next_;
  std::optional<TimePoint> expected_;
};

// 64-bit NTP format, 32.32 fixed point seconds. RFC 3550 section 4 allows a clock of the sender's own, as
// it only relates streams of one sender: ours is the monotonic one.
enum class NtpTime : std::uint64_t {};
NtpTime to_ntp(TimePoint time);
// The difference in time, exact to within 1 ns.
Duration operator-(NtpTime a, NtpTime b);
// The middle 32 bits, as in LSR and DLSR (section 6.4.1).
constexpr std::uint32_t compact(NtpTime time) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(time) >> 16);
}

// Seconds in 16.16 fixed point.
std::uint32_t to_compact(Duration duration);
Duration from_compact(std::uint32_t value);

}  // namespace sotto::rtp
