#include "sotto/base/random.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sotto {
namespace {

TEST(SeededRandom, repeats_itself_for_the_same_seed_only) {
  EXPECT_EQ(SeededRandom(7).bytes(33), SeededRandom(7).bytes(33));
  EXPECT_NE(SeededRandom(7).bytes(33), SeededRandom(8).bytes(33));
}

TEST(Random, stays_below_the_bound_and_reaches_every_value) {
  SeededRandom random(1);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) ++seen.at(random.below(6));
  for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace sotto
