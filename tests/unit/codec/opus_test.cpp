#include "sotto/codec_opus/opus.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "sotto/base/random.hpp"

namespace sotto::codec_opus {
namespace {

using codec::AudioFrame;
using codec::kAudioFrameSamples;

AudioFrame tone(int index, double hertz) {
  AudioFrame frame{};
  for (int i = 0; i < kAudioFrameSamples; ++i) {
    const double t = static_cast<double>(index * kAudioFrameSamples + i) / media::kSampleRate;
    frame[static_cast<std::size_t>(i)] =
        static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * hertz * t));
  }
  return frame;
}

// Amplitude at one frequency (a single bin of a Fourier transform).
double amplitude(const AudioFrame& frame, double hertz) {
  double re = 0, im = 0;
  for (int i = 0; i < kAudioFrameSamples; ++i) {
    const double phase = 2 * std::numbers::pi * hertz * i / media::kSampleRate;
    re += frame[static_cast<std::size_t>(i)] * std::cos(phase);
    im += frame[static_cast<std::size_t>(i)] * std::sin(phase);
  }
  return 2 * std::hypot(re, im) / kAudioFrameSamples;
}

struct Codec {
  std::unique_ptr<codec::AudioCodecs> codecs = make_opus_codecs();
  std::unique_ptr<codec::AudioEncoder> encoder = *codecs->make_encoder({});
  std::unique_ptr<codec::AudioDecoder> decoder = *codecs->make_decoder();
};

TEST(Opus, carries_a_tone) {
  Codec codec;
  AudioFrame out{};
  for (int i = 0; i < 20; ++i) {
    const auto packet = codec.encoder->encode(tone(i, 1000));
    ASSERT_TRUE(packet);
    out = *codec.decoder->decode(*packet);
  }
  EXPECT_NEAR(amplitude(out, 1000), 8000, 800);
  EXPECT_LT(amplitude(out, 3000), 200);
}

TEST(Opus, makes_packets_of_one_size_for_silence_speech_and_noise) {
  Codec codec;
  SeededRandom random(1);
  AudioFrame noise{};
  for (auto& sample : noise) sample = static_cast<std::int16_t>(random.below(20000));
  const std::size_t size = codec.encoder->encode(AudioFrame{})->size();
  EXPECT_EQ(size, 100u) << "20 ms at 40 kbit/s";
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(codec.encoder->encode(i % 3 == 0   ? AudioFrame{}
                                    : i % 3 == 1 ? tone(i, 440)
                                                 : noise)
                  ->size(),
              size);
  }
}

TEST(Opus, changes_its_bit_rate_live_and_within_limits) {
  Codec codec;
  codec.encoder->set_bitrate(24'000);
  EXPECT_EQ(codec.encoder->encode(tone(0, 440))->size(), 60u);
  codec.encoder->set_bitrate(1);
  EXPECT_EQ(codec.encoder->encode(tone(1, 440))->size(), 40u);
  codec.encoder->set_bitrate(10'000'000);
  EXPECT_EQ(codec.encoder->encode(tone(2, 440))->size(), 320u);
}

TEST(Opus, recovers_a_lost_packet_better_than_it_conceals_one) {
  double recovered = 0, concealed = 0;
  for (const bool recover : {true, false}) {
    Codec codec;
    codec.encoder->set_bitrate(24'000);
    codec.encoder->set_expected_loss(0.3);
    double error = 0;
    AudioFrame previous{};
    for (int i = 0; i < 100; ++i) {
      // A tone that changes each packet, so that continuing the last one is wrong.
      const AudioFrame frame = tone(i, 200 + 50 * (i % 7));
      const Bytes packet = *codec.encoder->encode(frame);
      if (i % 5 == 3) {
        previous = frame;
        continue;  // lost
      }
      if (i % 5 == 4) {
        const AudioFrame replacement = recover ? *codec.decoder->recover(packet) : codec.decoder->conceal();
        const double hertz = 200 + 50 * ((i - 1) % 7);
        error += std::abs(amplitude(replacement, hertz) - amplitude(previous, hertz));
      }
      ASSERT_TRUE(codec.decoder->decode(packet));
    }
    (recover ? recovered : concealed) = error;
  }
  EXPECT_LT(recovered, concealed * 0.8);
}

TEST(Opus, fades_out_when_nothing_comes) {
  Codec codec;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(codec.decoder->decode(*codec.encoder->encode(tone(i, 300))));
  AudioFrame out{};
  for (int i = 0; i < 50; ++i) out = codec.decoder->conceal();
  for (const std::int16_t sample : out) EXPECT_LT(std::abs(sample), 200);
}

TEST(Opus, refuses_packets_of_wrong_duration_or_size_and_survives_garbage) {
  Codec codec;
  EXPECT_FALSE(codec.decoder->decode({}));
  EXPECT_FALSE(codec.decoder->decode(Bytes(1276, 0x78)));
  EXPECT_FALSE(codec.decoder->decode(Bytes{0x1b})) << "60 ms";
  SeededRandom random(2);
  for (int i = 0; i < 2000; ++i) {
    const Bytes packet = random.bytes(1 + random.below(200));
    (void)codec.decoder->decode(packet);
    (void)codec.decoder->recover(packet);
  }
  EXPECT_TRUE(codec.decoder->decode(*codec.encoder->encode(tone(0, 300))));
}

}  // namespace
}  // namespace sotto::codec_opus
