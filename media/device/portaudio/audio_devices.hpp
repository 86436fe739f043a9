// Microphone and speaker through PortAudio.
//
// Two threads each: PortAudio's callback, which only moves samples between the card and a lock-free ring, and
// our own, which opens the device, calls the user's callback and watches whether the device is still there.
#pragma once

#include <memory>
#include <string>

#include "sotto/device/device.hpp"

namespace sotto::device_portaudio {

std::unique_ptr<device::AudioSource> make_microphone(const std::string& name);
std::unique_ptr<device::AudioSink> make_speaker(const std::string& name);

// A device that neither called back for so long nor said why is taken for gone.
inline constexpr Duration kSilentForGood = std::chrono::seconds(3);
// How often a thread without work looks whether it shall stop and whether the device is there.
inline constexpr Duration kLookAround = std::chrono::milliseconds(50);

}  // namespace sotto::device_portaudio
