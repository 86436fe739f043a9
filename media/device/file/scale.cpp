#include "scale.hpp"

#include <algorithm>

namespace sotto::device_file {
namespace {

struct Plane {
  const std::uint8_t* data;
  int width, height, stride;
};

// Position of output pixel centre `i` in the input, in 1/256 pixels, kept inside.
std::int64_t position(int i, int from, int to) {
  const std::int64_t at = (2 * std::int64_t{i} + 1) * from * 256 / (2 * std::int64_t{to}) - 128;
  return std::clamp<std::int64_t>(at, 0, (std::int64_t{from} - 1) * 256);
}

void scale_plane(const Plane& from, std::uint8_t* out, int width, int height, int stride) {
  for (int y = 0; y < height; ++y) {
    const std::int64_t at_y = position(y, from.height, height);
    const auto weight_y = static_cast<int>(at_y & 255);
    const std::uint8_t* above = from.data + (at_y >> 8) * from.stride;
    const std::uint8_t* below = weight_y == 0 ? above : above + from.stride;
    for (int x = 0; x < width; ++x) {
      const std::int64_t at_x = position(x, from.width, width);
      const auto weight_x = static_cast<int>(at_x & 255);
      const std::int64_t left = at_x >> 8;
      const std::int64_t right = weight_x == 0 ? left : left + 1;
      const int top = above[left] * (256 - weight_x) + above[right] * weight_x;
      const int bottom = below[left] * (256 - weight_x) + below[right] * weight_x;
      out[std::ptrdiff_t{y} * stride + x] =
          static_cast<std::uint8_t>((top * (256 - weight_y) + bottom * weight_y + 32768) >> 16);
    }
  }
}

}  // namespace

std::shared_ptr<media::VideoFrame> scale(const media::VideoFrame& from, int width, int height) {
  auto out = media::make_video_frame(width, height);
  out->captured = from.captured;
  out->rtp_timestamp = from.rtp_timestamp;
  scale_plane({from.y.data(), from.width, from.height, from.stride_y}, out->y.data(), width, height,
              out->stride_y);
  const int from_w = from.width / 2, from_h = from.height / 2;
  scale_plane({from.u.data(), from_w, from_h, from.stride_uv}, out->u.data(), width / 2, height / 2,
              out->stride_uv);
  scale_plane({from.v.data(), from_w, from_h, from.stride_uv}, out->v.data(), width / 2, height / 2,
              out->stride_uv);
  return out;
}

}  // namespace sotto::device_file
