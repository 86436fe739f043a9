// FFmpeg's C types with owners, its errors as sentences, its log in ours.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

namespace sotto::device_avdevice {

struct AvFree {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
template <class T>
using AvPtr = std::unique_ptr<T, AvFree>;

std::string av_error_text(int error);

// Registers the devices and routes av_log to log::debug, once per process. Thread: any.
void prepare_ffmpeg();

}  // namespace sotto::device_avdevice
