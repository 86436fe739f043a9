// libx264 through FFmpeg: superfast, zero latency, one thread, slices, bit rate that follows live.
#pragma once

#include <memory>

#include "codec/ffmpeg/ffmpeg_handles.hpp"
#include "sotto/codec/video_codec.hpp"

namespace sotto::codec_ffmpeg {

class H264Encoder final : public codec::VideoEncoder {
 public:
  static Result<std::unique_ptr<codec::VideoEncoder>> create(const codec::VideoEncoderSettings& settings);

  Result<codec::EncodedFrame> encode(const media::VideoFrame& frame, bool key_frame) override;
  void set_bitrate(int bits_per_second) override;

 private:
  H264Encoder(ContextHandle context, FrameHandle frame, PacketHandle packet)
      : context_(std::move(context)), frame_(std::move(frame)), packet_(std::move(packet)) {}

  ContextHandle context_;
  FrameHandle frame_;
  PacketHandle packet_;
  std::int64_t next_pts_ = 0;
};

}  // namespace sotto::codec_ffmpeg
