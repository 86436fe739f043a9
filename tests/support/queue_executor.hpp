// An executor for tests and benchmarks: tasks wait in a queue until the thread that owns it runs them.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "sotto/call/media_session_factory.hpp"
#include "sotto/device/clock.hpp"

namespace sotto::support {

class QueueExecutor final : public call::Executor {
 public:
  void post(std::function<void()> task) override { post_at(TimePoint{}, std::move(task)); }
  void post_at(TimePoint when, std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.emplace(when, std::move(task));
    }
    wake_.notify_one();
  }

  // Runs tasks until `done` says so or `limit` has passed. Returns what `done` said last.
  bool run_until(const std::function<bool()>& done, Duration limit) {
    const TimePoint end = device::monotonic_now() + limit;
    std::unique_lock lock(mutex_);
    while (true) {
      const TimePoint now = device::monotonic_now();
      if (!tasks_.empty() && tasks_.begin()->first <= now) {
        const auto task = std::move(tasks_.begin()->second);
        tasks_.erase(tasks_.begin());
        lock.unlock();
        task();
        lock.lock();
        continue;
      }
      lock.unlock();
      const bool finished = done();
      lock.lock();
      if (finished || now >= end) return finished;
      // A tenth of a second at most, as `done` may depend on more than tasks.
      TimePoint next = std::min(end, now + std::chrono::milliseconds(100));
      if (!tasks_.empty()) next = std::min(next, tasks_.begin()->first);
      wake_.wait_for(lock, next - now);
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<TimePoint, std::function<void()>> tasks_;  // equal moments in order of posting
};

}  // namespace sotto::support
