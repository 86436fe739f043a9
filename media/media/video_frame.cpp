#include "sotto/media/video_frame.hpp"

#include <cassert>

namespace sotto::media {

std::shared_ptr<VideoFrame> make_video_frame(int width, int height) {
  assert(width > 0 && height > 0 && width <= VideoFrame::kMaxWidth && height <= VideoFrame::kMaxHeight);
  auto frame = std::make_shared<VideoFrame>();
  frame->width = width;
  frame->height = height;
  frame->stride_y = (width + 31) / 32 * 32;
  frame->stride_uv = ((width + 1) / 2 + 31) / 32 * 32;
  const auto rows_uv = static_cast<std::size_t>((height + 1) / 2);
  frame->y.assign(static_cast<std::size_t>(frame->stride_y) * static_cast<std::size_t>(height), 16);
  frame->u.assign(static_cast<std::size_t>(frame->stride_uv) * rows_uv, 128);
  frame->v.assign(static_cast<std::size_t>(frame->stride_uv) * rows_uv, 128);
  return frame;
}

}  // namespace sotto::media
