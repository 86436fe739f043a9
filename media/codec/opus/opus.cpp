#include "sotto/codec_opus/opus.hpp"

#include <opus/opus.h>

#include <algorithm>
#include <cmath>

namespace sotto::codec_opus {
namespace {

using codec::AudioFrame;
using codec::kAudioFrameSamples;

struct EncoderDeleter {
  void operator()(OpusEncoder* encoder) const { opus_encoder_destroy(encoder); }
};
struct DecoderDeleter {
  void operator()(OpusDecoder* decoder) const { opus_decoder_destroy(decoder); }
};

class Encoder final : public codec::AudioEncoder {
 public:
  explicit Encoder(OpusEncoder* encoder) : encoder_(encoder) {}

  Result<Bytes> encode(const AudioFrame& samples) override {
    Bytes packet(codec::kMaxAudioPacketBytes);
    const opus_int32 size = opus_encode(encoder_.get(), samples.data(), kAudioFrameSamples, packet.data(),
                                        static_cast<opus_int32>(packet.size()));
    if (size <= 0) return fail(ErrorCode::unavailable, "the sound could not be encoded");
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }

  void set_bitrate(int bits_per_second) override {
    control(OPUS_SET_BITRATE(std::clamp(bits_per_second, codec::kMinAudioBitrate, codec::kMaxAudioBitrate)));
  }
  void set_expected_loss(double fraction) override {
    control(OPUS_SET_PACKET_LOSS_PERC(static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * 100))));
  }

  // False when libopus refuses, which for constants that its documentation lists is our bug.
  template <class... Request>
  bool control(Request... request) {
    return opus_encoder_ctl(encoder_.get(), request...) == OPUS_OK;
  }

 private:
  std::unique_ptr<OpusEncoder, EncoderDeleter> encoder_;
};

class Decoder final : public codec::AudioDecoder {
 public:
  explicit Decoder(OpusDecoder* decoder) : decoder_(decoder) {}

  Result<AudioFrame> decode(ByteView packet) override { return run(packet, 0); }
  Result<AudioFrame> recover(ByteView next) override { return run(next, 1); }

  AudioFrame conceal() override {
    AudioFrame frame{};
    const int samples = opus_decode(decoder_.get(), nullptr, 0, frame.data(), kAudioFrameSamples, 0);
    if (samples != kAudioFrameSamples) frame.fill(0);
    return frame;
  }

 private:
  Result<AudioFrame> run(ByteView packet, int recover) {
    if (packet.empty() || packet.size() > codec::kMaxAudioPacketBytes) {
      return fail(ErrorCode::invalid_argument, "the sound packet has a wrong size");
    }
    const auto length = static_cast<opus_int32>(packet.size());
    // Packets of other durations are legal Opus, but no Sotto client makes them.
    if (opus_packet_get_nb_samples(packet.data(), length, media::kSampleRate) != kAudioFrameSamples) {
      return fail(ErrorCode::invalid_argument, "the sound packet does not hold 20 ms");
    }
    AudioFrame frame{};
    if (opus_decode(decoder_.get(), packet.data(), length, frame.data(), kAudioFrameSamples, recover) !=
        kAudioFrameSamples) {
      return fail(ErrorCode::invalid_argument, "the sound packet is malformed");
    }
    return frame;
  }

  std::unique_ptr<OpusDecoder, DecoderDeleter> decoder_;
};

class Codecs final : public codec::AudioCodecs {
 public:
  Result<std::unique_ptr<codec::AudioEncoder>> make_encoder(
      const codec::AudioEncoderSettings& settings) override {
    int status = OPUS_OK;
    OpusEncoder* raw = opus_encoder_create(media::kSampleRate, 1, OPUS_APPLICATION_VOIP, &status);
    if (raw == nullptr || status != OPUS_OK)
      return fail(ErrorCode::unavailable, "the Opus encoder could not start");
    auto encoder = std::make_unique<Encoder>(raw);
    encoder->set_bitrate(settings.bitrate);
    encoder->set_expected_loss(settings.expected_loss);
    // Constant bit rate, and no pauses in transmission: sizes and gaps would tell speech from silence (RFC
    // 6562).
    if (!encoder->control(OPUS_SET_VBR(0)) || !encoder->control(OPUS_SET_DTX(0)) ||
        !encoder->control(OPUS_SET_INBAND_FEC(1)) || !encoder->control(OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE)) ||
        !encoder->control(OPUS_SET_COMPLEXITY(5))) {  // 5: chosen between quality and work
      return fail(ErrorCode::unavailable, "the Opus encoder lacks a feature");
    }
    return std::unique_ptr<codec::AudioEncoder>(std::move(encoder));
  }

  Result<std::unique_ptr<codec::AudioDecoder>> make_decoder() override {
    int status = OPUS_OK;
    OpusDecoder* raw = opus_decoder_create(media::kSampleRate, 1, &status);
    if (raw == nullptr || status != OPUS_OK)
      return fail(ErrorCode::unavailable, "the Opus decoder could not start");
    return std::unique_ptr<codec::AudioDecoder>(std::make_unique<Decoder>(raw));
  }
};

}  // namespace

std::unique_ptr<codec::AudioCodecs> make_opus_codecs() { return std::make_unique<Codecs>(); }

}  // namespace sotto::codec_opus
