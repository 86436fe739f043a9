#include "demo/call_report.hpp"

#include <gtest/gtest.h>

namespace sotto::demo {
namespace {

using Json = nlohmann::json;

Json sample(double fps, double loss, const std::string& code) {
  const Json video{{"codec", "H264"}, {"width", 1280}, {"height", 720}, {"fps", fps}, {"bitrate", 1'500'000}};
  const Json audio{{"codec", "opus"}, {"bitrate", 32'000}};
  return {{"security_code", code}, {"path", "direct"},      {"cipher", "AEAD_AES_256_GCM"},
          {"rtt_ms", 0.4},         {"jitter_ms", 1.0},      {"loss_in", loss},
          {"loss_out", 0.0},       {"rejected_packets", 0}, {"video_in", video},
          {"video_out", video},    {"audio_in", audio},     {"audio_out", audio}};
}

TEST(CallReport, averages_rates_takes_the_worst_loss_and_compares_the_codes) {
  const End alice{"Alice", {sample(28, 0, "123456"), sample(30, 0.02, "123456")}, 61.4, 80};
  const End bob{"Bob", {sample(30, 0, "123456")}};
  const std::string table = table_of(alice, bob, 10.04);
  EXPECT_NE(table.find("10.0 s. Security codes: equal"), std::string::npos) << table;
  EXPECT_NE(table.find("1280x720"), std::string::npos);
  EXPECT_NE(table.find("29.0"), std::string::npos);
  EXPECT_NE(table.find("2.0"), std::string::npos);
  EXPECT_NE(table.find("61 (95 %: 80)"), std::string::npos);
  EXPECT_TRUE(problems_of(alice, bob).empty());
}

TEST(CallReport, names_what_did_not_work) {
  End alice{"Alice", {sample(0, 0, "123456")}}, bob{"Bob", {sample(30, 0, "654321")}};
  const auto problems = problems_of(alice, bob);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0], "Hardly any picture reached Alice.");
  EXPECT_EQ(problems[1], "The two ends show different security codes.");
  EXPECT_NE(table_of(alice, bob, 10).find("NOT EQUAL"), std::string::npos);
  alice.samples.clear();
  EXPECT_EQ(problems_of(alice, bob)[0], "Alice has no statistics.");
  EXPECT_FALSE(table_of(alice, bob, 10).empty());
}

}  // namespace
}  // namespace sotto::demo
