#include "converter.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace sotto::device_avdevice {
namespace {

bool is_full_range(const AVFrame& frame) {
  switch (frame.format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P: return true;
    default: return frame.color_range == AVCOL_RANGE_JPEG;
  }
}

// The "J" formats say by name what color_range says better; the scaler warns about them.
AVPixelFormat plain_format(int format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P: return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P: return AV_PIX_FMT_YUV411P;
    default: return static_cast<AVPixelFormat>(format);
  }
}

// Unsaid means BT.709 from 720 lines on and BT.601 below, as players take it.
const int* matrix_of(const AVFrame& frame) {
  int space = frame.colorspace;
  if (space == AVCOL_SPC_UNSPECIFIED || space == AVCOL_SPC_RGB) {
    space = frame.height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  }
  return sws_getCoefficients(space);
}

void copy_plane(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride, int width,
                int height) {
  for (int row = 0; row < height; ++row) {
    std::memcpy(to + std::ptrdiff_t{row} * to_stride, from + std::ptrdiff_t{row} * from_stride,
                static_cast<std::size_t>(width));
  }
}

}  // namespace

PictureSize fit(PictureSize source, AVRational pixel_aspect, PictureSize wanted) {
  double width = source.width;
  double height = source.height;
  // Pixels that are not square: the picture is stretched in the direction that makes it smaller.
  if (pixel_aspect.num > 0 && pixel_aspect.den > 0) {
    const double aspect = av_q2d(pixel_aspect);
    if (aspect < 1)
      width *= aspect;
    else
      height /= aspect;
  }
  const double scale = std::min({1.0, wanted.width / width, wanted.height / height});
  const auto even = [](double value, int most) {
    return std::clamp(static_cast<int>(std::lround(value / 2)) * 2, 16, std::max(16, most));
  };
  return {even(width * scale, wanted.width), even(height * scale, wanted.height)};
}

Status Converter::prepare(const AVFrame& frame, PictureSize target, bool source_full_range,
                          const int* source_matrix) {
  const PictureSize source{frame.width, frame.height};
  if (scaler_ && source == source_ && target == target_ && frame.format == format_ &&
      source_full_range == full_range_ && source_matrix == matrix_) {
    return ok_status();
  }
  scaler_.reset(sws_getContext(source.width, source.height, plain_format(frame.format), target.width,
                               target.height, AV_PIX_FMT_YUV420P, SWS_BILINEAR, nullptr, nullptr, nullptr));
  if (!scaler_) {
    const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
    return fail(ErrorCode::invalid_argument, "Pictures of format " +
                                                 std::string(name != nullptr ? name : "unknown") +
                                                 " and size " + std::to_string(frame.width) + "x" +
                                                 std::to_string(frame.height) + " cannot be converted.");
  }
  // Fails for formats that have no such details (RGB to start with); they need none.
  if (sws_setColorspaceDetails(scaler_.get(), source_matrix, source_full_range ? 1 : 0,
                               sws_getCoefficients(AVCOL_SPC_BT709), 0, 0, 1 << 16, 1 << 16) < 0) {
    av_log(nullptr, AV_LOG_DEBUG, "colour details were not taken\n");
  }
  source_ = source;
  target_ = target;
  format_ = frame.format;
  full_range_ = source_full_range;
  matrix_ = source_matrix;
  return ok_status();
}

Result<std::shared_ptr<media::VideoFrame>> Converter::convert(const AVFrame& frame) {
  if (frame.width <= 0 || frame.height <= 0 || frame.format == AV_PIX_FMT_NONE) {
    return fail(ErrorCode::invalid_argument, "The source delivered a picture without a size.");
  }
  const PictureSize target = fit({frame.width, frame.height}, frame.sample_aspect_ratio, wanted_);
  const bool full_range = is_full_range(frame);
  const int* matrix = matrix_of(frame);

  auto out = media::make_video_frame(target.width, target.height);
  const bool fits_already = frame.format == AV_PIX_FMT_YUV420P && !full_range &&
                            matrix == sws_getCoefficients(AVCOL_SPC_BT709) &&
                            target == PictureSize{frame.width, frame.height};
  if (fits_already) {
    copy_plane(frame.data[0], frame.linesize[0], out->y.data(), out->stride_y, target.width, target.height);
    copy_plane(frame.data[1], frame.linesize[1], out->u.data(), out->stride_uv, target.width / 2,
               target.height / 2);
    copy_plane(frame.data[2], frame.linesize[2], out->v.data(), out->stride_uv, target.width / 2,
               target.height / 2);
    return out;
  }
  if (Status ready = prepare(frame, target, full_range, matrix); !ready) return std::move(ready).error();
  const std::array<std::uint8_t*, 4> planes{out->y.data(), out->u.data(), out->v.data(), nullptr};
  const std::array<int, 4> strides{out->stride_y, out->stride_uv, out->stride_uv, 0};
  const int rows =
      sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, planes.data(), strides.data());
  if (rows != target.height) return fail(ErrorCode::invalid_argument, "A picture could not be converted.");
  return out;
}

}  // namespace sotto::device_avdevice
