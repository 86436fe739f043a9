// Cameras through FFmpeg: v4l2:/dev/video0, screen: (X11), lavfi:GRAPH, file:PATH (looped).
#pragma once

#include <memory>

#include "sotto/device/factory.hpp"

namespace sotto::device_avdevice {

std::unique_ptr<device::Backend> make_backend();

}  // namespace sotto::device_avdevice
