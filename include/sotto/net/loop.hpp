// One thread's event loop over epoll: file descriptors, timers, and work posted by other threads.
//
//   Loop loop;
//   Timer tick(loop, [&] { core.handle_timeout(loop.now()); });
//   tick.arm_after(std::chrono::seconds(1));
//   loop.run();                                  // until stop()
//
// One iteration: wait for descriptors or the next deadline; ready descriptors; due timers in order of
// deadline; posted work; last the iteration hooks, where connections write what they gathered.
//
// Thread: the loop and everything made with it belong to the thread that calls run(); only post(),
// stop() and a Poster may be used from others. Callbacks may destroy anything, the object that calls
// them included, except the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sotto/base/time.hpp"
#include "sotto/net/task.hpp"

namespace sotto::net {

class Loop;
class Timer;

// The clocks. Nothing below the programs' shells may call them.
TimePoint monotonic_now();  // CLOCK_MONOTONIC
WallTime wall_now();

// Told when its descriptor is ready. Level-triggered; `events` as epoll reports them.
class FdHandler {
 public:
  virtual void on_fd_ready(std::uint32_t events) = 0;

 protected:
  ~FdHandler() = default;
};

// Called once at the end of the iteration in which it was asked for.
class IterationHook {
 public:
  IterationHook() = default;
  IterationHook(const IterationHook&) = delete;
  IterationHook& operator=(const IterationHook&) = delete;
  virtual void on_iteration_end() = 0;

 protected:
  virtual ~IterationHook();

 private:
  friend class Loop;
  static constexpr std::size_t kNone = ~std::size_t{0};
  Loop* hooked_ = nullptr;
  std::size_t slot_ = kNone;
};

// Hands work to a loop from any thread, and may outlive the loop: then the work is dropped.
class Poster {
 public:
  // False: the loop is gone and the task was destroyed without running.
  bool post(Task task) const;

 private:
  friend class Loop;
  struct Inbox;
  explicit Poster(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
  std::shared_ptr<Inbox> inbox_;  // shared by the loop and all posters
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(). A stop() before run() makes it return after one iteration.
  void run();
  // One iteration, waiting at most `max_wait`. For tests and for windows with a loop of their own.
  void run_once(Duration max_wait);
  // Thread: any. Returns at once; run() ends after the present iteration.
  void stop();

  // Thread: any. Tasks run in order of posting, in the next iteration at the latest.
  void post(Task task);
  Poster poster() const;

  TimePoint now() const { return monotonic_now(); }

  // The handler must unwatch before the descriptor is closed or the handler destroyed.
  void watch(int fd, std::uint32_t events, FdHandler& handler);
  void rewatch(int fd, std::uint32_t events, FdHandler& handler);  // other events for a watched one
  void unwatch(int fd, FdHandler& handler);

  // Calls hook.on_iteration_end() once; asking twice in an iteration is the same as once. Asked for
  // within a hook, it comes at the end of the next iteration, which then does not wait.
  void at_iteration_end(IterationHook& hook);

 private:
  friend class Timer;
  friend class IterationHook;
  struct TimerEntry {
    TimePoint at;
    std::uint64_t order;
    Timer* timer;
    bool before(const TimerEntry& other) const {
      return at != other.at ? at < other.at : order < other.order;
    }
  };
  struct Batch;

  void iterate(Duration max_wait);
  void run_timers();
  void run_posted();
  void run_hooks();
  Duration until_next_timer() const;
  int wait(Duration timeout, Batch& batch) const;

  void heap_place(std::size_t index, const TimerEntry& entry);
  void heap_up(std::size_t index);
  void heap_down(std::size_t index);
  void heap_erase(std::size_t index);

  int epoll_ = -1;
  std::shared_ptr<Poster::Inbox> inbox_;  // shared with the posters
  std::vector<TimerEntry> heap_;
  std::uint64_t next_order_ = 0;
  std::vector<IterationHook*> hooks_;
  Batch* batch_ = nullptr;  // the events being dispatched, so that unwatch can take some back
  bool stop_ = false;
};

// One-shot, re-armed as often as wanted. Moving the deadline later costs nothing but a store, so a
// keep-alive timer may be re-armed with every packet.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_fire) : loop_(loop), on_fire_(std::move(on_fire)) {}
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces an earlier deadline. A deadline in the past fires in the next iteration; kNever cancels.
  void arm_at(TimePoint deadline);
  void arm_after(Duration delay) { arm_at(loop_.now() + delay); }
  void cancel();
  bool armed() const { return slot_ != kIdle; }
  TimePoint deadline() const { return armed() ? deadline_ : kNever; }

 private:
  friend class Loop;
  static constexpr std::size_t kIdle = ~std::size_t{0};
  void fire();

  Loop& loop_;
  std::function<void()> on_fire_;
  TimePoint deadline_ = kNever;
  std::uint64_t order_ = 0;
  std::size_t slot_ = kIdle;   // index in the loop's heap
  bool* destroyed_ = nullptr;  // set while firing
};

}  // namespace sotto::net
