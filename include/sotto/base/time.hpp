// Time as an argument. Cores never read a clock: net, devices and mains do, and pass `now` in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sotto {

using Duration = std::chrono::nanoseconds;
// Monotonic. The epoch is unspecified (CLOCK_MONOTONIC in the programs, zero in simulations).
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): std's name
};
using TimePoint = MonotonicClock::time_point;
inline constexpr TimePoint kNever = TimePoint::max();

// Wall-clock time for people and certificates, UTC, milliseconds since 1970. Never used for order.
struct WallTime {
  std::int64_t ms = 0;
  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};

// RFC 3339 with milliseconds and Z: "2026-11-21T14:03:22.125Z".
std::string to_rfc3339(WallTime time);
std::optional<WallTime> wall_time_from_rfc3339(std::string_view text);

}  // namespace sotto
