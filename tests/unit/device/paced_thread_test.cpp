#include "sotto/device/paced_thread.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "sotto/device/clock.hpp"

namespace sotto::device {
namespace {

using std::chrono::milliseconds;

TEST(PacedThread, is_due_at_whole_multiples_of_the_period_and_never_early) {
  std::vector<TimePoint> due;
  bool early = false;
  std::promise<void> done;
  PacedThread thread("test", milliseconds(2), [&](TimePoint at) {
    early = early || monotonic_now() < at;
    due.push_back(at);
    if (due.size() < 20) return true;
    done.set_value();
    return false;
  });
  ASSERT_EQ(done.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_FALSE(early);
  for (std::size_t i = 1; i < due.size(); ++i) EXPECT_EQ(due[i] - due[0], milliseconds(2) * i);
}

TEST(PacedThread, stops_long_before_a_far_deadline) {
  const TimePoint begin = monotonic_now();
  PacedThread thread("test", std::chrono::hours(1), [](TimePoint) { return true; });
  thread.stop();
  thread.stop();  // harmless
  EXPECT_LT(monotonic_now() - begin, std::chrono::seconds(10));
}

TEST(SleepUnless, tells_whether_it_was_interrupted) {
  std::atomic<bool> stopping{false};
  const TimePoint now = monotonic_now();
  EXPECT_TRUE(sleep_unless(stopping, now - milliseconds(1)));
  EXPECT_TRUE(sleep_unless(stopping, now + milliseconds(3)));
  EXPECT_GE(monotonic_now(), now + milliseconds(3));
  stopping = true;
  EXPECT_FALSE(sleep_unless(stopping, now + std::chrono::hours(1)));
}

}  // namespace
}  // namespace sotto::device
