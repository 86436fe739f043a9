#include "codec/ffmpeg/h264_encoder.hpp"

#include <algorithm>
#include <cstring>

namespace sotto::codec_ffmpeg {
namespace {

using codec::EncodedFrame;
using codec::EncoderEffort;
using codec::VideoEncoderSettings;
using media::VideoFrame;

// The encoder may run ahead of its rate by this much: larger makes key frames better and the delay on a
// thin line longer. Chosen: a third of a second.
constexpr int kBufferDivisor = 3;

void apply_bitrate(AVCodecContext& context, int bits_per_second) {
  const int rate = std::clamp(bits_per_second, codec::kMinVideoBitrate, codec::kMaxVideoBitrate);
  context.bit_rate = rate;
  context.rc_max_rate = rate;
  context.rc_buffer_size = rate / kBufferDivisor;
}

bool is_valid_side(int value, int most) { return value >= 16 && value <= most && value % 2 == 0; }

// Nothing to free: the picture stays the caller's for the length of the call to the encoder.
void keep(void*, std::uint8_t*) {}

std::optional<double> quantiser(const AVPacket& packet) {
  std::size_t size = 0;
  const std::uint8_t* stats = av_packet_get_side_data(&packet, AV_PKT_DATA_QUALITY_STATS, &size);
  if (stats == nullptr || size < 4) return std::nullopt;
  const std::uint32_t lambda =
      stats[0] | std::uint32_t{stats[1]} << 8 | std::uint32_t{stats[2]} << 16 | std::uint32_t{stats[3]} << 24;
  return static_cast<double>(lambda) / FF_QP2LAMBDA;
}

}  // namespace

Result<std::unique_ptr<codec::VideoEncoder>> H264Encoder::create(const VideoEncoderSettings& settings) {
  if (!is_valid_side(settings.width, VideoFrame::kMaxWidth) ||
      !is_valid_side(settings.height, VideoFrame::kMaxHeight) || settings.frames_per_second < 1 ||
      settings.frames_per_second > 120) {
    return fail(ErrorCode::invalid_argument, "the picture size or rate is out of range");
  }
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  if (codec == nullptr) return fail(ErrorCode::unavailable, "this FFmpeg has no libx264");
  ContextHandle context(avcodec_alloc_context3(codec));
  FrameHandle frame(av_frame_alloc());
  PacketHandle packet(av_packet_alloc());
  if (!context || !frame || !packet) return fail(ErrorCode::unavailable, "no memory for the video encoder");

  context->width = settings.width;
  context->height = settings.height;
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->color_range = AVCOL_RANGE_MPEG;
  context->colorspace = AVCOL_SPC_BT709;
  context->color_primaries = AVCOL_PRI_BT709;
  context->color_trc = AVCOL_TRC_BT709;
  context->time_base = {1, settings.frames_per_second};
  context->framerate = {settings.frames_per_second, 1};
  context->max_b_frames = 0;
  // Key frames come on request; a rare one besides bounds the harm of an error nobody noticed.
  context->gop_size = 20 * settings.frames_per_second;
  // One thread: a picture takes 3 to 5 ms, and a second thread would cost the other end its processor.
  context->thread_count = 1;
  context->slices = 4;
  apply_bitrate(*context, settings.bitrate);

  const bool low = settings.effort == EncoderEffort::low;
  // nal-hrd stays unset: with it libx264 ignores changes of the bit rate.
  const std::pair<const char*, const char*> options[] = {
      {"preset", low ? "ultrafast" : "superfast"},
      {"tune", "zerolatency"},
      {"profile", low ? "baseline" : "high"},
      {"forced-idr", "1"},
      // ultrafast turns the deblocking filter off; it costs next to nothing where quality is good, and hides
      // the blocks where it is not.
      {"x264-params", low ? "no-deblock=0" : ""},
  };
  for (const auto& [name, value] : options) {
    if (*value == '\0') continue;
    if (const int status = av_opt_set(context->priv_data, name, value, 0); status < 0) {
      return av_failure(ErrorCode::unavailable, "the video encoder lacks an option", status);
    }
  }
  if (const int status = avcodec_open2(context.get(), codec, nullptr); status < 0) {
    return av_failure(ErrorCode::unavailable, "the video encoder could not start", status);
  }
  return std::unique_ptr<codec::VideoEncoder>(
      new H264Encoder(std::move(context), std::move(frame), std::move(packet)));
}

void H264Encoder::set_bitrate(int bits_per_second) { apply_bitrate(*context_, bits_per_second); }

Result<EncodedFrame> H264Encoder::encode(const VideoFrame& picture, bool key_frame) {
  if (picture.width != context_->width || picture.height != context_->height) {
    return fail(ErrorCode::invalid_argument, "the picture has another size than the encoder");
  }
  const auto rows = static_cast<std::size_t>(picture.height);
  const auto stride_y = static_cast<std::size_t>(picture.stride_y);
  const auto stride_uv = static_cast<std::size_t>(picture.stride_uv);
  if (picture.stride_y < picture.width || picture.stride_uv < picture.width / 2 ||
      picture.y.size() < stride_y * rows || picture.u.size() < stride_uv * rows / 2 ||
      picture.v.size() < stride_uv * rows / 2) {
    return fail(ErrorCode::invalid_argument, "the picture is smaller than it says");
  }
  av_frame_unref(frame_.get());
  frame_->width = picture.width;
  frame_->height = picture.height;
  frame_->format = AV_PIX_FMT_YUV420P;
  frame_->color_range = AVCOL_RANGE_MPEG;
  frame_->colorspace = AVCOL_SPC_BT709;
  frame_->pts = next_pts_++;
  frame_->pict_type = key_frame ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  // A borrowed, read-only view of the picture: libx264 copies it before avcodec_send_frame() returns, and
  // a frame that is not reference-counted FFmpeg itself would copy once more.
  const auto borrow = [](const std::vector<std::uint8_t>& plane) {
    return av_buffer_create(const_cast<std::uint8_t*>(plane.data()), plane.size(), keep, nullptr,
                            AV_BUFFER_FLAG_READONLY);
  };
  const std::vector<std::uint8_t>* planes[] = {&picture.y, &picture.u, &picture.v};
  const int strides[] = {picture.stride_y, picture.stride_uv, picture.stride_uv};
  for (int i = 0; i < 3; ++i) {
    frame_->buf[i] = borrow(*planes[i]);
    if (frame_->buf[i] == nullptr) return fail(ErrorCode::unavailable, "no memory for the picture");
    frame_->data[i] = frame_->buf[i]->data;
    frame_->linesize[i] = strides[i];
  }
  int status = avcodec_send_frame(context_.get(), frame_.get());
  av_frame_unref(frame_.get());
  if (status < 0) return av_failure(ErrorCode::unavailable, "the picture could not be encoded", status);
  status = avcodec_receive_packet(context_.get(), packet_.get());
  if (status < 0) return av_failure(ErrorCode::unavailable, "the picture could not be encoded", status);

  EncodedFrame out;
  if (packet_->size <= 0 || static_cast<std::size_t>(packet_->size) > codec::kMaxEncodedFrameBytes) {
    av_packet_unref(packet_.get());
    return fail(ErrorCode::too_large, "the coded picture has a wrong size");
  }
  out.data.assign(packet_->data, packet_->data + packet_->size);
  out.key_frame = (packet_->flags & AV_PKT_FLAG_KEY) != 0;
  out.qp = quantiser(*packet_);
  out.rtp_timestamp = picture.rtp_timestamp;
  out.captured = picture.captured;
  out.width = picture.width;
  out.height = picture.height;
  av_packet_unref(packet_.get());
  return out;
}

}  // namespace sotto::codec_ffmpeg
