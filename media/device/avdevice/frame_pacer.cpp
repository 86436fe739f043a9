#include "frame_pacer.hpp"

#include <algorithm>

namespace sotto::device_avdevice {

TimePoint FramePacer::next(std::optional<Duration> presentation, TimePoint now) {
  TimePoint due = now;
  if (last_due_) {
    Duration step = usual_step_;
    if (presentation && last_presentation_) {
      const Duration given = *presentation - *last_presentation_;
      if (given > Duration::zero() && given <= kLongestStep) step = given;
    }
    due = *last_due_ + step;
    if (now - due > kGiveUpCatchingUp) due = now;
  }
  last_due_ = due;
  last_presentation_ = presentation;
  return due;
}

bool RateLimiter::take(TimePoint at) {
  if (next_ && at < *next_ - step_ / 2) return false;
  // From the plan, not from `at`, or jitter would lower the rate; but after a pause from `at`.
  next_ = std::max(next_.value_or(at), at - step_) + step_;
  return true;
}

}  // namespace sotto::device_avdevice
