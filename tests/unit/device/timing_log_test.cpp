#include "sotto/device/timing_log.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "support/temp_dir.hpp"

namespace sotto::device {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(TimingLog, writes_index_nanoseconds_and_timestamp_readable_at_once) {
  const test::TempDir dir;
  auto log = TimingLog::create(dir.file("log"));
  ASSERT_TRUE(log.ok());
  (*log)->add(TimePoint(std::chrono::seconds(5)), 90000);
  (*log)->add(TimePoint(Duration(5'000'000'001)), 4294967295U);
  (*log)->add_at(7, TimePoint(Duration(6)), 0);
  (*log)->add(TimePoint(Duration(7)), 1);
  EXPECT_EQ(content(dir.file("log")), "0 5000000000 90000\n1 5000000001 4294967295\n7 6 0\n8 7 1\n");
  EXPECT_TRUE((*log)->status().ok());
}

TEST(TimingLog, keeps_lines_whole_when_two_threads_write) {
  const test::TempDir dir;
  auto log = TimingLog::create(dir.file("log"));
  ASSERT_TRUE(log.ok());
  const auto write = [&] {
    for (int i = 0; i < 500; ++i) (*log)->add(TimePoint(Duration(1)), 2);
  };
  std::thread other(write);
  write();
  other.join();
  std::ifstream file(dir.file("log"));
  std::string line;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(std::getline(file, line));
    EXPECT_EQ(line, std::to_string(i) + " 1 2");
  }
}

TEST(TimingLog, says_when_the_place_cannot_be_written) {
  auto log = TimingLog::create("/nonexistent/folder/log");
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().code, ErrorCode::storage);
}

TEST(TimingLog, remembers_a_full_disk) {
  auto log = TimingLog::create("/dev/full");
  ASSERT_TRUE(log.ok());
  (*log)->add(TimePoint{}, 0);
  EXPECT_FALSE((*log)->status().ok());
}

}  // namespace
}  // namespace sotto::device
