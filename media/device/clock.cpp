#include "sotto/device/clock.hpp"

#include <cerrno>
#include <ctime>

namespace sotto::device {

TimePoint monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return TimePoint(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

void sleep_until(TimePoint deadline) {
  const Duration since_epoch = deadline.time_since_epoch();
  if (since_epoch <= Duration::zero()) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  timespec at{};
  at.tv_sec = seconds.count();
  at.tv_nsec = (since_epoch - seconds).count();
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

}  // namespace sotto::device
