// The cameras that are there.
#pragma once

#include <vector>

#include "sotto/device/factory.hpp"

namespace sotto::device_avdevice {

// By number of /dev/video*, only those that take pictures, with the names their drivers give.
std::vector<device::DeviceEntry> list_v4l2_cameras();

}  // namespace sotto::device_avdevice
