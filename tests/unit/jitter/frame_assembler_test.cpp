#include "sotto/jitter/frame_assembler.hpp"

#include <gtest/gtest.h>

#include "sotto/base/random.hpp"

namespace sotto::jitter {
namespace {

using namespace std::chrono_literals;

TimePoint at(Duration more = {}) { return TimePoint(5s + more); }

// Picture n has three packets, numbered 3n, 3n+1, 3n+2 from a start near the wrap; 0 and every tenth are key
// frames.
VideoPacket packet(int number) {
  const int picture = number / 3, part = number % 3;
  return {.sequence = static_cast<std::uint16_t>(65500 + number),
          .timestamp = static_cast<std::uint32_t>(picture) * 3000u,
          .marker = part == 2,
          .starts_key_frame = picture % 10 == 0 && part == 0,
          .payload = {static_cast<std::uint8_t>(picture), static_cast<std::uint8_t>(part)}};
}

std::vector<int> pictures(FrameAssembler& assembler, TimePoint now) {
  std::vector<int> numbers;
  while (const auto frame = assembler.next(now)) {
    EXPECT_EQ(frame->payloads.size(), 3u);
    for (std::size_t i = 0; i < frame->payloads.size(); ++i) {
      EXPECT_EQ(frame->payloads[i][0], frame->payloads[0][0]);
      EXPECT_EQ(frame->payloads[i][1], i);
    }
    EXPECT_EQ(frame->key_frame, frame->payloads[0][0] % 10 == 0);
    numbers.push_back(frame->payloads[0][0]);
  }
  return numbers;
}

TEST(FrameAssembler, gives_whole_pictures_as_their_last_packet_arrives) {
  FrameAssembler assembler;
  for (int i = 0; i < 60; ++i) {
    assembler.insert(packet(i), at());
    EXPECT_EQ(pictures(assembler, at()), i % 3 == 2 ? std::vector{i / 3} : std::vector<int>{});
  }
  EXPECT_FALSE(assembler.wants_key_frame());
  EXPECT_EQ(assembler.deadline(), kNever);
}

TEST(FrameAssembler, puts_any_order_within_its_patience_right) {
  SeededRandom random(1);
  for (int round = 0; round < 200; ++round) {
    FrameAssembler assembler;
    std::vector<int> order;
    for (int i = 0; i < 30; ++i) order.push_back(i);
    for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random.below(i + 1)]);
    std::vector<int> seen;
    for (const int i : order) {
      assembler.insert(packet(i), at());
      for (const int number : pictures(assembler, at(1ms))) seen.push_back(number);
    }
    EXPECT_EQ(seen, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  }
}

TEST(FrameAssembler, gives_up_a_gap_after_its_patience_and_goes_on_with_the_next_key_frame) {
  FrameAssembler assembler;
  assembler.set_reordering_wait(20ms);
  for (int i = 0; i < 40; ++i) {
    if (i != 7) assembler.insert(packet(i), at(i * 1ms));
    const auto seen = pictures(assembler, at(i * 1ms));
    EXPECT_TRUE(i >= 29 || seen.empty() == (i != 2 && i != 5)) << i;
  }
  EXPECT_EQ(assembler.counters().gaps, 1u);
  EXPECT_FALSE(assembler.wants_key_frame()) << "picture 10 was one";
  for (int i = 40; i < 45; ++i) assembler.insert(packet(i), at(50ms));
  EXPECT_EQ(pictures(assembler, at(50ms)), (std::vector{13, 14}));
}

TEST(FrameAssembler, asks_for_a_key_frame_after_a_gap_and_shows_nothing_damaged) {
  FrameAssembler assembler;
  assembler.set_reordering_wait(20ms);
  for (int i = 0; i < 6; ++i) assembler.insert(packet(i), at());
  EXPECT_EQ(pictures(assembler, at()), (std::vector{0, 1}));
  for (int i = 7; i < 12; ++i) assembler.insert(packet(i), at(10ms));
  EXPECT_TRUE(pictures(assembler, at(10ms)).empty());
  EXPECT_FALSE(assembler.wants_key_frame()) << "it may only be late";
  EXPECT_EQ(assembler.deadline(), at(30ms));
  EXPECT_TRUE(pictures(assembler, at(30ms)).empty());
  EXPECT_TRUE(assembler.wants_key_frame());
  assembler.insert(packet(6), at(31ms));
  EXPECT_TRUE(pictures(assembler, at(31ms)).empty()) << "too late";
}

TEST(FrameAssembler, asks_when_a_stream_begins_in_the_middle) {
  FrameAssembler assembler;
  EXPECT_FALSE(assembler.wants_key_frame()) << "no stream, no question";
  assembler.insert(packet(4), at());
  EXPECT_TRUE(pictures(assembler, at()).empty());
  EXPECT_TRUE(assembler.wants_key_frame());
}

TEST(FrameAssembler, starts_with_a_key_frame_whose_first_packet_was_overtaken) {
  FrameAssembler assembler;
  for (const int i : {1, 2, 0}) assembler.insert(packet(i), at());
  EXPECT_EQ(pictures(assembler, at()), std::vector{0});
}

TEST(FrameAssembler, starts_again_from_a_key_frame_when_the_decoder_says_so) {
  FrameAssembler assembler;
  for (int i = 0; i < 6; ++i) assembler.insert(packet(i), at());
  EXPECT_EQ(pictures(assembler, at()).size(), 2u);
  assembler.require_key_frame();
  for (int i = 6; i < 33; ++i) assembler.insert(packet(i), at());
  EXPECT_EQ(pictures(assembler, at()), std::vector{10});
}

TEST(FrameAssembler, ends_a_picture_at_the_next_timestamp_when_the_marker_is_missing) {
  FrameAssembler assembler;
  for (int i = 0; i < 4; ++i) {
    VideoPacket p = packet(i);
    p.marker = false;
    assembler.insert(std::move(p), at());
  }
  EXPECT_EQ(pictures(assembler, at()), std::vector{0});
}

TEST(FrameAssembler, is_bounded_in_packets_and_bytes) {
  FrameAssembler assembler;
  for (std::uint32_t i = 0; i < 20'000; ++i) {  // one endless key frame
    assembler.insert({.sequence = static_cast<std::uint16_t>(i),
                      .timestamp = 0,
                      .marker = false,
                      .starts_key_frame = i == 0,
                      .payload = Bytes(1000)},
                     at());
    EXPECT_FALSE(assembler.next(at()));
  }
  EXPECT_GE(assembler.counters().overflowed, 4u);
  EXPECT_TRUE(assembler.wants_key_frame());
}

TEST(FrameAssembler, survives_any_sequence_of_packets) {
  SeededRandom random(2);
  for (int round = 0; round < 100; ++round) {
    FrameAssembler assembler;
    TimePoint now = at();
    for (int i = 0; i < 500; ++i) {
      now += Duration(static_cast<std::int64_t>(random.below(10'000'000)));
      assembler.insert({.sequence = static_cast<std::uint16_t>(random.below(round % 2 == 0 ? 65536 : 200)),
                        .timestamp = static_cast<std::uint32_t>(random.below(5)),
                        .marker = random.below(3) == 0,
                        .starts_key_frame = random.below(5) == 0,
                        .payload = Bytes(random.below(50))},
                       now);
      while (const auto frame = assembler.next(now)) EXPECT_FALSE(frame->payloads.empty());
      if (random.below(50) == 0) assembler.require_key_frame();
      EXPECT_TRUE(assembler.deadline() == kNever || assembler.deadline() > now);
    }
  }
}

}  // namespace
}  // namespace sotto::jitter
