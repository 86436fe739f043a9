#include "sotto/net/loop.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

namespace sotto::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Deadlines in the past are due at once, so the order can be seen without waiting.
TimePoint past(int ms) { return monotonic_now() - hours(1) + milliseconds(ms); }

TEST(LoopTimers, FireInOrderOfDeadlineAndThenOfArming) {
  Loop loop;
  std::vector<int> fired;
  const TimePoint base = past(0);
  Timer a(loop, [&] { fired.push_back(1); });
  Timer b(loop, [&] { fired.push_back(2); });
  Timer c(loop, [&] { fired.push_back(3); });
  c.arm_at(base + milliseconds(5));
  a.arm_at(base + milliseconds(5));
  b.arm_at(base);
  loop.run_once(Duration::zero());
  EXPECT_EQ(fired, (std::vector<int>{2, 3, 1}));
  EXPECT_FALSE(a.armed());
}

TEST(LoopTimers, MovedLaterDoNotFireEarly) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.arm_at(past(0));
  timer.arm_at(monotonic_now() + hours(1));
  loop.run_once(Duration::zero());
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(timer.armed());
  timer.arm_at(past(1));
  loop.run_once(Duration::zero());
  EXPECT_EQ(fired, 1);
}

TEST(LoopTimers, KeepTheOrderOfDeadlinesWhenSomeWereMovedLater) {
  Loop loop;
  std::vector<int> fired;
  const TimePoint base = past(0);
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 100; ++i) {
    timers.push_back(std::make_unique<Timer>(loop, [&fired, i] { fired.push_back(i); }));
    timers.back()->arm_at(base + milliseconds(i));
  }
  for (int i = 0; i < 100; i += 2) timers[static_cast<std::size_t>(i)]->arm_at(base + milliseconds(1000 - i));
  for (int i = 1; i < 100; i += 4) timers[static_cast<std::size_t>(i)]->cancel();
  loop.run_once(Duration::zero());
  std::vector<int> expected;
  for (int i = 3; i < 100; i += 4) expected.push_back(i);
  for (int i = 98; i >= 0; i -= 2) expected.push_back(i);
  EXPECT_EQ(fired, expected);
}

TEST(LoopTimers, RearmedForNowWaitForTheNextIteration) {
  Loop loop;
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    ++fired;
    timer->arm_at(past(0));
  });
  timer->arm_at(past(0));
  loop.run_once(Duration::zero());
  EXPECT_EQ(fired, 1);
  loop.run_once(Duration::zero());
  EXPECT_EQ(fired, 2);
}

TEST(LoopTimers, MayDestroyThemselvesAndOthersWhenTheyFire) {
  Loop loop;
  std::unique_ptr<Timer> self;
  std::unique_ptr<Timer> other;
  bool other_fired = false;
  other = std::make_unique<Timer>(loop, [&] { other_fired = true; });
  self = std::make_unique<Timer>(loop, [&, kept = std::make_shared<int>(7)] {
    other.reset();
    self.reset();
    EXPECT_EQ(*kept, 7);  // what the callback owns lives until it returns
  });
  self->arm_at(past(0));
  other->arm_at(past(1));
  loop.run_once(Duration::zero());
  EXPECT_FALSE(other_fired);
  EXPECT_EQ(self, nullptr);
}

TEST(LoopTimers, WakeTheLoopAtTheirDeadline) {
  Loop loop;
  const TimePoint start = monotonic_now();
  TimePoint end{};
  Timer timer(loop, [&] {
    end = monotonic_now();
    loop.stop();
  });
  timer.arm_after(milliseconds(5));
  loop.run();
  EXPECT_GE(end - start, milliseconds(5));
}

TEST(Loop, RunsPostedWorkInOrderAndOnItsThread) {
  Loop loop;
  std::vector<int> seen;
  std::thread::id ran_on;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop.post([&seen, i] { seen.push_back(i); });
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  other.join();
  ASSERT_EQ(seen.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(Loop, CanBeStoppedFromAnotherThreadWhileItWaits) {
  Loop loop;
  std::thread other([&] { loop.stop(); });
  loop.run();
  other.join();
}

TEST(Loop, DropsWorkThatIsPostedAfterItsEnd) {
  auto loop = std::make_unique<Loop>();
  const Poster poster = loop->poster();
  const auto kept = std::make_shared<int>(1);
  EXPECT_TRUE(poster.post([kept] {}));
  loop.reset();
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_FALSE(poster.post([kept] {}));
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(Loop, CarriesMoveOnlyWork) {
  Loop loop;
  int got = 0;
  loop.post([value = std::make_unique<int>(5), &got] { got = *value; });
  loop.run_once(Duration::zero());
  EXPECT_EQ(got, 5);
}

struct CountingHook final : IterationHook {
  void on_iteration_end() override {
    ++calls;
    if (then) then();
  }
  int calls = 0;
  std::function<void()> then;
};

TEST(LoopHooks, AreCalledOnceHoweverOftenAskedFor) {
  Loop loop;
  CountingHook hook;
  loop.post([&] {
    loop.at_iteration_end(hook);
    loop.at_iteration_end(hook);
  });
  loop.run_once(Duration::zero());
  EXPECT_EQ(hook.calls, 1);
  loop.run_once(Duration::zero());
  EXPECT_EQ(hook.calls, 1);
}

TEST(LoopHooks, AskedForWithinAHookComeInTheNextIterationWhichDoesNotWait) {
  Loop loop;
  CountingHook hook;
  hook.then = [&] {
    if (hook.calls == 1) loop.at_iteration_end(hook);
  };
  loop.at_iteration_end(hook);
  loop.run_once(hours(1));
  EXPECT_EQ(hook.calls, 1);
  loop.run_once(hours(1));
  EXPECT_EQ(hook.calls, 2);
}

TEST(LoopHooks, MayDestroyEachOther) {
  Loop loop;
  auto first = std::make_unique<CountingHook>();
  auto second = std::make_unique<CountingHook>();
  CountingHook third;
  first->then = [&] {
    second.reset();
    loop.at_iteration_end(third);
  };
  loop.at_iteration_end(*first);
  loop.at_iteration_end(*second);
  loop.run_once(Duration::zero());
  EXPECT_EQ(first->calls, 1);
  EXPECT_EQ(third.calls, 0);
  first.reset();
  loop.run_once(Duration::zero());
  EXPECT_EQ(third.calls, 1);
}

struct EventFd final : FdHandler {
  explicit EventFd(Loop& l) : loop(l), fd(eventfd(1, EFD_NONBLOCK)) { loop.watch(fd, EPOLLIN, *this); }
  ~EventFd() {
    loop.unwatch(fd, *this);
    ::close(fd);
  }
  void on_fd_ready(std::uint32_t) override {
    if (then) then();
  }
  Loop& loop;
  int fd;
  std::function<void()> then;
};

TEST(Loop, DoesNotDeliverEventsToWhatAnEarlierEventDestroyed) {
  Loop loop;
  auto a = std::make_unique<EventFd>(loop);
  auto b = std::make_unique<EventFd>(loop);
  int calls = 0;
  a->then = [&] {
    ++calls;
    b.reset();
  };
  b->then = [&] {
    ++calls;
    a.reset();
  };
  loop.run_once(Duration::zero());  // both are ready in one batch
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace sotto::net
