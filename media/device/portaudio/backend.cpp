#include "sotto/device_portaudio/backend.hpp"

#include "audio_devices.hpp"
#include "pa_devices.hpp"
#include "pa_session.hpp"
#include "sotto/base/log.hpp"

namespace sotto::device_portaudio {
namespace {

using device::DeviceUri;

class PortAudioBackend final : public device::Backend {
 public:
  bool has_microphone(std::string_view scheme) const override { return scheme == "portaudio"; }
  bool has_speaker(std::string_view scheme) const override { return scheme == "portaudio"; }

  Result<std::unique_ptr<device::AudioSource>> open_microphone(const DeviceUri& uri) override {
    return make_microphone(uri.rest);
  }
  Result<std::unique_ptr<device::AudioSink>> open_speaker(const DeviceUri& uri) override {
    return make_speaker(uri.rest);
  }

  // PortAudio looks at the machine when it is initialised: while a device is open the list is that of the
  // moment when the first one was opened.
  void list(device::DeviceList& all) override {
    auto session = PaSession::begin();
    if (!session) {
      log::warning("portaudio.unavailable", {{"code", to_string(session.error().code)}});
      return;
    }
    const auto held = PaSession::lock();
    for (auto& entry : list_devices(Direction::input)) all.microphones.push_back(std::move(entry));
    for (auto& entry : list_devices(Direction::output)) all.speakers.push_back(std::move(entry));
  }
};

}  // namespace

std::unique_ptr<device::Backend> make_backend() { return std::make_unique<PortAudioBackend>(); }

}  // namespace sotto::device_portaudio
