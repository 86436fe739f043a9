#include "server/rules.hpp"

#include <gtest/gtest.h>

#include "server/token_bucket.hpp"

namespace sotto::server {
namespace {

TEST(Rules, take_names_of_every_script_and_refuse_broken_utf8_and_controls) {
  EXPECT_EQ(*clean_name("  Ünal 李 \xF0\x9F\x8E\x89 ", "x"), "Ünal 李 \xF0\x9F\x8E\x89");
  EXPECT_EQ(*clean_name("   ", "fallback"), "fallback");
  for (const std::string bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                                "a\x01"
                                "b",
                                "\x7f", "\xc2\x85", "\xe2\x80\xae", "\xe2\x81\xa6",
                                "\xef\xbb\xbf"
                                "a"}) {
    EXPECT_FALSE(clean_name("a" + bad, "x")) << bad;
  }
  std::string long_name;
  for (int i = 0; i < 64; ++i) long_name += "ü";
  EXPECT_TRUE(clean_name(long_name, "x"));
  EXPECT_EQ(clean_name(long_name + "ü", "x").error().code, ErrorCode::too_large);
}

TEST(Rules, count_characters_of_a_password_and_not_bytes) {
  EXPECT_TRUE(check_password(as_bytes("1234567890")));
  EXPECT_FALSE(check_password(as_bytes("123456789")));
  EXPECT_TRUE(check_password(as_bytes("öööööööööö")));
  EXPECT_FALSE(check_password(as_bytes("ööööööööö")));
}

TEST(TokenBucket, gives_the_burst_then_one_at_a_time_and_says_when) {
  const Rate rate{3, seconds(10)};
  TokenBucket bucket;
  TimePoint now{hours(5)};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(rate, now), Duration::zero());
  EXPECT_NEAR(static_cast<double>(bucket.take(rate, now).count()), 10e9, 10);
  now += seconds(9);
  const Duration left = bucket.take(rate, now);
  EXPECT_GT(left, Duration::zero());
  now += left;
  EXPECT_EQ(bucket.take(rate, now), Duration::zero());
  EXPECT_FALSE(bucket.is_full(rate, now));
  now += seconds(30);
  EXPECT_TRUE(bucket.is_full(rate, now));
}

TEST(TokenBucket, stays_bounded_in_memory_when_keys_never_end) {
  Buckets<std::uint64_t> buckets(Rate{1, hours(1)});
  const TimePoint now{hours(5)};
  for (std::uint64_t key = 0; key < kMaxBuckets; ++key) EXPECT_EQ(buckets.take(key, now), Duration::zero());
  EXPECT_EQ(buckets.take(1ULL << 40, now), Duration::zero());
  EXPECT_GT(buckets.take(1ULL << 41, now), Duration::zero());
  EXPECT_EQ(buckets.size(), kMaxBuckets);
  EXPECT_EQ(buckets.take(1ULL << 41, now + hours(2)), Duration::zero());
  EXPECT_EQ(buckets.size(), 1U);
}

}  // namespace
}  // namespace sotto::server
