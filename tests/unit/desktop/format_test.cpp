#include "desktop/base/format.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace sotto::desktop {
namespace {

WallTime at(const char* text) { return *wall_time_from_rfc3339(text); }

class Format : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(Format, tells_when_a_conversation_was_last_used) {
  const WallTime now = at("2026-11-21T14:03:22.000Z");  // a Saturday
  EXPECT_EQ(sidebar_time(at("2026-11-21T09:05:00.000Z"), now), "09:05");
  EXPECT_EQ(sidebar_time(at("2026-11-20T23:59:59.000Z"), now), "Yesterday");
  EXPECT_EQ(sidebar_time(at("2026-11-16T12:00:00.000Z"), now), "Mon");
  EXPECT_EQ(sidebar_time(at("2026-11-14T12:00:00.000Z"), now), "14 Nov");
  EXPECT_EQ(sidebar_time(at("2025-11-08T12:00:00.000Z"), now), "08.11.25");
}

TEST_F(Format, names_days) {
  const WallTime now = at("2026-11-21T14:03:22.000Z");
  EXPECT_EQ(day_text(now, now), "Today");
  EXPECT_EQ(day_text(at("2026-11-20T00:00:00.000Z"), now), "Yesterday");
  EXPECT_EQ(day_text(at("2026-11-17T00:00:00.000Z"), now), "Tuesday");
  EXPECT_EQ(day_text(at("2026-11-08T00:00:00.000Z"), now), "8 November");
  EXPECT_EQ(day_text(at("2025-12-31T00:00:00.000Z"), now), "31 December 2025");
  EXPECT_EQ(full_time(now), "Saturday 21 November 2026, 14:03:22");
}

TEST_F(Format, days_follow_the_local_zone) {
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  ::tzset();
  const WallTime late = at("2026-11-20T23:30:00.000Z");  // already the 21st there
  EXPECT_EQ(day_text(late, at("2026-11-21T10:00:00.000Z")), "Today");
  EXPECT_EQ(clock_text(late), "00:30");
  EXPECT_EQ(next_midnight(late).ms, at("2026-11-21T23:00:00.000Z").ms);
}

TEST_F(Format, sizes_have_at_most_one_decimal) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1000), "1.0 kB");
  EXPECT_EQ(size_text(12'400'000), "12.4 MB");
  EXPECT_EQ(size_text(3'100'000'000), "3.1 GB");
  EXPECT_EQ(progress_size(3'100'000, 12'400'000), "3.1 of 12.4 MB");
  EXPECT_EQ(rate_text(1'200'000), "1.2 MB/s");
}

TEST_F(Format, durations_read_as_people_say_them) {
  EXPECT_EQ(timer_text(724), "12:04");
  EXPECT_EQ(timer_text(3723), "1:02:03");
  EXPECT_EQ(duration_text(751), "12 min 31 s");
  EXPECT_EQ(short_duration(751), "12 min");
  EXPECT_EQ(short_duration(8), "8 s");
  EXPECT_EQ(left_text(1e16), "9999 h left");
  EXPECT_EQ(left_text(7.2), "8 s left");
  EXPECT_EQ(left_text(130), "3 min left");
  EXPECT_EQ(code_text("482913"), "482 913");
}

TEST_F(Format, fills_parameters_once_and_leaves_unknown_ones) {
  EXPECT_EQ(fill("{name} declined", {{"name", "Dana"}}), "Dana declined");
  // What a person is called is not read as a pattern.
  EXPECT_EQ(fill("{name} in {host}", {{"name", "{host}"}, {"host", "x"}}), "{host} in x");
  EXPECT_EQ(fill("{other}", {{"name", "x"}}), "{other}");
}

}  // namespace
}  // namespace sotto::desktop
