// How late packets are, compared with the luckiest of the last seconds.
//
//   estimator.on_arrival(unwrapped_timestamp, arrival);
//   Duration wait = estimator.quantile(0.97);          // this much patience is enough for 97 of 100
//   TimePoint when = estimator.on_time(timestamp);     // the moment a packet without extra delay arrives
//
// The two clocks need not agree: only differences count, and slow drift moves the baseline along.
// Thread: any one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "sotto/base/time.hpp"

namespace sotto::jitter {

class DelayEstimator {
 public:
  explicit DelayEstimator(std::uint32_t clock_rate) : clock_rate_(clock_rate) {}

  // Returns the packet's delay above the baseline.
  Duration on_arrival(std::int64_t timestamp, TimePoint arrival);
  void reset();

  bool has_baseline() const { return !lowest_.empty(); }
  TimePoint on_time(std::int64_t timestamp) const;  // has_baseline()
  // Of the delays above the baseline, the recent ones weighing more. Zero without any.
  Duration quantile(double part) const;

 private:
  // Buckets of 2 ms up to a second; what is later counts as a second.
  static constexpr Duration kBucket = std::chrono::milliseconds(2);
  static constexpr std::size_t kBuckets = 500;
  // The baseline is the least transit of this long: longer follows drift too slowly (100 ppm make 1 ms),
  // shorter takes a slow stretch of the path for its floor.
  static constexpr Duration kWindow = std::chrono::seconds(10);

  struct Sample {
    TimePoint arrival;
    Duration transit;
  };
  Duration transit(std::int64_t timestamp, TimePoint arrival) const;

  std::uint32_t clock_rate_;
  std::deque<Sample> lowest_;  // ascending transits, each later than the one before
  std::array<float, kBuckets> weights_{};
  float total_ = 0;
};

}  // namespace sotto::jitter
