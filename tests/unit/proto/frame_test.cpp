#include "sotto/proto/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>

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
      reader.settle();
    }
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_FALSE(reader.mid_frame());
  }
}

TEST(FrameReader, refuses_a_length_over_the_limit_for_good) {
  FrameReader reader;
  const Bytes much = {0xff, 0xff, 0xff, 0xff};
  reader.feed(much);
  EXPECT_EQ(reader.next(), std::nullopt);
  reader.settle();
  EXPECT_TRUE(reader.failed());
  const Bytes good = frame_of(1);
  reader.feed(good);
  EXPECT_EQ(reader.next(), std::nullopt);
}

TEST(FrameReader, knows_that_a_frame_was_cut) {
  const Bytes frame = frame_of(1);
  for (std::size_t kept = 1; kept < frame.size(); ++kept) {
    FrameReader reader;
    reader.feed(ByteView(frame).first(kept));
    EXPECT_EQ(reader.next(), std::nullopt);
    reader.settle();
    EXPECT_TRUE(reader.mid_frame());
  }
}

TEST(FrameReader, keeps_what_was_not_taken) {
  Bytes stream;
  for (std::uint64_t id = 1; id <= 4; ++id) append(stream, frame_of(id));
  const Bytes rest(stream.end() - 3, stream.end());
  stream.resize(stream.size() - rest.size());
  FrameReader reader;
  reader.feed(stream);
  EXPECT_EQ(parse_envelope(*reader.next())->id(), 1U);
  reader.settle();
  std::ranges::fill(stream, std::uint8_t{0xff});  // gone, as far as the reader is concerned
  EXPECT_EQ(parse_envelope(*reader.next())->id(), 2U);
  reader.settle();
  reader.feed(rest);
  EXPECT_EQ(parse_envelope(*reader.next())->id(), 3U);
  EXPECT_TRUE(reader.mid_frame());
  EXPECT_EQ(parse_envelope(*reader.next())->id(), 4U);
  EXPECT_EQ(reader.next(), std::nullopt);
  reader.settle();
  EXPECT_FALSE(reader.mid_frame());
}

// Where a frame lies does not matter to who keeps a part of it: in the fed bytes, alone in the reader's
// memory, or there with others behind it.
TEST(FrameReader, lets_a_part_of_a_frame_be_kept) {
  const Bytes first = frame_of(300);
  Bytes stream = first;
  append(stream, frame_of(2));
  for (std::size_t fed = 0; fed <= stream.size(); ++fed) {
    Bytes begin(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(fed));
    Bytes end(stream.begin() + static_cast<std::ptrdiff_t>(fed), stream.end());
    FrameReader reader;
    reader.feed(begin);
    reader.settle();
    reader.feed(end);
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    const OwnedView kept = reader.keep(frame->subspan(1));
    const auto next = reader.next();
    ASSERT_TRUE(next);
    EXPECT_EQ(parse_envelope(*next)->id(), 2U);
    reader.settle();
    std::ranges::fill(begin, std::uint8_t{0});
    std::ranges::fill(end, std::uint8_t{0});
    EXPECT_TRUE(equal(kept.view, ByteView(first).subspan(kFrameHeaderBytes + 1)));
    EXPECT_FALSE(reader.mid_frame());
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
