#include "cli/json_text.hpp"

#include <gtest/gtest.h>

namespace sotto::cli {
namespace {

TEST(JsonText, depth_counts_brackets_outside_of_strings_only) {
  EXPECT_EQ(json_depth("1"), 0);
  EXPECT_EQ(json_depth(R"({"a":[1,{"b":2}]})"), 3);
  EXPECT_EQ(json_depth(R"({"a":"[[[[{{{{"})"), 1);
  EXPECT_EQ(json_depth(R"({"a":"\"[["})"), 1);
  EXPECT_EQ(json_depth(R"(["\\",[]])"), 2);
}

TEST(JsonText, refuses_what_is_malformed_or_not_utf8) {
  EXPECT_FALSE(parse_json(""));
  EXPECT_FALSE(parse_json("{"));
  EXPECT_FALSE(parse_json("{} {}"));
  EXPECT_FALSE(parse_json("{'a':1}"));
  EXPECT_FALSE(parse_json("\"\xff\xfe\""));
  EXPECT_TRUE(parse_json("{\"a\":\"\xc3\xa4\"}"));
}

TEST(JsonText, refuses_nesting_beyond_the_limit_and_takes_it_up_to_there) {
  const auto nested = [](int levels) {
    const auto n = static_cast<std::size_t>(levels);
    return std::string(n, '[') + std::string(n, ']');
  };
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth)));
  EXPECT_FALSE(parse_json(nested(kMaxJsonDepth + 1)));
  EXPECT_FALSE(parse_json(nested(400000)));
}

TEST(JsonText, refuses_a_text_beyond_the_size_limit) {
  const std::string fits = '"' + std::string(kMaxLineBytes - 2, 'x') + '"';
  EXPECT_TRUE(parse_json(fits));
  EXPECT_FALSE(parse_json(fits + " "));
}

}  // namespace
}  // namespace sotto::cli
