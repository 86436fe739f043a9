#include "sotto/base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace sotto {
namespace {

Result<std::unique_ptr<int>> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::invalid_argument, "the number is odd");
  return std::make_unique<int>(number / 2);
}

TEST(Result, carries_a_move_only_value) {
  auto result = half(8);
  ASSERT_TRUE(result);
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 4);
}

TEST(Result, adds_context_in_front_of_the_reason) {
  const auto result = half(3);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().with("halving"), fail(ErrorCode::invalid_argument, "halving: the number is odd"));
}

TEST(ErrorCode, survives_its_name) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(error_code_from(to_string(code)), code);
  }
  EXPECT_EQ(error_code_from("no such code"), std::nullopt);
}

}  // namespace
}  // namespace sotto
