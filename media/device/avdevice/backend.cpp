#include "sotto/device_avdevice/backend.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "camera.hpp"
#include "v4l2_list.hpp"

namespace sotto::device_avdevice {
namespace {

using device::DeviceUri;

// What can be said without opening the device.
Result<InputAddress> address_of(const DeviceUri& uri) {
  struct stat info {};
  if (uri.scheme == "v4l2") {
    if (!uri.rest.starts_with("/dev/")) {
      return fail(ErrorCode::invalid_argument, "A camera is named by its device, as in v4l2:/dev/video0.");
    }
    if (stat(uri.rest.c_str(), &info) != 0) {
      return fail(ErrorCode::unavailable, "There is no camera at " + uri.rest + ".");
    }
    return InputAddress{InputKind::v4l2, uri.rest};
  }
  if (uri.scheme == "screen") {
    const char* display = std::getenv("DISPLAY");
    if (!uri.rest.empty())
      return fail(ErrorCode::invalid_argument, "\"screen:\" stands alone: it is the whole display.");
    if (display == nullptr || *display == 0) {
      return fail(ErrorCode::unavailable, "There is no X11 display whose screen could be shared.");
    }
    return InputAddress{InputKind::screen, display};
  }
  if (uri.scheme == "lavfi") {
    if (uri.rest.empty())
      return fail(ErrorCode::invalid_argument, "\"lavfi:\" needs a filter graph, as in lavfi:testsrc2.");
    return InputAddress{InputKind::lavfi, uri.rest};
  }
  if (stat(uri.rest.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) {
    return fail(ErrorCode::not_found, "There is no video file " + uri.rest + ".");
  }
  if (access(uri.rest.c_str(), R_OK) != 0) {
    return fail(ErrorCode::denied, "The video file " + uri.rest + " may not be read.");
  }
  return InputAddress{InputKind::file, uri.rest};
}

class AvdeviceBackend final : public device::Backend {
 public:
  bool has_camera(std::string_view scheme) const override {
    return scheme == "v4l2" || scheme == "screen" || scheme == "lavfi" || scheme == "file";
  }
  Result<std::unique_ptr<device::VideoSource>> open_camera(const DeviceUri& uri,
                                                           const device::VideoFormat& wanted) override {
    auto address = address_of(uri);
    if (!address) return std::move(address).error();
    return std::unique_ptr<device::VideoSource>(std::make_unique<AvCamera>(std::move(*address), wanted));
  }
  // The screen is not listed: the first listed camera is the default, and nobody wants to show the screen by
  // accident.
  void list(device::DeviceList& all) override {
    for (auto& camera : list_v4l2_cameras()) all.cameras.push_back(std::move(camera));
  }
};

}  // namespace

std::unique_ptr<device::Backend> make_backend() { return std::make_unique<AvdeviceBackend>(); }

}  // namespace sotto::device_avdevice
