// The checks of a call as a program, one line of JSON each; exit status 1 when the check fails or cannot be
// made.
//
//   call_check numbers FILE.y4m [PERIOD]        numbers rise without repeats (PERIOD: pictures of the looped
//   film) call_check latency CAPTURE.log SINK.log     latency by RTP timestamp, pace and pauses of the sink
//   call_check tone FILE.wav [HERTZ]            the strongest tone; within 1 % of HERTZ if given
//   call_check capture FILE.pcap [PORT...]      nothing in the clear
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/call_tools/capture_check.hpp"
#include "support/call_tools/numbered_picture.hpp"
#include "support/call_tools/timing.hpp"
#include "support/call_tools/tone.hpp"

namespace {

using namespace sotto;

int failed(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

int numbers(const std::string& path, int period) {
  const auto read = test::read_numbers(path);
  if (!read) return failed(read.error());
  const auto report = test::check_numbers(*read, static_cast<std::uint32_t>(period));
  std::printf("{\"pictures\":%zu,\"unreadable\":%zu,\"repeats\":%zu,\"backwards\":%zu,\"skipped\":%zu}\n",
              report.pictures, report.unreadable, report.repeats, report.backwards, report.skipped);
  return report.pictures > 0 && report.unreadable + report.repeats + report.backwards == 0 ? 0 : 1;
}

int latency(const std::string& capture, const std::string& sink) {
  const auto captured = test::read_timing_log(capture);
  if (!captured) return failed(captured.error());
  const auto shown = test::read_timing_log(sink);
  if (!shown) return failed(shown.error());
  const auto report = test::measure_latency(*captured, *shown);
  std::printf(
      "{\"shown\":%zu,\"joined\":%zu,\"median_ms\":%.1f,\"p95_ms\":%.1f,\"least_ms\":%.1f,\"most_ms\":%.1f,"
      "\"per_second\":%.2f,\"longest_gap_ms\":%.1f}\n",
      report.shown, report.joined, report.median_ms, report.p95_ms, report.least_ms, report.most_ms,
      test::lines_per_second(*shown), test::longest_gap_ms(*shown));
  return report.joined > 0 ? 0 : 1;
}

int tone(const std::string& path, double wanted) {
  const auto found = test::find_tone_in_wav(path);
  if (!found) return failed(found.error());
  std::printf("{\"hertz\":%.2f,\"share\":%.3f,\"amplitude\":%.0f}\n", found->hertz, found->share,
              found->amplitude);
  return wanted == 0 || std::abs(found->hertz - wanted) <= wanted / 100 ? 0 : 1;
}

int capture(const std::string& path, const std::vector<std::uint16_t>& ports) {
  const auto packets = test::read_pcap(path);
  if (!packets) return failed(packets.error());
  const auto report = test::inspect_capture(*packets, ports);
  std::printf(
      "{\"rtp\":%zu,\"rtcp\":%zu,\"stun\":%zu,\"other\":%zu,\"plain_rtcp\":%zu,\"streams\":%zu,\"entropy\":%."
      "4f,"
      "\"regularity\":%.0f,\"texts\":%zu}\n",
      report.rtp, report.rtcp, report.stun, report.other, report.plain_rtcp, report.streams_judged,
      report.payload_entropy, report.worst_regularity, report.texts.size());
  const Status good = test::verdict(report);
  return good ? 0 : failed(good.error());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 2 && words[0] == "numbers")
    return numbers(words[1], words.size() > 2 ? std::atoi(words[2].c_str()) : 0);
  if (words.size() == 3 && words[0] == "latency") return latency(words[1], words[2]);
  if (words.size() >= 2 && words[0] == "tone")
    return tone(words[1], words.size() > 2 ? std::atof(words[2].c_str()) : 0);
  if (words.size() >= 2 && words[0] == "capture") {
    std::vector<std::uint16_t> ports;
    for (std::size_t i = 2; i < words.size(); ++i)
      ports.push_back(static_cast<std::uint16_t>(std::atoi(words[i].c_str())));
    return capture(words[1], ports);
  }
  std::fputs("usage: call_check numbers|latency|tone|capture FILE...\n", stderr);
  return 2;
}
