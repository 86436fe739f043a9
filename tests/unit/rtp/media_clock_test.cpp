#include "sotto/rtp/media_clock.hpp"

#include <gtest/gtest.h>

namespace sotto::rtp {
namespace {

using namespace std::chrono_literals;

TEST(VideoClock, counts_ninety_thousand_ticks_a_second_from_its_offset) {
  const VideoClock clock(0xfffffff0u);
  EXPECT_EQ(clock.timestamp(TimePoint(0s)), 0xfffffff0u);
  EXPECT_EQ(clock.timestamp(TimePoint(1s)), 0xfffffff0u + 90000u);
  // A machine that is up for five years does not overflow.
  EXPECT_EQ(clock.timestamp(TimePoint(43800h)),
            0xfffffff0u + static_cast<std::uint32_t>(43800ull * 3600 * 90000));
}

TEST(Ticks, of_any_number_are_a_duration) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_GT(from_ticks(kMost, kAudioClockRate), std::chrono::hours(24 * 365 * 70));
  EXPECT_LT(from_ticks(-kMost, kAudioClockRate), -std::chrono::hours(24 * 365 * 70));
  // The difference of any two is one as well.
  EXPECT_GT(from_ticks(kMost, kVideoClockRate) - from_ticks(-kMost, kVideoClockRate), Duration::zero());
  EXPECT_EQ(from_ticks(-48'001, kAudioClockRate), -std::chrono::seconds(1) - Duration(20833));
}

TEST(AudioClock, counts_samples_and_ignores_the_wandering_of_the_capture_clock) {
  AudioClock clock(100);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(clock.timestamp(TimePoint(i * 10ms + (i % 3) * 5ms), 480), 100 + i * 480);
  }
}

TEST(AudioClock, never_takes_slow_drift_for_a_gap) {
  AudioClock clock(0);
  TimePoint captured(1s);
  for (std::uint32_t i = 0; i < 360'000; ++i) {  // an hour at 200 ppm
    EXPECT_EQ(clock.timestamp(captured, 480), i * 480);
    captured += 10ms + 2us;
  }
}

TEST(AudioClock, jumps_over_a_real_gap) {
  AudioClock clock(0);
  EXPECT_EQ(clock.timestamp(TimePoint(1s), 480), 0u);
  EXPECT_EQ(clock.timestamp(TimePoint(1s + 510ms), 480), 480u + 24000u);
  EXPECT_EQ(clock.timestamp(TimePoint(1s + 520ms), 480), 480u + 24480u);
}

TEST(NtpTime, survives_a_round_trip_to_a_nanosecond) {
  for (const Duration d : {Duration(0), Duration(1), Duration(999'999'999), Duration(123'456'789'012'345)}) {
    EXPECT_NEAR(static_cast<double>((to_ntp(TimePoint(d)) - to_ntp(TimePoint(0ns)) - d).count()), 0, 1);
    EXPECT_NEAR(static_cast<double>((to_ntp(TimePoint(0ns)) - to_ntp(TimePoint(d)) + d).count()), 0, 1);
  }
  EXPECT_EQ(compact(NtpTime{0x1111222233334444}), 0x22223333u);
  EXPECT_EQ(to_compact(1500ms), 0x18000u);
  EXPECT_EQ(from_compact(0x18000), 1500ms);
  EXPECT_EQ(to_compact(-1s), 0u);
}

}  // namespace
}  // namespace sotto::rtp
