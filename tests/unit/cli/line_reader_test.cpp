#include "cli/line_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sotto::cli {
namespace {

struct LineReaderTest : testing::Test {
  LineReader reader{8};
  std::vector<std::string> lines;
  int overlong = 0;

  void feed(std::string_view bytes) {
    reader.feed(
        bytes, [&](std::string_view line) { lines.emplace_back(line); }, [&] { ++overlong; });
  }
  void finish() {
    reader.finish([&](std::string_view line) { lines.emplace_back(line); });
  }
};

TEST_F(LineReaderTest, puts_lines_together_from_pieces) {
  feed("ab");
  feed("c\nde\n\nf");
  EXPECT_EQ(lines, (std::vector<std::string>{"abc", "de", ""}));
  finish();
  EXPECT_EQ(lines.back(), "f");
}

TEST_F(LineReaderTest, takes_a_line_of_exactly_the_limit) {
  feed("12345678\n");
  EXPECT_EQ(lines, (std::vector<std::string>{"12345678"}));
  EXPECT_EQ(overlong, 0);
}

TEST_F(LineReaderTest, throws_an_overlong_line_away_once_and_goes_on_with_the_next) {
  feed("123456789");
  feed("0000000000000000");
  EXPECT_EQ(overlong, 1);
  feed("00\nnext\n");
  EXPECT_EQ(lines, (std::vector<std::string>{"next"}));
  EXPECT_EQ(overlong, 1);
}

TEST_F(LineReaderTest, does_not_deliver_the_end_of_an_overlong_line) {
  feed("1234567890");
  finish();
  EXPECT_TRUE(lines.empty());
}

}  // namespace
}  // namespace sotto::cli
