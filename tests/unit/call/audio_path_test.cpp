#include "sotto/call/audio_path.hpp"

#include <gtest/gtest.h>

#include "sotto/base/random.hpp"

namespace sotto::call {
namespace {

using namespace std::chrono_literals;

// The packet carries the first sample; the sound is a ramp around it, so that order and place can be seen.
class RampEncoder final : public codec::AudioEncoder {
 public:
  Result<Bytes> encode(const codec::AudioFrame& samples) override {
    if (fails) return fail(ErrorCode::unavailable, "broken");
    return Bytes{static_cast<std::uint8_t>(samples[0] >> 8), static_cast<std::uint8_t>(samples[0] & 0xff)};
  }
  void set_bitrate(int) override {}
  void set_expected_loss(double) override {}
  bool fails = false;
};
class ConstantDecoder final : public codec::AudioDecoder {
 public:
  Result<codec::AudioFrame> decode(ByteView packet) override {
    if (packet.size() != 2) return fail(ErrorCode::invalid_argument, "malformed");
    codec::AudioFrame frame;
    frame.fill(static_cast<std::int16_t>(packet[0] << 8 | packet[1]));
    return frame;
  }
  Result<codec::AudioFrame> recover(ByteView) override { return fail(ErrorCode::not_found, "no copy"); }
  codec::AudioFrame conceal() override {
    codec::AudioFrame frame;
    frame.fill(-1);
    return frame;
  }
};

media::AudioBlock block(int index) {
  media::AudioBlock b;
  b.samples.fill(static_cast<std::int16_t>(1000 + index));
  b.captured = TimePoint(1s + index * 10ms);
  return b;
}

TEST(AudioSender, makes_a_packet_of_two_blocks_named_by_the_first) {
  AudioSender sender(std::make_unique<RampEncoder>(), 500);
  for (int i = 0; i < 10; ++i) {
    auto b = block(i);
    const auto packet = sender.handle_block(b);
    ASSERT_TRUE(packet);
    EXPECT_EQ(b.rtp_timestamp, 500u + static_cast<std::uint32_t>(i) * 480u);
    ASSERT_EQ(packet->has_value(), i % 2 == 1);
    if (i % 2 == 1) {
      EXPECT_EQ((*packet)->rtp_timestamp, b.rtp_timestamp - 480);
      EXPECT_EQ((*packet)->captured, TimePoint(1s + (i - 1) * 10ms));
    }
  }
}

TEST(AudioSender, never_joins_blocks_across_a_gap) {
  AudioSender sender(std::make_unique<RampEncoder>(), 0);
  auto first = block(0);
  EXPECT_FALSE(*sender.handle_block(first));
  auto later = block(100);
  EXPECT_FALSE(*sender.handle_block(later)) << "the half before the gap is dropped";
  auto next = block(101);
  const auto packet = sender.handle_block(next);
  ASSERT_TRUE(*packet);
  EXPECT_EQ((*packet)->rtp_timestamp, later.rtp_timestamp);
  EXPECT_EQ(later.rtp_timestamp, 48000u);
}

TEST(AudioSender, hands_on_the_encoders_failure) {
  auto encoder = std::make_unique<RampEncoder>();
  encoder->fails = true;
  AudioSender sender(std::move(encoder), 0);
  auto a = block(0), b = block(1);
  EXPECT_TRUE(sender.handle_block(a));
  EXPECT_FALSE(sender.handle_block(b));
}

TEST(LevelMeter, is_the_root_mean_square_of_a_tenth_of_a_second) {
  LevelMeter meter;
  EXPECT_EQ(meter.level(), 0);
  media::AudioBlock loud;
  loud.samples.fill(16384);
  for (int i = 0; i < 10; ++i) meter.add(loud);
  EXPECT_NEAR(meter.level(), 0.5, 0.001);
  for (int i = 0; i < 10; ++i) meter.add(media::AudioBlock{});
  EXPECT_EQ(meter.level(), 0);
}

jitter::AudioPacket packet(int number) {
  const int value = 1000 + number * 2;
  return {77u + static_cast<std::uint32_t>(number) * 960u,
          {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xff)}};
}

TEST(AudioReceiver, plays_what_was_sent_under_the_senders_timestamps) {
  AudioReceiver receiver(std::make_unique<ConstantDecoder>());
  media::AudioBlock out;
  EXPECT_FALSE(receiver.play(out, TimePoint(1s)));
  int heard = 0;
  for (int ms = 0; ms < 2000; ms += 10) {
    const TimePoint now(1s + ms * 1ms);
    if (ms % 20 == 0) receiver.handle_packet(packet(ms / 20), now);
    if (!receiver.play(out, now + 3ms)) continue;
    EXPECT_EQ(out.rtp_timestamp, 77u + static_cast<std::uint32_t>(heard) * 480u);
    EXPECT_EQ(out.samples[0], 1000 + heard / 2 * 2);
    ++heard;
  }
  EXPECT_GE(heard, 196);
  const auto stats = receiver.stats();
  EXPECT_EQ(stats.concealed_samples, 0u);
  EXPECT_LE(stats.delay, 35ms);
  EXPECT_GE(stats.delay, 15ms);
}

TEST(AudioReceiver, conceals_a_packet_that_cannot_be_decoded) {
  AudioReceiver receiver(std::make_unique<ConstantDecoder>());
  receiver.handle_packet({0, Bytes(7)}, TimePoint(1s));
  receiver.handle_packet({960, Bytes(7)}, TimePoint(1s + 20ms));
  media::AudioBlock out;
  ASSERT_TRUE(receiver.play(out, TimePoint(1s + 40ms)));
  EXPECT_EQ(out.samples[0], -1);
}

TEST(AudioReceiver, catches_up_after_a_long_stall) {
  AudioReceiver receiver(std::make_unique<ConstantDecoder>());
  media::AudioBlock out;
  SeededRandom random(1);
  for (int ms = 0; ms < 20'000; ms += 10) {
    const TimePoint now(1s + ms * 1ms);
    const bool stalled = ms >= 5000 && ms < 5600;  // the packets of 600 ms come at once afterwards
    if (ms % 20 == 0 && !stalled) {
      if (ms == 5600) {
        for (int n = 250; n < 280; ++n) receiver.handle_packet(packet(n), now);
      }
      receiver.handle_packet(packet(ms / 20), now);
    }
    (void)receiver.play(out, now);
  }
  EXPECT_LT(receiver.stats().delay, 60ms) << "fifteen seconds later the delay is back";
}

TEST(AudioReceiver, does_not_stretch_to_and_fro_for_a_speaker_that_asks_in_bursts) {
  AudioReceiver receiver(std::make_unique<ConstantDecoder>());
  media::AudioBlock out;
  for (int ms = 0; ms < 20'000; ms += 10) {
    const TimePoint now(1s + ms * 1ms);
    if (ms % 20 == 0) receiver.handle_packet(packet(ms / 20), now);
    for (int i = 0; i < 3 && ms % 30 == 0; ++i) (void)receiver.play(out, now);
  }
  EXPECT_LT(receiver.stats().stretched_samples, 48u * 100) << "100 ms in 20 s";
  EXPECT_LT(receiver.stats().concealed_samples, 960u * 6);
}

TEST(AudioReceiver, waits_as_long_as_lip_sync_wants) {
  AudioReceiver receiver(std::make_unique<ConstantDecoder>());
  receiver.set_minimum_delay(150ms);
  media::AudioBlock out;
  for (int ms = 0; ms < 3000; ms += 10) {
    const TimePoint now(1s + ms * 1ms);
    if (ms % 20 == 0) receiver.handle_packet(packet(ms / 20), now);
    (void)receiver.play(out, now);
  }
  EXPECT_NEAR(std::chrono::duration<double>(receiver.stats().delay).count(), 0.150, 0.015);
}

}  // namespace
}  // namespace sotto::call
