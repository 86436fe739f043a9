#include "v4l2_list.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <optional>

namespace sotto::device_avdevice {
namespace {

constexpr int kMaxDevices = 64;  // minor numbers the kernel gives out by default

std::optional<std::string> name_of_camera(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  v4l2_capability capability{};
  const bool answered = ioctl(fd, VIDIOC_QUERYCAP, &capability) == 0;
  close(fd);
  if (!answered) return std::nullopt;
  const auto caps = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps
                                                                          : capability.capabilities;
  // A camera's second node carries metadata only.
  if ((caps & V4L2_CAP_VIDEO_CAPTURE) == 0 || (caps & V4L2_CAP_STREAMING) == 0) return std::nullopt;
  capability.card[sizeof capability.card - 1] = 0;
  return reinterpret_cast<const char*>(capability.card);
}

}  // namespace

std::vector<device::DeviceEntry> list_v4l2_cameras() {
  std::vector<device::DeviceEntry> cameras;
  for (int number = 0; number < kMaxDevices; ++number) {
    const std::string path = "/dev/video" + std::to_string(number);
    if (auto name = name_of_camera(path)) cameras.push_back({"v4l2:" + path, std::move(*name)});
  }
  return cameras;
}

}  // namespace sotto::device_avdevice
