// When to tell about a transfer's progress, and how fast it is: at most ten events a second, the rate over
// the last five seconds. Thread: one.
#pragma once

#include <algorithm>
#include <deque>

#include "sotto/base/time.hpp"

namespace sotto::client {

class TransferMeter {
 public:
  static constexpr Duration kQuiet = std::chrono::milliseconds(100);
  static constexpr Duration kWindow = std::chrono::seconds(5);

  void add(TimePoint now, std::uint64_t bytes) {
    dirty_ = true;
    // Ten samples a second are enough for a rate.
    if (!samples_.empty() && now - samples_.back().at < kQuiet && samples_.size() > 1) {
      samples_.back().bytes = bytes;
    } else {
      samples_.push_back({now, bytes});
    }
    while (samples_.size() > 2 && now - samples_.front().at > kWindow) samples_.pop_front();
  }
  bool is_due(TimePoint now) const { return dirty_ && now >= next_; }
  TimePoint next_deadline() const { return dirty_ ? next_ : kNever; }
  void told(TimePoint now) {
    dirty_ = false;
    next_ = now + kQuiet;
  }
  double rate(TimePoint now) const {
    if (samples_.size() < 2) return 0;
    const Duration span = std::max<Duration>(now - samples_.front().at, std::chrono::milliseconds(50));
    const auto bytes = samples_.back().bytes - std::min(samples_.front().bytes, samples_.back().bytes);
    return static_cast<double>(bytes) / std::chrono::duration<double>(span).count();
  }

 private:
  struct Sample {
    TimePoint at;
    std::uint64_t bytes;
  };
  std::deque<Sample> samples_;
  bool dirty_ = false;
  TimePoint next_{};
};

}  // namespace sotto::client
