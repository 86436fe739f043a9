// From whatever a decoder gives to our pictures: yuv420p, BT.709, limited range, at most the wanted size.
#pragma once

#include <memory>

#include "av_util.hpp"
#include "sotto/base/result.hpp"
#include "sotto/media/video_frame.hpp"

namespace sotto::device_avdevice {

struct PictureSize {
  int width, height;
  friend bool operator==(const PictureSize&, const PictureSize&) = default;
};
// The largest even size with the aspect of `source` (pixels of shape `pixel_aspect`) that is neither larger
// than `wanted` nor larger than the source; at least 16x16.
PictureSize fit(PictureSize source, AVRational pixel_aspect, PictureSize wanted);

// Thread: any one at a time.
class Converter {
 public:
  explicit Converter(PictureSize wanted) : wanted_(wanted) {}

  // Copies when the picture fits already; otherwise scales. invalid_argument for what cannot be converted.
  Result<std::shared_ptr<media::VideoFrame>> convert(const AVFrame& frame);

 private:
  Status prepare(const AVFrame& frame, PictureSize target, bool source_full_range, const int* source_matrix);

  PictureSize wanted_;
  AvPtr<SwsContext> scaler_;
  // What scaler_ was made for.
  PictureSize source_{0, 0}, target_{0, 0};
  int format_ = AV_PIX_FMT_NONE;
  bool full_range_ = false;
  const int* matrix_ = nullptr;
};

}  // namespace sotto::device_avdevice
