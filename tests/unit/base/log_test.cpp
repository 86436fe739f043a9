#include "sotto/base/log.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sotto {
namespace {

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_sink([this](log::Level, std::string_view line) { lines.emplace_back(line); }, log::Level::info);
  }
  void TearDown() override { log::set_sink(nullptr, log::Level::error); }
  std::vector<std::string> lines;
};

TEST_F(LogTest, keeps_one_event_on_one_line) {
  log::info("upload.failed", {{"reason", "disk\nfull \"now\""}, {"bytes", 12}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], "upload.failed reason=\"disk\\x0afull \\\"now\\\"\" bytes=12");
}

// A terminal that shows the log obeys an escape sequence, whether or not there is a space in it.
TEST_F(LogTest, shows_control_characters_as_escapes_in_every_value) {
  log::info("event", {{"one", "\x1b[2J"}, {"two", "a\x7f"}, {"three", "\v"}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], "event one=\"\\x1b[2J\" two=\"a\\x7f\" three=\"\\x0b\"");
}

TEST_F(LogTest, drops_what_is_below_the_level) {
  log::debug("noise");
  EXPECT_TRUE(lines.empty());
}

TEST(Redacted, shows_a_length_and_no_content) {
  EXPECT_EQ(to_string(Redacted<std::string>{"Dana Ruiz"}), "[redacted 9]");
}

}  // namespace
}  // namespace sotto
