// Numbers and times as people read them: sizes, durations, clock, day names. Local time zone of the process.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "sotto/base/time.hpp"

namespace sotto::desktop {

struct Civil {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int weekday = 4;              // 0 = Sunday
  std::int64_t day_number = 0;  // local days since 1970-01-01: equal for equal local days
};
Civil civil(WallTime time);
// When the next local day begins, for redrawing "Today".
WallTime next_midnight(WallTime time);

std::string clock_text(WallTime time);                  // "14:03"
std::string sidebar_time(WallTime time, WallTime now);  // "14:03", "Yesterday", "Mon", "08 Nov", "08.11.25"
std::string day_text(WallTime time,
                     WallTime now);    // "Today", "Yesterday", "Monday", "8 November", "8 November 2025"
std::string full_time(WallTime time);  // "Saturday 21 November 2026, 14:03:22"
std::string size_text(std::uint64_t bytes);                          // "12.4 MB"
std::string progress_size(std::uint64_t done, std::uint64_t total);  // "3.1 of 12.4 MB"
std::string rate_text(double bytes_per_second);                      // "1.2 MB/s"
std::string left_text(double seconds);                               // "8 s left", "3 min left"
std::string timer_text(int seconds);                                 // "12:04", "1:02:03"
std::string duration_text(int seconds);                              // "12 min 31 s", "8 s"
std::string short_duration(int seconds);                             // "12 min", "8 s"
std::string code_text(std::string_view six_digits);                  // "482 913"

// "{name} declined" with {name} replaced. Unknown parameters stay, so that a test finds them.
std::string fill(std::string_view pattern,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> values);

}  // namespace sotto::desktop
