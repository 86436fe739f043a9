#include "device/avdevice/frame_pacer.hpp"

#include <gtest/gtest.h>

namespace sotto::device_avdevice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kBegin = TimePoint(seconds(100));
constexpr Duration kStep = milliseconds(40);

TEST(FramePacer, keeps_the_distances_of_the_source_without_drift) {
  FramePacer pacer(kStep);
  EXPECT_EQ(pacer.next(milliseconds(500), kBegin), kBegin);
  TimePoint now = kBegin;
  for (int i = 1; i <= 1000; ++i) {
    now += milliseconds(33);  // whenever it is asked
    EXPECT_EQ(pacer.next(milliseconds(500 + i * 33), now), kBegin + milliseconds(33) * i);
  }
}

TEST(FramePacer, takes_the_usual_step_where_the_source_gives_none) {
  FramePacer pacer(kStep);
  EXPECT_EQ(pacer.next(std::nullopt, kBegin), kBegin);
  EXPECT_EQ(pacer.next(std::nullopt, kBegin), kBegin + kStep);
  EXPECT_EQ(pacer.next(milliseconds(7), kBegin), kBegin + 2 * kStep);
  EXPECT_EQ(pacer.next(milliseconds(7), kBegin), kBegin + 3 * kStep);  // stands still
  EXPECT_EQ(pacer.next(milliseconds(3), kBegin), kBegin + 4 * kStep);  // goes back
  EXPECT_EQ(pacer.next(seconds(3600), kBegin), kBegin + 5 * kStep);    // leaps
}

TEST(FramePacer, goes_on_evenly_when_the_source_begins_again) {
  FramePacer pacer(kStep);
  pacer.next(milliseconds(0), kBegin);
  pacer.next(milliseconds(33), kBegin);
  pacer.rewind();
  EXPECT_EQ(pacer.next(milliseconds(0), kBegin), kBegin + milliseconds(33) + kStep);
  EXPECT_EQ(pacer.next(milliseconds(33), kBegin), kBegin + milliseconds(66) + kStep);
}

TEST(FramePacer, catches_up_after_a_short_delay_and_starts_anew_after_a_long_one) {
  FramePacer pacer(kStep);
  pacer.next(std::nullopt, kBegin);
  EXPECT_EQ(pacer.next(std::nullopt, kBegin + milliseconds(900)), kBegin + kStep);
  EXPECT_EQ(pacer.next(std::nullopt, kBegin + seconds(60)), kBegin + seconds(60));
}

int taken(Duration source_step, Duration jitter) {
  RateLimiter limiter(Duration(seconds(1)) / 30);
  int count = 0;
  int index = 0;
  for (TimePoint at = kBegin; at < kBegin + seconds(10); at += source_step) {
    count += limiter.take(at + (index++ % 2 == 0 ? jitter : Duration::zero())) ? 1 : 0;
  }
  return count;
}

TEST(RateLimiter, keeps_all_of_a_source_of_the_right_rate_despite_jitter) {
  EXPECT_GE(taken(Duration(33'333'333), Duration::zero()), 300);
  EXPECT_GE(taken(Duration(33'333'333), milliseconds(10)), 300);
  EXPECT_EQ(taken(milliseconds(100), Duration::zero()), 100);
}

TEST(RateLimiter, leaves_out_evenly_what_is_too_much) {
  EXPECT_NEAR(taken(Duration(16'666'667), Duration::zero()), 300, 2);
  EXPECT_NEAR(taken(milliseconds(1), Duration::zero()), 300, 2);
  EXPECT_NEAR(taken(milliseconds(20), Duration::zero()), 300, 2);
}

}  // namespace
}  // namespace sotto::device_avdevice
