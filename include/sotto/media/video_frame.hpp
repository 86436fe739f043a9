// One raw picture: planar YUV 4:2:0, 8 bits, BT.709 limited range.
//
// Frames are shared read-only between capture, encoder, preview and window (that is what is shared, and
// why it is a shared_ptr); whoever made one writes it before handing it out and never after.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sotto/base/time.hpp"

namespace sotto::media {

struct VideoFrame {
  static constexpr int kMaxWidth = 3840;
  static constexpr int kMaxHeight = 2160;

  int width = 0;   // even
  int height = 0;  // even
  int stride_y = 0;
  int stride_uv = 0;
  std::vector<std::uint8_t> y, u, v;

  TimePoint captured{};             // of the moment of capture, or of arrival for a received frame
  std::uint32_t rtp_timestamp = 0;  // 90 kHz; the same number on both sides of a call
};
using VideoFramePtr = std::shared_ptr<const VideoFrame>;

// Black, with the strides that libavcodec and SDL like best (a multiple of 32).
std::shared_ptr<VideoFrame> make_video_frame(int width, int height);

}  // namespace sotto::media
