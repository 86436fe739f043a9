#include "sotto/device/paced_thread.hpp"

#include <pthread.h>

#include <algorithm>

#include "sotto/device/clock.hpp"

namespace sotto::device {
namespace {

constexpr Duration kLookAgain = std::chrono::milliseconds(50);
constexpr Duration kGiveUpCatchingUp = std::chrono::seconds(1);

}  // namespace

bool sleep_unless(const std::atomic<bool>& stopping, TimePoint deadline) {
  while (!stopping.load(std::memory_order_relaxed)) {
    const TimePoint now = monotonic_now();
    if (now >= deadline) return true;
    sleep_until(std::min(deadline, now + kLookAgain));
  }
  return false;
}

PacedThread::PacedThread(std::string name, Duration period, Tick tick)
    : thread_([this, name = std::move(name), period, tick = std::move(tick)] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        run(period, tick);
      }) {}

void PacedThread::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
}

void PacedThread::run(Duration period, const Tick& tick) {
  TimePoint due = monotonic_now() + period;
  while (sleep_unless(stopping_, due)) {
    if (!tick(due)) return;
    due += period;
    if (const TimePoint now = monotonic_now(); now - due > kGiveUpCatchingUp) due = now;
  }
}

}  // namespace sotto::device
