#include "sotto/rtp/reception.hpp"

#include <gtest/gtest.h>

namespace sotto::rtp {
namespace {

using namespace std::chrono_literals;

TimePoint at(Duration since_start) { return TimePoint(1000s + since_start); }

TEST(Reception, reports_losses_of_the_interval_and_of_the_whole) {
  Reception reception(Ssrc{5}, kVideoClockRate);
  for (std::uint16_t i = 0; i < 100; ++i) {
    if (i % 4 != 1) reception.on_packet(static_cast<std::uint16_t>(65500 + i), i * 3000u, at(i * 33ms));
  }
  ReportBlock block = reception.make_report(at(4s));
  EXPECT_EQ(block.source, Ssrc{5});
  EXPECT_EQ(block.fraction_lost, 64);
  EXPECT_EQ(block.cumulative_lost, 25);
  EXPECT_EQ(block.highest_sequence, 65599u);
  EXPECT_EQ(block.last_sr, 0u);
  reception.on_packet(64, 300000, at(4s));
  block = reception.make_report(at(5s));
  EXPECT_EQ(block.fraction_lost, 0);
  EXPECT_EQ(block.cumulative_lost, 25);
}

TEST(Reception, counts_duplicates_against_losses_but_never_reports_a_negative_fraction) {
  Reception reception(Ssrc{5}, kVideoClockRate);
  for (int i = 0; i < 3; ++i) reception.on_packet(7, 0, at(0ms));
  const ReportBlock block = reception.make_report(at(1s));
  EXPECT_EQ(block.cumulative_lost, -2);
  EXPECT_EQ(block.fraction_lost, 0);
}

TEST(Reception, measures_no_jitter_on_an_even_stream_and_converges_on_an_uneven_one) {
  Reception even(Ssrc{1}, kAudioClockRate);
  Reception uneven(Ssrc{1}, kAudioClockRate);
  for (std::uint16_t i = 0; i < 500; ++i) {
    even.on_packet(i, i * 960u, at(i * 20ms));
    uneven.on_packet(i, i * 960u, at(i * 20ms + (i % 2) * 10ms));
  }
  EXPECT_LT(even.jitter(), 100us);
  EXPECT_NEAR(std::chrono::duration<double>(uneven.jitter()).count(), 0.010, 0.0005);
}

TEST(Reception, relates_media_time_to_the_senders_clock) {
  Reception reception(Ssrc{1}, kVideoClockRate);
  EXPECT_FALSE(reception.ntp_of(0));
  const NtpTime sent = to_ntp(TimePoint(50s));
  reception.on_sender_report({Ssrc{1}, sent, 0xffffff00u, 0, 0, {}}, at(0s));
  EXPECT_NEAR(static_cast<double>((*reception.ntp_of(0xffffff00u + 90000) - sent).count()), 1e9, 2);
  EXPECT_NEAR(static_cast<double>((*reception.ntp_of(0xffffff00u - 45000) - sent).count()), -5e8, 2);
}

TEST(RoundTrip, is_now_minus_the_echo_and_its_delay) {
  Reception reception(Ssrc{1}, kVideoClockRate);
  reception.on_sender_report({Ssrc{1}, to_ntp(at(0s)), 0, 0, 0, {}},
                             at(7s));  // the far clock reads otherwise
  const ReportBlock block = reception.make_report(at(7s + 250ms));
  const auto trip = round_trip(block, at(330ms));  // back at the sender: 80 ms more than the delay
  ASSERT_TRUE(trip);
  EXPECT_NEAR(std::chrono::duration<double>(*trip).count(), 0.080, 0.0001);
}

TEST(RoundTrip, is_unknown_without_a_sender_report_or_from_the_future) {
  EXPECT_FALSE(round_trip({}, at(1s)));
  ReportBlock block;
  block.last_sr = compact(to_ntp(at(2s)));
  EXPECT_FALSE(round_trip(block, at(1s)));
}

}  // namespace
}  // namespace sotto::rtp
