#include "sotto/device/spsc_ring.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sotto::device {
namespace {

TEST(SpscRing, gives_back_in_order_and_refuses_when_full_or_empty) {
  SpscRing<int> ring(3);
  int value = 0;
  EXPECT_FALSE(ring.pop(value));
  for (int round = 0; round < 5; ++round) {  // five times round the seam
    EXPECT_TRUE(ring.push(1));
    EXPECT_TRUE(ring.push(2));
    EXPECT_TRUE(ring.push(3));
    EXPECT_FALSE(ring.push(4));
    EXPECT_EQ(ring.size(), 3U);
    for (int expected = 1; expected <= 3; ++expected) {
      ASSERT_TRUE(ring.pop(value));
      EXPECT_EQ(value, expected);
    }
    EXPECT_FALSE(ring.pop(value));
    EXPECT_EQ(ring.size(), 0U);
  }
}

TEST(SpscRing, loses_and_reorders_nothing_between_two_threads) {
  SpscRing<std::uint64_t> ring(7);
  constexpr std::uint64_t kCount = 200'000;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kCount;) {
      if (ring.push(i))
        ++i;
      else
        std::this_thread::yield();
    }
  });
  std::uint64_t expected = 0;
  while (expected < kCount) {
    std::uint64_t value = 0;
    if (!ring.pop(value)) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(value, expected);
    ++expected;
  }
  producer.join();
}

}  // namespace
}  // namespace sotto::device
