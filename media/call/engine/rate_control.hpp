// The bit rate of our video from the far side's reports: down on loss or a growing round trip, slowly up.
//
// A stand-in of the simplest kind; it reacts in a second or two. Thread: any one at a time.
#pragma once

#include <optional>

#include "sotto/base/time.hpp"
#include "sotto/call/engine.hpp"

namespace sotto::call {

class RateControl {
 public:
  explicit RateControl(const VideoBitrates& bitrates) : bitrates_(bitrates), target_(bitrates.start) {}

  // `loss`: 0..1, since the last report. Returns the new target if it changed.
  std::optional<int> on_report(double loss, std::optional<Duration> round_trip, TimePoint now);

  int target() const { return static_cast<int>(target_); }

 private:
  VideoBitrates bitrates_;
  double target_;
  std::optional<Duration> least_round_trip_;
  TimePoint changed_{};
  TimePoint lowered_{};
};

}  // namespace sotto::call
