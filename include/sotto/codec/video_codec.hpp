// Video codecs behind interfaces: raw pictures to access units and back.
//
//   auto encoder = codecs.make_encoder({.width = 1280, .height = 720});
//   auto unit = (*encoder)->encode(*frame, key_wanted);     // one access unit per picture, at once
//   auto picture = (*decoder)->decode(*unit);                // null: nothing to show for this unit
//
// Thread: an instance belongs to one thread at a time; the factory may be used from any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"
#include "sotto/media/video_frame.hpp"

namespace sotto::codec {

// One coded picture. H.264: Annex B with four-byte start codes.
struct EncodedFrame {
  Bytes data;
  bool key_frame = false;
  std::uint32_t rtp_timestamp = 0;  // of the picture it was made from
  TimePoint captured{};             // likewise; on the receiving side the arrival of its last packet
  int width = 0, height = 0;        // 0 where only the decoder knows
  std::optional<double> qp;         // mean quantiser, where the encoder tells
};

// A larger unit is a broken or hostile one: an intra picture of 4K at low quantisers stays below.
inline constexpr std::size_t kMaxEncodedFrameBytes = 4u << 20;

enum class EncoderEffort { normal, low };  // low: about half the work for about 10 % more bits

struct VideoEncoderSettings {
  int width = 0;   // even, 16 to VideoFrame::kMaxWidth
  int height = 0;  // even, 16 to VideoFrame::kMaxHeight
  int frames_per_second = 30;
  int bitrate = 1'500'000;  // bit/s, kMinVideoBitrate to kMaxVideoBitrate
  EncoderEffort effort = EncoderEffort::normal;
};
inline constexpr int kMinVideoBitrate = 50'000;
inline constexpr int kMaxVideoBitrate = 20'000'000;

class VideoEncoder {
 public:
  virtual ~VideoEncoder() = default;
  // The picture has the size of the settings. An error is for good: make a new encoder.
  virtual Result<EncodedFrame> encode(const media::VideoFrame& frame, bool key_frame) = 0;
  // From the next picture on, without a key frame. Clamped to the limits above.
  virtual void set_bitrate(int bits_per_second) = 0;
};

class VideoDecoder {
 public:
  virtual ~VideoDecoder() = default;
  // Null when the unit shows nothing. An error concerns this unit: ask for a key frame and go on.
  // Pictures larger than VideoFrame allows, or in another format than 4:2:0, are errors.
  virtual Result<media::VideoFramePtr> decode(const EncodedFrame& unit) = 0;
};

class VideoCodecs {
 public:
  virtual ~VideoCodecs() = default;
  virtual Result<std::unique_ptr<VideoEncoder>> make_encoder(const VideoEncoderSettings& settings) = 0;
  virtual Result<std::unique_ptr<VideoDecoder>> make_decoder() = 0;
};

}  // namespace sotto::codec
