// From a device URI (docs/rpc.md) to a device, and from a machine to the list of its devices.
//
//   DeviceFactory factory;
//   factory.add(device_avdevice::make_backend());   // and the others, most wanted first
//   auto camera = factory.open_camera("v4l2:/dev/video0", {1280, 720, 30});
//
// Thread: after the last add(), any; the lists are asked of the hardware each time, which can take some
// 100 ms: not for a UI thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/base/result.hpp"
#include "sotto/device/device.hpp"

namespace sotto::device {

inline constexpr std::size_t kMaxUriBytes = 4096;  // PATH_MAX; lavfi graphs are shorter

// "scheme:rest", or "none" alone (rest empty).
struct DeviceUri {
  std::string scheme;
  std::string rest;
};
// invalid_argument: no scheme, a scheme not of [a-z0-9]{1,16}, a NUL or control character, too long.
Result<DeviceUri> parse_device_uri(std::string_view text);

struct DeviceEntry {
  std::string uri;
  std::string name;  // for people
};
struct DeviceList {
  std::vector<DeviceEntry> cameras, microphones, speakers;
};

// One way to reach devices. `uri.scheme` is one of those it claims, for that kind.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual bool has_camera(std::string_view) const { return false; }
  virtual bool has_microphone(std::string_view) const { return false; }
  virtual bool has_speaker(std::string_view) const { return false; }
  virtual bool has_video_sink(std::string_view) const { return false; }

  virtual Result<std::unique_ptr<VideoSource>> open_camera(const DeviceUri&, const VideoFormat&);
  virtual Result<std::unique_ptr<AudioSource>> open_microphone(const DeviceUri&);
  virtual Result<std::unique_ptr<AudioSink>> open_speaker(const DeviceUri&);
  virtual Result<std::unique_ptr<VideoSink>> open_video_sink(const DeviceUri&);

  // Appends real devices that are there now, the system's default first. Generated ones (tone, lavfi,
  // file) are not listed.
  virtual void list(DeviceList&) {}
};

class DeviceFactory {
 public:
  void add(std::unique_ptr<Backend> backend);

  // An empty URI means the default: the first real device listed; `unavailable` when there is none.
  Result<std::unique_ptr<VideoSource>> open_camera(std::string_view uri, const VideoFormat& wanted);
  Result<std::unique_ptr<AudioSource>> open_microphone(std::string_view uri);
  Result<std::unique_ptr<AudioSink>> open_speaker(std::string_view uri);
  // Empty means none.
  Result<std::unique_ptr<VideoSink>> open_video_sink(std::string_view uri);

  // Whether open_*() would know what to do with the URI, without touching a device.
  Status check_camera(std::string_view uri) const;
  Status check_microphone(std::string_view uri) const;
  Status check_speaker(std::string_view uri) const;
  Status check_video_sink(std::string_view uri) const;

  DeviceList list();

 private:
  std::vector<std::unique_ptr<Backend>> backends_;
};

}  // namespace sotto::device
