// Work for the window's thread, from any thread; wakes the event loop. Unbounded on purpose: what is posted
// are answers and events of the core, whose number follows what the window asked and what happened, and
// losing one would leave the window wrong. Pictures do not go through here (VideoInbox).
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace sotto::desktop {

class UiQueue {
 public:
  explicit UiQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Always queues, also on the window's thread: an answer never arrives in the middle of a frame.
  void post(std::function<void()> work) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = work_.empty();
      work_.push_back(std::move(work));
    }
    if (first && wake_) wake_();
  }

  // Runs what is there, on the window's thread. True if there was something.
  bool drain() {
    std::vector<std::function<void()>> work;
    {
      const std::lock_guard lock(mutex_);
      work.swap(work_);
    }
    for (auto& each : work) each();
    return !work.empty();
  }

 private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<std::function<void()>> work_;
};

}  // namespace sotto::desktop
