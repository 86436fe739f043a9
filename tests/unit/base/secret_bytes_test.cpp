#include "sotto/base/secret_bytes.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace sotto {
namespace {

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);

TEST(SecretBytes, moving_leaves_nothing_behind) {
  SecretBytes first = SecretBytes::from_text("key");
  const std::uint8_t* where = first.data();
  const SecretBytes second = std::move(first);
  EXPECT_EQ(second.data(), where);  // the same memory: no copy was made
  EXPECT_TRUE(first.empty());       // NOLINT(bugprone-use-after-move): the state after a move is promised
}

TEST(SecretBytes, truncating_wipes_the_tail) {
  SecretBytes secret = SecretBytes::from_text("secret");
  const std::uint8_t* tail = secret.data() + 3;
  secret.truncate(3);
  EXPECT_EQ(as_text(secret.view()), "sec");
  EXPECT_EQ(tail[0], 0);
  EXPECT_EQ(tail[2], 0);
}

TEST(ConstantTimeEqual, agrees_with_equality) {
  EXPECT_TRUE(constant_time_equal(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("ab")));
  EXPECT_TRUE(constant_time_equal({}, {}));
}

}  // namespace
}  // namespace sotto
