#include "support/call_tools/timing.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temp_dir.hpp"

namespace sotto::test {
namespace {

TimingLine line(std::uint64_t index, int ms, std::uint32_t rtp) {
  return {index, TimePoint(std::chrono::milliseconds(ms)), rtp};
}

TEST(TimingLogReader, reads_whole_lines_and_leaves_out_a_torn_last_one) {
  const TempDir dir;
  std::ofstream(dir.file("log")) << "0 5000000000 4294967295\n1 5033000000 2999\n2 50";
  const auto lines = read_timing_log(dir.file("log"));
  ASSERT_TRUE(lines.ok());
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ((*lines)[0].rtp_timestamp, 4294967295U);
  EXPECT_EQ((*lines)[1].at, TimePoint(std::chrono::milliseconds(5033)));
}

TEST(TimingLogReader, refuses_other_files) {
  const TempDir dir;
  std::ofstream(dir.file("log")) << "0 1 2 3\n";
  EXPECT_FALSE(read_timing_log(dir.file("log")).ok());
  std::ofstream(dir.file("log")) << "hello\n";
  EXPECT_FALSE(read_timing_log(dir.file("log")).ok());
  EXPECT_FALSE(read_timing_log("/nonexistent").ok());
}

TEST(Latency, is_joined_by_rtp_timestamp) {
  std::vector<TimingLine> captured, shown;
  for (int i = 0; i < 100; ++i) {
    captured.push_back(line(static_cast<std::uint64_t>(i), i * 33, static_cast<std::uint32_t>(i) * 3000));
    if (i % 10 == 9) continue;  // lost on the way
    shown.push_back(line(shown.size(), i * 33 + 50 + i, static_cast<std::uint32_t>(i) * 3000));
  }
  shown.push_back(line(90, 5000, 77));     // of an unknown picture
  captured.push_back(line(100, 4000, 0));  // a timestamp seen before counts once, with its first moment
  const LatencyReport report = measure_latency(captured, shown);
  EXPECT_EQ(report.shown, 91U);
  EXPECT_EQ(report.joined, 90U);
  EXPECT_NEAR(report.median_ms, 100, 2);
  EXPECT_NEAR(report.p95_ms, 143, 2);
  EXPECT_DOUBLE_EQ(report.least_ms, 50);
  EXPECT_DOUBLE_EQ(report.most_ms, 148);
  EXPECT_EQ(measure_latency({}, shown).joined, 0U);
}

TEST(Pace, is_lines_over_time_and_the_longest_pause) {
  std::vector<TimingLine> lines;
  for (int i = 0; i <= 30; ++i)
    lines.push_back(line(static_cast<std::uint64_t>(i), i * 50 + (i > 10 ? 500 : 0), 0));
  EXPECT_DOUBLE_EQ(lines_per_second(lines), 15);
  EXPECT_DOUBLE_EQ(longest_gap_ms(lines), 550);
  EXPECT_EQ(lines_per_second({}), 0);
}

}  // namespace
}  // namespace sotto::test
