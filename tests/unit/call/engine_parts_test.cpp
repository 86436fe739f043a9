#include <gtest/gtest.h>

#include "call/engine/lip_sync.hpp"
#include "call/engine/meter.hpp"
#include "call/engine/rate_control.hpp"

namespace sotto::call {
namespace {

using namespace std::chrono_literals;

TEST(RateControl, lowers_on_loss_and_raises_slowly_when_it_is_gone) {
  RateControl rate({.least = 100'000, .start = 1'000'000, .most = 2'000'000});
  TimePoint now(10s);
  for (int i = 0; i < 4; ++i) rate.on_report(0.2, 30ms, now += 500ms);
  const int low = rate.target();
  EXPECT_NEAR(low, 1'000'000 * 0.9 * 0.9 * 0.9 * 0.9, 1000);
  EXPECT_EQ(rate.on_report(0, 30ms, now += 1s), std::nullopt) << "calm first";
  for (int i = 0; i < 6; ++i) rate.on_report(0, 30ms, now += 1s);
  EXPECT_GT(rate.target(), low);
  EXPECT_LT(rate.target(), low * 1.4);
}

TEST(RateControl, lowers_when_a_queue_stands_in_the_path) {
  RateControl rate({});
  TimePoint now(10s);
  rate.on_report(0, 40ms, now += 1s);
  const int before = rate.target();
  rate.on_report(0, 250ms, now += 1s);
  EXPECT_LT(rate.target(), before * 0.9);
}

TEST(RateControl, stays_within_its_limits) {
  RateControl rate({.least = 100'000, .start = 200'000, .most = 300'000});
  TimePoint now(10s);
  for (int i = 0; i < 100; ++i) rate.on_report(1, std::nullopt, now += 1s);
  EXPECT_EQ(rate.target(), 100'000);
  for (int i = 0; i < 100; ++i) rate.on_report(0, std::nullopt, now += 1s);
  EXPECT_EQ(rate.target(), 300'000);
}

TEST(RateControl, leaves_the_rate_alone_at_the_lines_own_loss) {
  RateControl rate({});
  TimePoint now(10s);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(rate.on_report(0.03, 30ms, now += 1s), std::nullopt);
}

TEST(LipSync, holds_nothing_before_both_are_known_or_while_nobody_would_notice) {
  LipSync sync;
  sync.on_picture(rtp::to_ntp(TimePoint(5s)), TimePoint(100s), {});
  EXPECT_EQ(sync.hold_picture(), 0ms);
  EXPECT_FALSE(sync.sound_behind());
  sync.on_sound(rtp::to_ntp(TimePoint(5s)), TimePoint(100s + 50ms), {});
  EXPECT_EQ(sync.hold_picture(), 0ms);
  EXPECT_EQ(sync.hold_sound(), 0ms);
}

TEST(LipSync, holds_the_picture_when_sound_is_late_and_the_sound_when_it_is_early) {
  for (const bool late : {true, false}) {
    LipSync sync;
    for (int i = 0; i < 200; ++i) {
      const rtp::NtpTime captured = rtp::to_ntp(TimePoint(5s + i * 20ms));
      const TimePoint now(100s + i * 20ms);
      sync.on_picture(captured, now + (late ? 0ms : 150ms), {});
      sync.on_sound(captured, now + (late ? 150ms : 0ms) + sync.hold_sound(), sync.hold_sound());
    }
    const auto behind = *sync.sound_behind();
    EXPECT_LE(behind, LipSync::kSoundLate + 1ms);
    EXPECT_GE(behind, -LipSync::kSoundEarly - 1ms);
    EXPECT_EQ(sync.hold_picture() > 0ms, late);
    EXPECT_EQ(sync.hold_sound() > 0ms, !late);
  }
}

TEST(LipSync, never_holds_longer_than_its_limit) {
  LipSync sync;
  sync.on_picture(rtp::to_ntp(TimePoint(5s)), TimePoint(100s), {});
  sync.on_sound(rtp::to_ntp(TimePoint(5s)), TimePoint(109s), {});
  EXPECT_EQ(sync.hold_picture(), LipSync::kMaxHold);
}

TEST(Meter, counts_the_last_whole_second) {
  Meter meter;
  EXPECT_EQ(meter.per_second(TimePoint(5s)), 0);
  for (int ms = 0; ms < 5000; ms += 10) meter.add(1, TimePoint(10s + ms * 1ms));
  EXPECT_EQ(meter.per_second(TimePoint(15s)), 100);
  EXPECT_EQ(meter.per_second(TimePoint(15s + 500ms)), 50);
  EXPECT_EQ(meter.per_second(TimePoint(20s)), 0);
}

}  // namespace
}  // namespace sotto::call
