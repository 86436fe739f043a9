#include "sotto/proto/frame.hpp"

#include <gtest/gtest.h>

#include "sotto/proto/channel.hpp"

namespace sotto::proto {
namespace {

Bytes frame_of(std::uint64_t id) {
  Envelope envelope;
  envelope.set_id(id);
  envelope.mutable_ping();
  return *to_frame(envelope);
}

TEST(FrameReader, finds_every_frame_however_the_bytes_are_cut) {
  Bytes stream;
  for (std::uint64_t id = 1; id <= 3; ++id) append(stream, frame_of(id));
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::vector<std::uint64_t> seen;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      while (const auto frame = reader.next()) seen.push_back(parse_envelope(*frame)->id());
    }
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_FALSE(reader.mid_frame());
  }
}

TEST(FrameReader, refuses_a_length_over_the_limit_for_good) {
  FrameReader reader;
  reader.feed(Bytes{0xff, 0xff, 0xff, 0xff});
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_TRUE(reader.failed());
  reader.feed(frame_of(1));
  EXPECT_EQ(reader.next(), std::nullopt);
}

TEST(FrameReader, knows_that_a_frame_was_cut) {
  const Bytes frame = frame_of(1);
  for (std::size_t kept = 1; kept < frame.size(); ++kept) {
    FrameReader reader;
    reader.feed(ByteView(frame).first(kept));
    EXPECT_EQ(reader.next(), std::nullopt);
    EXPECT_TRUE(reader.mid_frame());
  }
}

TEST(Envelope, without_a_known_body_is_an_error) {
  EXPECT_FALSE(parse_envelope({}));
  EXPECT_FALSE(parse_envelope(Bytes{0x08, 0x01}));                    // an id and nothing else
  EXPECT_FALSE(parse_envelope(Bytes{0x08, 0x01, 0xba, 0x7f, 0x00}));  // field 2039: unknown
  EXPECT_FALSE(parse_envelope(Bytes{0xff, 0xff, 0xff}));
}

TEST(Envelope, over_the_frame_limit_is_not_sent) {
  Envelope envelope;
  envelope.mutable_put_blob()->set_data(std::string(kMaxFrameBytes, 'x'));
  const auto frame = to_frame(envelope);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace sotto::proto
