#include "sotto/jitter/delay_estimator.hpp"

#include <gtest/gtest.h>

#include "sotto/base/random.hpp"

namespace sotto::jitter {
namespace {

using namespace std::chrono_literals;

TEST(DelayEstimator, calls_the_luckiest_packet_on_time) {
  DelayEstimator estimator(48000);
  EXPECT_FALSE(estimator.has_baseline());
  estimator.on_arrival(0, TimePoint(1s + 30ms));
  EXPECT_EQ(estimator.on_arrival(960, TimePoint(1s + 20ms + 10ms)), 0ms);
  EXPECT_EQ(estimator.on_arrival(1920, TimePoint(1s + 40ms + 25ms)), 15ms);
  EXPECT_EQ(estimator.on_time(1920), TimePoint(1s + 40ms + 10ms));
}

TEST(DelayEstimator, knows_the_quantiles_of_lateness) {
  DelayEstimator estimator(48000);
  SeededRandom random(1);
  for (int i = 0; i < 3000; ++i) {
    estimator.on_arrival(
        i * 960, TimePoint(1s + i * 20ms + Duration(static_cast<std::int64_t>(random.below(100'000'000)))));
  }
  EXPECT_NEAR(static_cast<double>(estimator.quantile(0.5).count()), 50e6, 6e6);
  EXPECT_NEAR(static_cast<double>(estimator.quantile(0.97).count()), 97e6, 5e6);
}

TEST(DelayEstimator, follows_a_drifting_clock) {
  DelayEstimator estimator(48000);
  for (int i = 0; i < 100'000; ++i) {  // 33 minutes at 200 ppm: 400 ms in all
    const Duration late = estimator.on_arrival(i * 960, TimePoint(1s + i * (20ms + 4us)));
    EXPECT_LT(late, 3ms);
  }
  EXPECT_LE(estimator.quantile(0.97), 4ms);
}

TEST(DelayEstimator, forgets_a_bad_time_within_a_minute) {
  DelayEstimator estimator(48000);
  for (int i = 0; i < 500; ++i) estimator.on_arrival(i * 960, TimePoint(1s + i * 20ms + (i % 2) * 80ms));
  EXPECT_GE(estimator.quantile(0.97), 78ms);
  for (int i = 500; i < 3500; ++i) estimator.on_arrival(i * 960, TimePoint(1s + i * 20ms));
  EXPECT_LE(estimator.quantile(0.97), 2ms);
}

}  // namespace
}  // namespace sotto::jitter
