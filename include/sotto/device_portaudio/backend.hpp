// Microphones and speakers through PortAudio: portaudio: (the default one), portaudio:NAME.
#pragma once

#include <memory>

#include "sotto/device/factory.hpp"

namespace sotto::device_portaudio {

std::unique_ptr<device::Backend> make_backend();

}  // namespace sotto::device_portaudio
