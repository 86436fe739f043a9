// Ownership for FFmpeg's C objects.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
}

#include <memory>
#include <string>

#include "sotto/base/result.hpp"

namespace sotto::codec_ffmpeg {

struct ContextDeleter {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct FrameDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct PacketDeleter {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
using ContextHandle = std::unique_ptr<AVCodecContext, ContextDeleter>;
using FrameHandle = std::unique_ptr<AVFrame, FrameDeleter>;
using PacketHandle = std::unique_ptr<AVPacket, PacketDeleter>;

inline Error av_failure(ErrorCode code, const char* what, int status) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(status, text, sizeof text);
  return fail(code, std::string(what) + ": " + text);
}

}  // namespace sotto::codec_ffmpeg
