#include "sotto/codec/h264_payload.hpp"

#include <gtest/gtest.h>

#include "sotto/base/random.hpp"
#include "sotto/codec/video_codec.hpp"

namespace sotto::codec {
namespace {

std::vector<ByteView> views(const std::vector<Bytes>& payloads) { return {payloads.begin(), payloads.end()}; }

// A NAL unit with no start code inside: every byte is at least 2.
Bytes nal(std::uint8_t header, std::size_t size, SeededRandom& random) {
  Bytes unit{header};
  while (unit.size() < size) unit.push_back(static_cast<std::uint8_t>(2 + random.below(254)));
  return unit;
}

Bytes annex_b(const std::vector<Bytes>& units) {
  Bytes out;
  for (const Bytes& unit : units) {
    append(out, *from_hex("00000001"));
    append(out, unit);
  }
  return out;
}

TEST(AnnexB, splits_at_three_and_four_byte_start_codes) {
  const Bytes stream = *from_hex(
      "000000016742"
      "00000168ce"
      "0000000165888400"
      "000001"
      "000001"
      "41");
  const auto units = split_annex_b(stream);
  ASSERT_EQ(units.size(), 4u);
  EXPECT_EQ(to_hex(units[0]), "6742");
  EXPECT_EQ(to_hex(units[1]), "68ce");
  EXPECT_EQ(to_hex(units[2]), "658884");
  EXPECT_EQ(to_hex(units[3]), "41");
  EXPECT_TRUE(split_annex_b({}).empty());
  EXPECT_TRUE(split_annex_b(*from_hex("0000")).empty());
  EXPECT_TRUE(split_annex_b(*from_hex("112233")).empty());
}

TEST(H264Payload, round_trips_units_of_every_size_around_the_limit) {
  SeededRandom random(1);
  for (std::size_t size = 2; size < 700; ++size) {
    const Bytes unit = annex_b({nal(0x67, 10, random), nal(0x65, size, random), nal(0x41, 3, random)});
    const auto payloads = packetize_h264(unit, 100);
    for (const Bytes& payload : payloads) {
      EXPECT_LE(payload.size(), 100u);
      EXPECT_GE(payload.size(), 2u);
    }
    const auto back = depacketize_h264(views(payloads));
    ASSERT_TRUE(back) << size << ": " << back.error().message;
    EXPECT_EQ(*back, unit);
  }
}

TEST(H264Payload, marks_the_first_and_the_last_fragment) {
  SeededRandom random(2);
  const auto payloads = packetize_h264(annex_b({nal(0x65, 250, random)}), 100);
  ASSERT_EQ(payloads.size(), 3u);
  for (const Bytes& payload : payloads) EXPECT_EQ(payload[0], 0x7c);  // NRI 3, type 28
  EXPECT_EQ(payloads[0][1], 0x85);
  EXPECT_EQ(payloads[1][1], 0x05);
  EXPECT_EQ(payloads[2][1], 0x45);
}

TEST(H264Payload, takes_an_aggregation) {
  const Bytes stap = *from_hex(
      "78"
      "00026742"
      "000268ce");
  const auto good = depacketize_h264(std::vector<ByteView>{stap});
  ASSERT_TRUE(good);
  EXPECT_EQ(to_hex(*good),
            "000000016742"
            "0000000168ce");
}

TEST(H264Payload, never_returns_a_unit_that_lacks_a_part) {
  SeededRandom random(3);
  const auto payloads = packetize_h264(annex_b({nal(0x65, 900, random), nal(0x65, 500, random)}), 100);
  for (std::size_t missing = 0; missing < payloads.size(); ++missing) {
    // A missing middle fragment cannot be seen here: the jitter buffer passes contiguous packets only.
    const bool middle = (payloads[missing][1] & 0xc0) == 0;
    std::vector<ByteView> rest = views(payloads);
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_TRUE(middle || !depacketize_h264(rest)) << missing;
  }
}

TEST(H264Payload, refuses_what_rfc_6184_does_not_allow) {
  for (const char* hex : {
           "",            // empty
           "e5aabb",      // forbidden bit
           "00aabb",      // type 0
           "1eaabb",      // type 30
           "19aabbcc",    // STAP-B
           "1daabbcc",    // FU-B
           "78",          // STAP-A without units
           "780000",      // unit of length 0
           "78000341",    // unit longer than the packet
           "7800027842",  // STAP-A in STAP-A
           "7c85",        // fragment without data
           "7cc5aa",      // start and end at once
           "7c05aa",      // a fragment that never started
           "7c85aa",      // one that never ends
           "7c9caa",      // a fragmented fragment
       }) {
    const Bytes payload = *from_hex(hex);
    EXPECT_FALSE(depacketize_h264(std::vector<ByteView>{payload})) << hex;
  }
  const Bytes start = *from_hex("7c85aa");
  const Bytes other_end = *from_hex("7c41bb");
  EXPECT_FALSE(depacketize_h264(std::vector<ByteView>{start, other_end})) << "fragments of two types";
}

TEST(H264Payload, bounds_the_size_of_a_picture) {
  const Bytes payload(2000, 0x41);
  const std::vector<ByteView> many(kMaxEncodedFrameBytes / 2000 + 1, payload);
  EXPECT_EQ(depacketize_h264(many).error().code, ErrorCode::too_large);
}

TEST(H264Payload, knows_where_a_key_frame_starts) {
  EXPECT_TRUE(starts_h264_key_frame(*from_hex("6742")));
  EXPECT_TRUE(starts_h264_key_frame(*from_hex("7800026742")));
  EXPECT_FALSE(starts_h264_key_frame(*from_hex("6588"))) << "without parameter sets a decoder cannot start";
  EXPECT_FALSE(starts_h264_key_frame(*from_hex("7c85aa")));
  EXPECT_FALSE(starts_h264_key_frame(*from_hex("41aa")));
  EXPECT_FALSE(starts_h264_key_frame(*from_hex("78")));
  EXPECT_FALSE(starts_h264_key_frame({}));
}

}  // namespace
}  // namespace sotto::codec
