// The timing logs of docs/rpc.md, and the latency that two of them give when joined by RTP timestamp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"

namespace sotto::test {

struct TimingLine {
  std::uint64_t index = 0;
  TimePoint at{};
  std::uint32_t rtp_timestamp = 0;
};
Result<std::vector<TimingLine>> read_timing_log(const std::string& path);

struct LatencyReport {
  std::size_t shown = 0;   // lines of the sink
  std::size_t joined = 0;  // of them with a moment of capture
  double median_ms = 0, p95_ms = 0, least_ms = 0, most_ms = 0;
};
// A timestamp that was captured twice counts with its first moment.
LatencyReport measure_latency(const std::vector<TimingLine>& captured, const std::vector<TimingLine>& shown);

// Over the whole log, from its first line to its last.
double lines_per_second(const std::vector<TimingLine>& lines);
// The longest pause between two lines.
double longest_gap_ms(const std::vector<TimingLine>& lines);

}  // namespace sotto::test
