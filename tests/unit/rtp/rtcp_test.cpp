#include "sotto/rtp/rtcp.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sotto::rtp {
namespace {

ReportBlock sample_block() {
  return {.source = Ssrc{0x0a0b0c0d},
          .fraction_lost = 12,
          .cumulative_lost = -3,
          .highest_sequence = 0x00010002,
          .jitter = 77,
          .last_sr = 0x11223344,
          .delay_since_last_sr = 0x55};
}

TEST(Rtcp, survives_a_round_trip_as_a_compound) {
  const std::array<RtcpPart, 5> parts{
      SenderReport{Ssrc{1}, NtpTime{0x0102030405060708}, 9, 10, 11, {sample_block(), sample_block()}},
      ReceiverReport{Ssrc{2}, {sample_block()}},
      SourceDescription{Ssrc{1}, "call-name"},
      PictureLoss{Ssrc{1}, Ssrc{0x0a0b0c0d}},
      Bye{{Ssrc{1}, Ssrc{2}}},
  };
  const Bytes bytes = serialise_compound(parts);
  EXPECT_EQ(bytes.size() % 4, 0u);
  const auto read = parse_compound(bytes);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_EQ((*read)[i], parts[i]) << i;
}

TEST(Rtcp, writes_a_picture_loss_indication_as_rfc_4585_draws_it) {
  const std::array<RtcpPart, 2> parts{ReceiverReport{Ssrc{1}, {}}, PictureLoss{Ssrc{1}, Ssrc{2}}};
  EXPECT_EQ(to_hex(serialise_compound(parts)),
            "80c9000100000001"
            "81ce00020000000100000002");
}

TEST(Rtcp, ends_a_description_with_one_to_four_zeros) {
  for (std::size_t length = 0; length < 9; ++length) {
    const std::array<RtcpPart, 2> parts{ReceiverReport{Ssrc{1}, {}},
                                        SourceDescription{Ssrc{1}, std::string(length, 'x')}};
    const Bytes bytes = serialise_compound(parts);
    ASSERT_EQ(bytes.size() % 4, 0u);
    EXPECT_EQ(bytes.back(), 0);
    const auto read = parse_compound(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<SourceDescription>((*read)[1]).cname.size(), length);
  }
}

TEST(Rtcp, skips_parts_that_it_does_not_know) {
  // An RR, an APP part (204), a transport feedback part (205), a PLI.
  const auto read =
      parse_compound(*from_hex("80c9000100000001"
                               "80cc000200000001"
                               "61626364"
                               "81cd000200000001"
                               "00000002"
                               "81ce00020000000100000002"));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  EXPECT_TRUE(std::holds_alternative<PictureLoss>((*read)[1]));
}

TEST(Rtcp, takes_padding_on_the_last_part_only) {
  EXPECT_TRUE(parse_compound(*from_hex("a0c900020000000100000004")));
  EXPECT_FALSE(
      parse_compound(*from_hex("a0c900020000000100000004"
                               "80c9000100000001")));
  EXPECT_FALSE(parse_compound(*from_hex("a0c900020000000100000003")));
  EXPECT_FALSE(parse_compound(*from_hex("a0c90002000000010000000c")));
}

TEST(Rtcp, is_refused_when_malformed) {
  for (const char* hex : {
           "",
           "80c90001",                  // shorter than it says
           "40c9000100000001",          // version 1
           "80c90000",                  // an RR without its sender
           "81c9000100000001",          // a report block that is not there
           "80c8000100000001",          // an SR that is too short
           "81ce00020000000100000002",  // does not begin with a report
           "80c9000100000001"
           "81ce000100000001",  // PLI too short
           "80c9000100000001"
           "81ca000100000001",  // SDES chunk without an end
           "80c9000100000001"
           "81ca000200000001"
           "01ff0000",  // item longer than the part
           "80c9000100000001"
           "82cb000100000001",  // BYE names two, holds one
           "80c9000100000001"
           "80",  // bytes left over
       }) {
    EXPECT_FALSE(parse_compound(*from_hex(hex))) << hex;
  }
}

TEST(Rtcp, bounds_the_number_of_parts) {
  Bytes bytes;
  for (std::size_t i = 0; i < kMaxCompoundParts; ++i) append(bytes, *from_hex("80c9000100000001"));
  EXPECT_TRUE(parse_compound(bytes));
  append(bytes, *from_hex("80c9000100000001"));
  EXPECT_EQ(parse_compound(bytes).error().code, ErrorCode::too_large);
}

TEST(Rtcp, clamps_the_cumulative_loss_to_24_bits) {
  ReportBlock block = sample_block();
  block.cumulative_lost = 0x1000000;
  const std::array<RtcpPart, 1> parts{ReceiverReport{Ssrc{1}, {block}}};
  const auto read = parse_compound(serialise_compound(parts));
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<ReceiverReport>((*read)[0]).blocks[0].cumulative_lost, kMaxCumulativeLost);
}

}  // namespace
}  // namespace sotto::rtp
