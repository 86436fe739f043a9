#include "desktop/base/anim.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace sotto::desktop {
namespace {

using std::chrono::milliseconds;

TEST(Animator, moves_to_a_new_target_and_stops_there) {
  Animator a;
  TimePoint now{};
  EXPECT_EQ(a.value("x", 0, 100, now), 0);
  EXPECT_FALSE(a.moving(now));
  EXPECT_EQ(a.value("x", 1, 100, now), 0);
  EXPECT_TRUE(a.moving(now));
  now += milliseconds(50);
  const double half = a.value("x", 1, 100, now);
  EXPECT_GT(half, 0.5);
  EXPECT_LT(half, 1);
  now += milliseconds(51);
  EXPECT_EQ(a.value("x", 1, 100, now), 1);
  EXPECT_FALSE(a.moving(now));
}

TEST(Animator, reduced_motion_jumps) {
  Animator a(true);
  TimePoint now{};
  a.value("x", 0, 100, now);
  EXPECT_EQ(a.value("x", 1, 100, now), 1);
  EXPECT_FALSE(a.moving(now));
}

}  // namespace
}  // namespace sotto::desktop
