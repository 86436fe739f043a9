#include "sotto/device_file/backend.hpp"

#include "audio_devices.hpp"
#include "y4m_sink.hpp"

namespace sotto::device_file {
namespace {

using device::DeviceUri;

// A camera that never takes a picture.
class CoveredCamera final : public device::VideoSource {
 public:
  Status start(FrameCallback, device::ProblemCallback) override { return ok_status(); }
  void stop() override {}
};

Status check_path(const DeviceUri& uri, std::string_view suffix) {
  if (uri.rest.size() > suffix.size() && uri.rest.ends_with(suffix)) return ok_status();
  return fail(
      ErrorCode::invalid_argument,
      "\"" + uri.scheme + ":" + uri.rest + "\" must name a file that ends in " + std::string(suffix) + ".");
}

class FileBackend final : public device::Backend {
 public:
  bool has_camera(std::string_view scheme) const override { return scheme == "none"; }
  bool has_microphone(std::string_view scheme) const override {
    return scheme == "none" || scheme == "tone" || scheme == "file";
  }
  bool has_speaker(std::string_view scheme) const override { return scheme == "none" || scheme == "file"; }
  bool has_video_sink(std::string_view scheme) const override { return scheme == "none" || scheme == "file"; }

  Result<std::unique_ptr<device::VideoSource>> open_camera(const DeviceUri&,
                                                           const device::VideoFormat&) override {
    return std::unique_ptr<device::VideoSource>(std::make_unique<CoveredCamera>());
  }
  Result<std::unique_ptr<device::AudioSource>> open_microphone(const DeviceUri& uri) override {
    if (uri.scheme == "none") return make_silent_microphone();
    if (uri.scheme == "tone") return make_tone_microphone(uri.rest);
    return open_wav_microphone(uri.rest);
  }
  Result<std::unique_ptr<device::AudioSink>> open_speaker(const DeviceUri& uri) override {
    if (uri.scheme == "none") return make_silent_speaker();
    if (Status good = check_path(uri, ".wav"); !good) return std::move(good).error();
    return open_wav_speaker(uri.rest);
  }
  Result<std::unique_ptr<device::VideoSink>> open_video_sink(const DeviceUri& uri) override {
    if (uri.scheme == "none") return make_blind_sink();
    if (Status good = check_path(uri, ".y4m"); !good) return std::move(good).error();
    return open_y4m_sink(uri.rest);
  }
};

}  // namespace

std::unique_ptr<device::Backend> make_backend() { return std::make_unique<FileBackend>(); }

}  // namespace sotto::device_file
