#include "wake_up.hpp"

#include <cassert>
#include <cerrno>
#include <ctime>

#include "sotto/device/clock.hpp"

namespace sotto::device_portaudio {

WakeUp::WakeUp() {
  // Fails only for a value out of range.
  [[maybe_unused]] const int made = sem_init(&semaphore_, 0, 0);
  assert(made == 0);
}

WakeUp::~WakeUp() { sem_destroy(&semaphore_); }

void WakeUp::wait_for(Duration at_most) {
  const Duration until = (device::monotonic_now() + at_most).time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(until);
  timespec deadline{};
  deadline.tv_sec = seconds.count();
  deadline.tv_nsec = (until - seconds).count();
  while (sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &deadline) != 0) {
    if (errno != EINTR) return;
  }
  while (sem_trywait(&semaphore_) == 0) {
  }
}

}  // namespace sotto::device_portaudio
