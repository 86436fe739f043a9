// Bilinear scaling of a picture to a given size, for a file whose pictures must all have one.
#pragma once

#include <memory>

#include "sotto/media/video_frame.hpp"

namespace sotto::device_file {

// Width and height even. The aspect is not kept.
std::shared_ptr<media::VideoFrame> scale(const media::VideoFrame& from, int width, int height);

}  // namespace sotto::device_file
