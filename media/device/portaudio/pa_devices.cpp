#include "pa_devices.hpp"

#include <algorithm>

namespace sotto::device_portaudio {
namespace {

int channels(const PaDeviceInfo& info, Direction direction) {
  return direction == Direction::input ? info.maxInputChannels : info.maxOutputChannels;
}

PaDeviceIndex default_device(Direction direction) {
  return direction == Direction::input ? Pa_GetDefaultInputDevice() : Pa_GetDefaultOutputDevice();
}

const char* word(Direction direction) { return direction == Direction::input ? "microphone" : "speaker"; }

template <class Use>
void for_each_device(Direction direction, Use use) {
  const PaDeviceIndex count = Pa_GetDeviceCount();  // negative for an error: then there is none
  for (PaDeviceIndex i = 0; i < count; ++i) {
    const PaDeviceInfo* info = Pa_GetDeviceInfo(i);
    if (info != nullptr && info->name != nullptr && channels(*info, direction) > 0)
      use(i, std::string(info->name));
  }
}

}  // namespace

Result<PaDeviceIndex> find_device(Direction direction, const std::string& name) {
  if (name.empty()) {
    const PaDeviceIndex index = default_device(direction);
    if (index != paNoDevice) return index;
    return fail(ErrorCode::unavailable,
                std::string("No ") + word(direction) + " was found on this computer.");
  }
  PaDeviceIndex exact = paNoDevice;
  PaDeviceIndex similar = paNoDevice;
  for_each_device(direction, [&](PaDeviceIndex index, const std::string& found) {
    if (exact == paNoDevice && found == name) exact = index;
    if (similar == paNoDevice && found.find(name) != std::string::npos) similar = index;
  });
  if (exact != paNoDevice) return exact;
  if (similar != paNoDevice) return similar;
  return fail(ErrorCode::unavailable,
              std::string("There is no ") + word(direction) + " called \"" + name + "\".");
}

bool is_for_people(std::string_view name) {
  // "HDA Intel PCH: ALC257 Analog (hw:0,0)" is a card; "surround51", "dmix" and so on are ways to use one.
  return name.find("(hw:") != std::string_view::npos || name == "pulse" || name == "pipewire";
}

std::vector<device::DeviceEntry> list_devices(Direction direction) {
  std::vector<device::DeviceEntry> entries;
  if (default_device(direction) != paNoDevice) entries.push_back({"portaudio:", "System default"});
  for_each_device(direction, [&](PaDeviceIndex, const std::string& name) {
    const std::string uri = "portaudio:" + name;
    if (is_for_people(name) && device::parse_device_uri(uri).ok()) entries.push_back({uri, name});
  });
  return entries;
}

}  // namespace sotto::device_portaudio
