#include "codec/ffmpeg/h264_decoder.hpp"

#include <cstring>

namespace sotto::codec_ffmpeg {
namespace {

using codec::EncodedFrame;
using media::VideoFrame;
using media::VideoFramePtr;

void copy_plane(std::vector<std::uint8_t>& to, int to_stride, const std::uint8_t* from, int from_stride,
                int width, int height) {
  for (int row = 0; row < height; ++row) {
    std::memcpy(to.data() + static_cast<std::ptrdiff_t>(row) * to_stride,
                from + static_cast<std::ptrdiff_t>(row) * from_stride, static_cast<std::size_t>(width));
  }
}

}  // namespace

Result<std::unique_ptr<codec::VideoDecoder>> H264Decoder::create() {
  const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_H264);
  if (codec == nullptr) return fail(ErrorCode::unavailable, "this FFmpeg has no H.264 decoder");
  ContextHandle context(avcodec_alloc_context3(codec));
  FrameHandle frame(av_frame_alloc());
  PacketHandle packet(av_packet_alloc());
  if (!context || !frame || !packet) return fail(ErrorCode::unavailable, "no memory for the video decoder");
  context->flags |= AV_CODEC_FLAG_LOW_DELAY;
  context->thread_count = 1;  // frame threads would each hold back a picture
  context->max_pixels = std::int64_t{VideoFrame::kMaxWidth} * VideoFrame::kMaxHeight;
  // A damaged picture is an error and a reason to ask for a key frame, not something to show.
  context->err_recognition = AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
  context->pkt_timebase = {1, 90'000};
  if (const int status = avcodec_open2(context.get(), codec, nullptr); status < 0) {
    return av_failure(ErrorCode::unavailable, "the video decoder could not start", status);
  }
  return std::unique_ptr<codec::VideoDecoder>(
      new H264Decoder(std::move(context), std::move(frame), std::move(packet)));
}

Result<VideoFramePtr> H264Decoder::decode(const EncodedFrame& unit) {
  if (unit.data.empty() || unit.data.size() > codec::kMaxEncodedFrameBytes) {
    return fail(ErrorCode::invalid_argument, "the coded picture has a wrong size");
  }
  // FFmpeg reads past the end by up to its padding, which has to be zero: hence a packet of its own.
  if (const int status = av_new_packet(packet_.get(), static_cast<int>(unit.data.size())); status < 0) {
    return av_failure(ErrorCode::unavailable, "no memory for the coded picture", status);
  }
  std::memcpy(packet_->data, unit.data.data(), unit.data.size());
  packet_->pts = unit.rtp_timestamp;
  int status = avcodec_send_packet(context_.get(), packet_.get());
  av_packet_unref(packet_.get());
  if (status < 0) return av_failure(ErrorCode::invalid_argument, "the picture could not be decoded", status);
  status = avcodec_receive_frame(context_.get(), frame_.get());
  if (status == AVERROR(EAGAIN)) return VideoFramePtr();
  if (status < 0) return av_failure(ErrorCode::invalid_argument, "the picture could not be decoded", status);

  const int width = frame_->width;
  const int height = frame_->height;
  const bool format_fits = frame_->format == AV_PIX_FMT_YUV420P || frame_->format == AV_PIX_FMT_YUVJ420P;
  if (!format_fits || width < 2 || height < 2 || width > VideoFrame::kMaxWidth ||
      height > VideoFrame::kMaxHeight || width % 2 != 0 || height % 2 != 0) {
    av_frame_unref(frame_.get());
    return fail(ErrorCode::invalid_argument, "the picture has a size or format that cannot be shown");
  }
  const auto picture = media::make_video_frame(width, height);
  copy_plane(picture->y, picture->stride_y, frame_->data[0], frame_->linesize[0], width, height);
  copy_plane(picture->u, picture->stride_uv, frame_->data[1], frame_->linesize[1], width / 2, height / 2);
  copy_plane(picture->v, picture->stride_uv, frame_->data[2], frame_->linesize[2], width / 2, height / 2);
  picture->captured = unit.captured;
  picture->rtp_timestamp = static_cast<std::uint32_t>(frame_->pts);
  av_frame_unref(frame_.get());
  return VideoFramePtr(picture);
}

}  // namespace sotto::codec_ffmpeg
