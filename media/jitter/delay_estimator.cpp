#include "sotto/jitter/delay_estimator.hpp"

#include <algorithm>

#include "sotto/rtp/media_clock.hpp"

namespace sotto::jitter {
namespace {

// Each packet multiplies the weight of all before it: half is forgotten after 350 packets, 7 s of sound.
constexpr float kForget = 0.998f;

}  // namespace

Duration DelayEstimator::transit(std::int64_t timestamp, TimePoint arrival) const {
  return arrival.time_since_epoch() - rtp::from_ticks(timestamp, clock_rate_);
}

Duration DelayEstimator::on_arrival(std::int64_t timestamp, TimePoint arrival) {
  const Duration now = transit(timestamp, arrival);
  while (!lowest_.empty() && lowest_.back().transit >= now) lowest_.pop_back();
  lowest_.push_back({arrival, now});
  while (arrival - lowest_.front().arrival > kWindow) lowest_.pop_front();

  const Duration late = now - lowest_.front().transit;
  const auto bucket = std::min(kBuckets - 1, static_cast<std::size_t>(late / kBucket));
  for (float& weight : weights_) weight *= kForget;
  weights_[bucket] += 1;
  total_ = total_ * kForget + 1;
  return late;
}

void DelayEstimator::reset() {
  lowest_.clear();
  weights_.fill(0);
  total_ = 0;
}

TimePoint DelayEstimator::on_time(std::int64_t timestamp) const {
  return TimePoint(rtp::from_ticks(timestamp, clock_rate_) + lowest_.front().transit);
}

Duration DelayEstimator::quantile(double part) const {
  float sum = 0;
  const float wanted = total_ * static_cast<float>(part);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    sum += weights_[i];
    if (sum > 0 && sum >= wanted) return kBucket * static_cast<std::int64_t>(i);
  }
  return Duration::zero();
}

}  // namespace sotto::jitter
