#include "support/call_tools/timing.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

namespace sotto::test {
namespace {

double ms(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

}  // namespace

Result<std::vector<TimingLine>> read_timing_log(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(ErrorCode::not_found, "The timing log " + path + " cannot be opened.");
  std::vector<TimingLine> lines;
  std::string text;
  while (std::getline(file, text)) {
    if (file.eof()) break;  // a last line without its end: its program was killed while writing
    std::istringstream words(text);
    TimingLine line;
    std::int64_t ns = 0;
    std::string rest;
    if (!(words >> line.index >> ns >> line.rtp_timestamp) || words >> rest) {
      return fail(ErrorCode::invalid_argument,
                  "Line " + std::to_string(lines.size() + 1) + " of " + path + " is malformed: " + text);
    }
    line.at = TimePoint(Duration(ns));
    lines.push_back(line);
  }
  return lines;
}

LatencyReport measure_latency(const std::vector<TimingLine>& captured, const std::vector<TimingLine>& shown) {
  std::map<std::uint32_t, TimePoint> moments;
  for (const TimingLine& line : captured) moments.emplace(line.rtp_timestamp, line.at);
  std::vector<double> latencies;
  for (const TimingLine& line : shown) {
    const auto moment = moments.find(line.rtp_timestamp);
    if (moment != moments.end()) latencies.push_back(ms(line.at - moment->second));
  }
  LatencyReport report;
  report.shown = shown.size();
  report.joined = latencies.size();
  if (latencies.empty()) return report;
  std::sort(latencies.begin(), latencies.end());
  report.median_ms = latencies[latencies.size() / 2];
  report.p95_ms = latencies[(latencies.size() - 1) * 95 / 100];
  report.least_ms = latencies.front();
  report.most_ms = latencies.back();
  return report;
}

double lines_per_second(const std::vector<TimingLine>& lines) {
  if (lines.size() < 2 || lines.back().at <= lines.front().at) return 0;
  return static_cast<double>(lines.size() - 1) * 1000 / ms(lines.back().at - lines.front().at);
}

double longest_gap_ms(const std::vector<TimingLine>& lines) {
  Duration longest = Duration::zero();
  for (std::size_t i = 1; i < lines.size(); ++i) longest = std::max(longest, lines[i].at - lines[i - 1].at);
  return ms(longest);
}

}  // namespace sotto::test
