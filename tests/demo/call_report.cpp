#include "call_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sotto::demo {
namespace {

using Json = nlohmann::json;

constexpr double kLeastPicturesASecond = 5;

double number_at(const Json& sample, const std::string& path) {
  const Json::json_pointer pointer(path);
  return sample.contains(pointer) ? sample.at(pointer).get<double>() : 0;
}

double mean(const End& end, const std::string& path) {
  double sum = 0;
  for (const Json& sample : end.samples) sum += number_at(sample, path);
  return end.samples.empty() ? 0 : sum / static_cast<double>(end.samples.size());
}

double worst(const End& end, const std::string& path) {
  double most = 0;
  for (const Json& sample : end.samples) most = std::max(most, number_at(sample, path));
  return most;
}

double last(const End& end, const std::string& path) {
  return end.samples.empty() ? 0 : number_at(end.samples.back(), path);
}

std::string text_at(const End& end, const std::string& path) {
  const Json::json_pointer pointer(path);
  if (end.samples.empty() || !end.samples.back().contains(pointer)) return "";
  return end.samples.back().at(pointer).get<std::string>();
}

std::string fixed(int decimals, double value) {
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%.*f", decimals, value);
  return out.data();
}

class Table {
 public:
  Table(const End& a, const End& b) : a_(a), b_(b) { row("", a.name, b.name); }

  void row(const std::string& what, const std::string& left, const std::string& right) {
    std::array<char, 160> line{};
    std::snprintf(line.data(), line.size(), "%-32s %18s %18s\n", what.c_str(), left.c_str(), right.c_str());
    text_ += line.data();
  }
  template <class Cell>
  void each(const std::string& what, Cell cell) {
    row(what, cell(a_), cell(b_));
  }
  void direction(const std::string& word, const std::string& suffix) {
    const std::string video = "/video_" + suffix, audio = "/audio_" + suffix;
    each("picture " + word, [&](const End& e) {
      return fixed(0, last(e, video + "/width")) + "x" + fixed(0, last(e, video + "/height"));
    });
    each("  codec", [&](const End& e) { return text_at(e, video + "/codec"); });
    each("  frames a second", [&](const End& e) { return fixed(1, mean(e, video + "/fps")); });
    each("  bit rate, kbit/s", [&](const End& e) { return fixed(0, mean(e, video + "/bitrate") / 1000); });
    each("sound " + word, [&](const End& e) { return text_at(e, audio + "/codec"); });
    each("  bit rate, kbit/s", [&](const End& e) { return fixed(1, mean(e, audio + "/bitrate") / 1000); });
    each("  loss, worst second, %",
         [&](const End& e) { return fixed(1, 100 * worst(e, "/loss_" + suffix)); });
  }
  std::string take() { return std::move(text_); }

 private:
  const End& a_;
  const End& b_;
  std::string text_;
};

}  // namespace

std::string table_of(const End& a, const End& b, double seconds) {
  Table table(a, b);
  table.direction("sent", "out");
  table.direction("received", "in");
  table.each("round trip, ms", [](const End& e) { return fixed(1, mean(e, "/rtt_ms")); });
  table.each("jitter, ms", [](const End& e) { return fixed(1, mean(e, "/jitter_ms")); });
  table.each("far camera to this window, ms", [](const End& e) {
    return e.delay_median_ms < 0 ? "-"
                                 : fixed(0, e.delay_median_ms) + " (95 %: " + fixed(0, e.delay_p95_ms) + ")";
  });
  table.each("encode / decode, ms", [](const End& e) {
    return fixed(1, mean(e, "/video_out/encode_ms")) + " / " + fixed(1, mean(e, "/video_in/decode_ms"));
  });
  table.each("path", [](const End& e) { return text_at(e, "/path"); });
  table.each("cipher", [](const End& e) { return text_at(e, "/cipher"); });
  table.each("security code", [](const End& e) { return text_at(e, "/security_code"); });
  const bool equal =
      !text_at(a, "/security_code").empty() && text_at(a, "/security_code") == text_at(b, "/security_code");
  return "The call lasted " + fixed(1, seconds) + " s. Security codes: " + (equal ? "equal" : "NOT EQUAL") +
         ".\n\n" + table.take();
}

std::vector<std::string> problems_of(const End& a, const End& b) {
  std::vector<std::string> out;
  for (const End* end : {&a, &b}) {
    if (end->samples.empty()) {
      out.push_back(end->name + " has no statistics.");
      continue;
    }
    if (mean(*end, "/video_in/fps") < kLeastPicturesASecond)
      out.push_back("Hardly any picture reached " + end->name + ".");
    if (mean(*end, "/audio_in/bitrate") <= 0) out.push_back("No sound reached " + end->name + ".");
    if (last(*end, "/rejected_packets") > 0)
      out.push_back("Packets to " + end->name + " did not authenticate.");
  }
  if (text_at(a, "/security_code").empty() || text_at(a, "/security_code") != text_at(b, "/security_code")) {
    out.emplace_back("The two ends show different security codes.");
  }
  return out;
}

}  // namespace sotto::demo
