#include "sotto/rtp/packet.hpp"

#include <gtest/gtest.h>

#include "sotto/base/random.hpp"
#include "sotto/rtp/unwrap.hpp"

namespace sotto::rtp {
namespace {

Bytes sample() {
  const Bytes payload = to_bytes("payload");
  return serialise({.marker = true,
                    .payload_type = PayloadType{96},
                    .sequence = 0x1234,
                    .timestamp = 0x89abcdef,
                    .ssrc = Ssrc{0xdeadbeef},
                    .payload = payload});
}

TEST(RtpPacket, is_written_as_rfc_3550_draws_it) {
  EXPECT_EQ(to_hex(sample()), "80e0123489abcdefdeadbeef" + to_hex(as_bytes("payload")));
}

TEST(RtpPacket, survives_a_round_trip) {
  const Bytes bytes = sample();
  const auto packet = parse_packet(bytes);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->marker);
  EXPECT_EQ(packet->payload_type, PayloadType{96});
  EXPECT_EQ(packet->sequence, 0x1234);
  EXPECT_EQ(packet->timestamp, 0x89abcdef);
  EXPECT_EQ(packet->ssrc, Ssrc{0xdeadbeef});
  EXPECT_EQ(as_text(packet->payload), "payload");
}

TEST(RtpPacket, leaves_out_csrcs_extension_and_padding) {
  // V=2 P X CC=1; one CSRC; an extension of one word; payload "hi"; two bytes of padding.
  const Bytes bytes = *from_hex(
      "b1600001000000020000000300000004"
      "bede000110aa0000"
      "6869"
      "0002");
  const auto packet = parse_packet(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(as_text(packet->payload), "hi");
}

TEST(RtpPacket, is_refused_when_any_length_in_it_is_wrong) {
  for (const char* hex : {
           "", "80",
           "8060000100000002000000",            // eleven bytes
           "406000010000000200000003",          // version 1
           "816000010000000200000003",          // a CSRC that is not there
           "906000010000000200000003",          // an extension that is not there
           "90600001000000020000000300000001",  // an extension longer than the packet
           "a06000010000000200000003",          // padding without a byte to hold its length
           "a0600001000000020000000300",        // padding of length 0
           "a0600001000000020000000302",        // padding longer than the payload
       }) {
    EXPECT_FALSE(parse_packet(*from_hex(hex))) << hex;
  }
  Bytes large = sample();
  large.resize(kMaxDatagramBytes);
  EXPECT_TRUE(parse_packet(large));
  large.push_back(0);
  EXPECT_EQ(parse_packet(large).error().code, ErrorCode::too_large);
}

TEST(RtpPacket, is_told_from_rtcp_and_stun_by_its_first_bytes) {
  EXPECT_EQ(classify(sample()), Kind::rtp);
  EXPECT_EQ(classify(*from_hex("80c8000600000000")), Kind::rtcp);
  EXPECT_EQ(classify(*from_hex("80df000600000000")), Kind::rtcp);
  EXPECT_EQ(classify(*from_hex("80e0000600000000")), Kind::rtp);
  EXPECT_EQ(classify(*from_hex("000100002112a442")), Kind::none);
  EXPECT_EQ(classify(*from_hex("80c80006")), Kind::none);
}

TEST(Unwrapper, follows_wraps_with_reordering_in_both_directions) {
  SeededRandom random(7);
  SequenceUnwrapper unwrapper;
  const std::int64_t start = 0xfff0;
  EXPECT_EQ(unwrapper.unwrap(static_cast<std::uint16_t>(start)), start);
  for (std::int64_t i = 1; i < 300'000; ++i) {
    const std::int64_t number =
        std::max<std::int64_t>(start, start + i - static_cast<std::int64_t>(random.below(1000)));
    EXPECT_EQ(unwrapper.unwrap(static_cast<std::uint16_t>(number)), number);
  }
}

TEST(Unwrapper, goes_below_zero_for_packets_before_the_first) {
  SequenceUnwrapper unwrapper;
  EXPECT_EQ(unwrapper.unwrap(2), 2);
  EXPECT_EQ(unwrapper.unwrap(0xffff), -1);
  EXPECT_EQ(unwrapper.peek(0x8003), -32765);
  EXPECT_EQ(unwrapper.highest(), 2);
}

}  // namespace
}  // namespace sotto::rtp
