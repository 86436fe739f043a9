#include "sotto/net/worker.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <latch>
#include <thread>

#include "sotto/net/signals.hpp"
#include "test_net.hpp"

namespace sotto::net {
namespace {

using test::run_until;

TEST(Worker, RunsJobsInOrderElsewhereAndAnswersHere) {
  Loop loop;
  std::vector<int> worked;
  std::vector<int> done;
  std::thread::id worker_thread;
  Worker worker(loop, {.name = "test"});
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(worker.submit(
        [&, i] {
          worker_thread = std::this_thread::get_id();
          worked.push_back(i);
        },
        [&, i] { done.push_back(i); }));
  }
  ASSERT_TRUE(run_until(loop, [&] { return done.size() == 500; }));
  EXPECT_EQ(worked, done);
  EXPECT_NE(worker_thread, std::this_thread::get_id());
}

TEST(Worker, RefusesJobsWhenItsQueueIsFull) {
  Loop loop;
  std::latch started(1);
  std::latch release(1);
  int done = 0;
  Worker worker(loop, {.name = "test", .max_jobs = 2, .max_batch = 1});
  ASSERT_TRUE(worker.submit(
      [&] {
        started.count_down();
        release.wait();
      },
      [&] { ++done; }));
  started.wait();
  EXPECT_TRUE(worker.submit([] {}, [&] { ++done; }));
  EXPECT_TRUE(worker.submit([] {}, [&] { ++done; }));
  EXPECT_FALSE(worker.submit([] {}, [&] { ++done; }));
  EXPECT_EQ(worker.waiting(), 2U);
  release.count_down();
  ASSERT_TRUE(run_until(loop, [&] { return done == 3; }));
}

TEST(Worker, TakesWaitingJobsTogetherAndAnswersAfterTheBatch) {
  Loop loop;
  std::latch started(1);
  std::latch release(1);
  std::atomic<int> commits = 0;
  std::atomic<int> begun = 0;
  std::vector<int> commits_seen;
  Worker worker(loop, {.name = "test", .before_batch = [&] { ++begun; }, .after_batch = [&] { ++commits; }});
  worker.submit(
      [&] {
        started.count_down();
        release.wait();
      },
      [&] { commits_seen.push_back(commits); });
  started.wait();
  for (int i = 0; i < 50; ++i) worker.submit([] {}, [&] { commits_seen.push_back(commits); });
  release.count_down();
  ASSERT_TRUE(run_until(loop, [&] { return commits_seen.size() == 51; }));
  EXPECT_EQ(commits, 2);
  EXPECT_EQ(begun, 2);
  EXPECT_GE(commits_seen.front(), 1);
  EXPECT_EQ(commits_seen.back(), 2);
}

TEST(Worker, GathersUnderLoadAndDoesNotWaitAlone) {
  Loop loop;
  std::atomic<int> batches = 0;
  int done = 0;
  // It would gather for an hour; max_batch ends that at once.
  Worker worker(loop, {.name = "test",
                       .max_batch = 10,
                       .gather = std::chrono::hours(1),
                       .gather_from = 10,
                       .after_batch = [&] { ++batches; }});
  for (int alone = 1; alone <= 3; ++alone) {  // small batches before: taken at once
    worker.submit([] {}, [&] { ++done; });
    ASSERT_TRUE(run_until(loop, [&] { return done == alone; }));
  }
  std::latch started(1);
  std::latch release(1);
  worker.submit([&] { started.count_down(), release.wait(); }, [&] { ++done; });
  started.wait();
  for (int i = 0; i < 10; ++i) worker.submit([] {}, [&] { ++done; });
  release.count_down();
  ASSERT_TRUE(run_until(loop, [&] { return done == 14; }));
  const int before = batches;
  // Now it gathers: nine wait for the tenth, however slowly they come.
  for (int i = 0; i < 9; ++i) {
    worker.submit([] {}, [&] { ++done; });
    loop.run_once(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(batches, before);
  worker.submit([] {}, [&] { ++done; });
  ASSERT_TRUE(run_until(loop, [&] { return done == 24; }));
  EXPECT_EQ(batches, before + 1);
}

TEST(Worker, FinishesQueuedJobsWhenDestroyed) {
  Loop loop;
  std::atomic<int> worked = 0;
  {
    Worker worker(loop, {.name = "test"});
    for (int i = 0; i < 100; ++i) worker.submit([&] { ++worked; }, Task());
  }
  EXPECT_EQ(worked, 100);
}

TEST(Worker, OfSeveralThreadsRunsThatManyJobsAtOnce) {
  Loop loop;
  std::latch both(2);  // reached only if two jobs run at the same time
  int done = 0;
  Worker worker(loop, {.name = "test", .threads = 2});
  for (int i = 0; i < 2; ++i) worker.submit([&] { both.arrive_and_wait(); }, [&] { ++done; });
  EXPECT_TRUE(run_until(loop, [&] { return done == 2; }));
}

TEST(Signals, ArriveInTheLoop) {
  Loop loop;
  int got = 0;
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  {
    Signals signals(loop, {SIGUSR1}, [&](int signal) { got = signal; });
    ::raise(SIGUSR1);
    EXPECT_TRUE(run_until(loop, [&] { return got == SIGUSR1; }));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace sotto::net
