#include "sotto/device/device.hpp"

namespace sotto::device {

Status check(const VideoFormat& format) {
  using media::VideoFrame;
  if (format.width < 16 || format.height < 16 || format.width > VideoFrame::kMaxWidth ||
      format.height > VideoFrame::kMaxHeight || format.width % 2 != 0 || format.height % 2 != 0) {
    return fail(ErrorCode::invalid_argument,
                "A picture of " + std::to_string(format.width) + "x" + std::to_string(format.height) +
                    " is not possible: width and height must be even, from 16x16 to 3840x2160.");
  }
  if (format.fps < 1 || format.fps > 60) {
    return fail(ErrorCode::invalid_argument,
                std::to_string(format.fps) + " pictures a second are not possible: choose 1 to 60.");
  }
  return ok_status();
}

}  // namespace sotto::device
