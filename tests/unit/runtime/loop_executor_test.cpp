#include "runtime/loop_executor.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sotto::runtime {
namespace {

using std::chrono::milliseconds;

struct LoopExecutorTest : testing::Test {
  net::Loop loop;
  int entered = 0;
  std::vector<int> ran;
  std::unique_ptr<LoopExecutor> executor =
      std::make_unique<LoopExecutor>(loop, [this](const std::function<void()>& task) {
        ++entered;
        task();
      });

  void run_until(std::size_t count) {
    const TimePoint limit = loop.now() + std::chrono::seconds(30);
    while (ran.size() < count && loop.now() < limit) loop.run_once(milliseconds(20));
    ASSERT_EQ(ran.size(), count);
  }
  std::function<void()> note(int what) {
    return [this, what] { ran.push_back(what); };
  }
};

TEST_F(LoopExecutorTest, runs_tasks_of_other_threads_in_order_and_within_the_wrapper) {
  std::thread other([&] {
    for (int i = 0; i < 3; ++i) executor->post(note(i));
  });
  other.join();
  run_until(3);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(entered, 3);
}

TEST_F(LoopExecutorTest, runs_timed_tasks_in_the_order_of_their_moments_and_not_before) {
  const TimePoint begin = loop.now();
  executor->post_at(begin + milliseconds(30), note(2));
  executor->post_at(begin + milliseconds(10), note(1));
  executor->post_at(begin - milliseconds(10), note(0));
  run_until(3);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
  EXPECT_GE(loop.now(), begin + milliseconds(30));
}

TEST_F(LoopExecutorTest, a_timed_task_may_ask_for_another_one_at_once) {
  executor->post_at(loop.now(), [this] {
    ran.push_back(1);
    executor->post_at(loop.now(), note(2));
  });
  run_until(2);
}

TEST_F(LoopExecutorTest, drops_what_comes_after_its_end) {
  executor->post(note(1));
  executor->post_at(loop.now(), note(2));
  executor.reset();
  for (int i = 0; i < 3; ++i) loop.run_once(milliseconds(1));
  EXPECT_TRUE(ran.empty());
}

}  // namespace
}  // namespace sotto::runtime
