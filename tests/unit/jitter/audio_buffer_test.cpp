#include "sotto/jitter/audio_buffer.hpp"

#include <gtest/gtest.h>

namespace sotto::jitter {
namespace {

using namespace std::chrono_literals;
using Action = AudioBuffer::Action;

TimePoint at(int packet, Duration more = {}) { return TimePoint(10s + packet * 20ms + more); }
AudioPacket packet(int number) {
  return {static_cast<std::uint32_t>(0xfffff000u + static_cast<std::uint32_t>(number) * kPacketSamples),
          {static_cast<std::uint8_t>(number)}};
}

TEST(AudioBuffer, starts_after_its_patience_and_plays_in_order_across_a_wrap) {
  AudioBuffer buffer;
  EXPECT_EQ(buffer.next(at(0)).action, Action::wait);
  buffer.insert(packet(0), at(0));
  EXPECT_EQ(buffer.next(at(0, 19ms)).action, Action::wait);
  for (int i = 0; i < 20; ++i) {
    buffer.insert(packet(i + 1), at(i + 1));
    const auto step = buffer.next(at(i + 1));
    ASSERT_EQ(step.action, Action::decode) << i;
    EXPECT_EQ(step.payload[0], i);
    EXPECT_EQ(step.timestamp, 0xfffff000 + std::int64_t{i} * kPacketSamples);
  }
}

TEST(AudioBuffer, puts_overtaken_packets_back_in_order_and_drops_duplicates) {
  AudioBuffer buffer;
  for (const int i : {0, 2, 1, 1, 3}) buffer.insert(packet(i), at(i == 1 ? 2 : i));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(buffer.next(at(4 + i)).payload, Bytes{static_cast<std::uint8_t>(i)});
  EXPECT_EQ(buffer.counters().duplicate, 1u);
}

TEST(AudioBuffer, recovers_a_single_loss_from_the_next_packet_and_conceals_the_rest) {
  AudioBuffer buffer;
  for (const int i : {0, 2, 5}) buffer.insert(packet(i), at(i));
  std::vector<Action> actions;
  for (int i = 0; i < 6; ++i) actions.push_back(buffer.next(at(6 + i)).action);
  EXPECT_EQ(actions, (std::vector{Action::decode, Action::recover, Action::decode, Action::conceal,
                                  Action::recover, Action::decode}));
  EXPECT_EQ(buffer.counters().concealed_samples, 3 * kPacketSamples);
}

TEST(AudioBuffer, stands_still_without_packets_and_does_not_play_the_concealed_time_twice) {
  AudioBuffer buffer;
  buffer.insert(packet(0), at(0));
  EXPECT_EQ(buffer.next(at(1)).action, Action::decode);
  EXPECT_EQ(buffer.next(at(2)).action, Action::conceal);
  EXPECT_EQ(buffer.next(at(3)).action, Action::conceal);
  // 1 and 2 were lost; 3 comes: the two that were concealed stand for them.
  buffer.insert(packet(3), at(3));
  const auto step = buffer.next(at(4));
  EXPECT_EQ(step.action, Action::decode);
  EXPECT_EQ(step.payload[0], 3);
}

TEST(AudioBuffer, plays_late_packets_after_standing_still_when_nothing_was_lost) {
  AudioBuffer buffer;
  buffer.insert(packet(0), at(0));
  EXPECT_EQ(buffer.next(at(1)).action, Action::decode);
  EXPECT_EQ(buffer.next(at(2)).action, Action::conceal);
  buffer.insert(packet(1), at(3));
  EXPECT_EQ(buffer.next(at(3)).payload, Bytes{1});
}

TEST(AudioBuffer, falls_silent_when_nothing_comes_for_long_and_starts_anew) {
  AudioBuffer buffer;
  buffer.insert(packet(0), at(0));
  int i = 1;
  EXPECT_EQ(buffer.next(at(i++)).action, Action::decode);
  while (buffer.next(at(i)).action == Action::conceal) ASSERT_LT(++i, 30);
  EXPECT_EQ(i, 2 + 12);
  EXPECT_EQ(buffer.next(at(100)).action, Action::wait);
  buffer.insert(packet(100), at(100));
  EXPECT_EQ(buffer.next(at(100)).action, Action::wait);
  EXPECT_EQ(buffer.next(at(101, 10ms)).payload, Bytes{100});
}

TEST(AudioBuffer, does_not_conceal_a_pause_of_the_senders) {
  AudioBuffer buffer;
  buffer.insert(packet(0), at(0));
  EXPECT_EQ(buffer.next(at(1)).action, Action::decode);
  buffer.insert(packet(200), at(200));
  const auto step = buffer.next(at(200));
  EXPECT_EQ(step.action, Action::wait);
  EXPECT_EQ(buffer.next(at(201, 10ms)).payload, Bytes{200});
}

TEST(AudioBuffer, counts_what_comes_after_its_moment) {
  AudioBuffer buffer;
  for (const int i : {0, 2, 3}) buffer.insert(packet(i), at(i));
  for (int i = 0; i < 3; ++i) (void)buffer.next(at(4 + i));
  buffer.insert(packet(1), at(7));
  EXPECT_EQ(buffer.counters().late, 1u);
  EXPECT_EQ(buffer.next(at(8)).payload, Bytes{3});
}

TEST(AudioBuffer, is_bounded) {
  AudioBuffer buffer;
  for (int i = 0; i < 1000; ++i) buffer.insert(packet(i), at(i));
  EXPECT_EQ(buffer.counters().overflowed, 1000 - AudioBuffer::kMaxPackets);
}

TEST(AudioBuffer, keeps_its_patience_within_limits_and_honours_a_wanted_minimum) {
  AudioBuffer buffer;
  for (int i = 0; i < 200; ++i) buffer.insert(packet(i), at(i));
  EXPECT_EQ(buffer.target(), AudioBuffer::kMinTarget);
  buffer.set_minimum(120ms);
  EXPECT_EQ(buffer.target(), 120ms);
  buffer.set_minimum(5s);
  EXPECT_EQ(buffer.target(), AudioBuffer::kMaxTarget);
}

}  // namespace
}  // namespace sotto::jitter
