// When to show the pictures of a source that has no pace of its own (a file, a generator), and which
// pictures of too fast a source to keep. No clock inside: `now` comes in.
#pragma once

#include <optional>

#include "sotto/base/time.hpp"

namespace sotto::device_avdevice {

// Turns presentation times into moments. Pictures keep the distances their source gave them; where it gave
// none, or nonsense (not rising, more than kLongestStep apart), they are `usual_step` apart.
class FramePacer {
 public:
  static constexpr Duration kLongestStep = std::chrono::seconds(10);
  static constexpr Duration kGiveUpCatchingUp = std::chrono::seconds(1);

  explicit FramePacer(Duration usual_step) : usual_step_(usual_step) {}

  // The moment of the next picture; the first is due at once. After a second's delay it starts anew from now.
  TimePoint next(std::optional<Duration> presentation, TimePoint now);
  // The source begins again, with presentation times of its own.
  void rewind() { last_presentation_.reset(); }

 private:
  Duration usual_step_;
  std::optional<TimePoint> last_due_;
  std::optional<Duration> last_presentation_;
};

// Lets through at most so many pictures a second, evenly; half a step of jitter is forgiven, so that a camera
// of the right rate loses none.
class RateLimiter {
 public:
  explicit RateLimiter(Duration step) : step_(step) {}
  bool take(TimePoint at);

 private:
  Duration step_;
  std::optional<TimePoint> next_;
};

}  // namespace sotto::device_avdevice
