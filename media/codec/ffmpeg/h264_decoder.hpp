// FFmpeg's own H.264 decoder without delay, its output checked and copied into our frames.
#pragma once

#include <memory>

#include "codec/ffmpeg/ffmpeg_handles.hpp"
#include "sotto/codec/video_codec.hpp"

namespace sotto::codec_ffmpeg {

class H264Decoder final : public codec::VideoDecoder {
 public:
  static Result<std::unique_ptr<codec::VideoDecoder>> create();

  Result<media::VideoFramePtr> decode(const codec::EncodedFrame& unit) override;

 private:
  H264Decoder(ContextHandle context, FrameHandle frame, PacketHandle packet)
      : context_(std::move(context)), frame_(std::move(frame)), packet_(std::move(packet)) {}

  ContextHandle context_;
  FrameHandle frame_;
  PacketHandle packet_;
};

}  // namespace sotto::codec_ffmpeg
