// Which of PortAudio's devices is meant by a name, and which are worth showing to people.
#pragma once

#include <portaudio.h>

#include <string>
#include <vector>

#include "sotto/base/result.hpp"
#include "sotto/device/factory.hpp"

namespace sotto::device_portaudio {

enum class Direction { input, output };

// An empty name: the system's default. Otherwise the device of exactly that name, or else the first that
// contains it. unavailable with a sentence when there is none. Needs a session and its lock.
Result<PaDeviceIndex> find_device(Direction direction, const std::string& name);

// The default first, under the name "System default"; then sound cards and sound servers, without ALSA's many
// plug-ins. Needs a session and its lock.
std::vector<device::DeviceEntry> list_devices(Direction direction);

// Whether a device of this name is for people: see list_devices().
bool is_for_people(std::string_view name);

}  // namespace sotto::device_portaudio
