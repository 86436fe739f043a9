// Audio codecs behind interfaces: 20 ms of 48 kHz mono sound to one packet and back.
//
// Thread: an instance belongs to one thread at a time; the factory may be used from any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/media/audio_block.hpp"

namespace sotto::codec {

inline constexpr int kAudioFrameSamples = 2 * media::kBlockSamples;  // 20 ms
using AudioFrame = std::array<std::int16_t, kAudioFrameSamples>;

// RFC 6716 section 3.2.1: one Opus frame has at most 1275 bytes; a packet holds one.
inline constexpr std::size_t kMaxAudioPacketBytes = 1275;

struct AudioEncoderSettings {
  int bitrate = 40'000;         // bit/s; constant, so that sizes tell nothing about what is said (RFC 6562)
  double expected_loss = 0.05;  // 0..1, how much forward error correction to carry
};
inline constexpr int kMinAudioBitrate = 16'000;
inline constexpr int kMaxAudioBitrate = 128'000;

class AudioEncoder {
 public:
  virtual ~AudioEncoder() = default;
  virtual Result<Bytes> encode(const AudioFrame& samples) = 0;
  virtual void set_bitrate(int bits_per_second) = 0;
  virtual void set_expected_loss(double fraction) = 0;
};

class AudioDecoder {
 public:
  virtual ~AudioDecoder() = default;
  // An error concerns this packet: conceal() in its place.
  virtual Result<AudioFrame> decode(ByteView packet) = 0;
  // The frame before `next`, which is lost, from the copy of lower quality that `next` may carry.
  virtual Result<AudioFrame> recover(ByteView next) = 0;
  // A plausible continuation; fades out when asked repeatedly.
  virtual AudioFrame conceal() = 0;
};

class AudioCodecs {
 public:
  virtual ~AudioCodecs() = default;
  virtual Result<std::unique_ptr<AudioEncoder>> make_encoder(const AudioEncoderSettings& settings) = 0;
  virtual Result<std::unique_ptr<AudioDecoder>> make_decoder() = 0;
};

}  // namespace sotto::codec
