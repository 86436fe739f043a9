// Microphones and speakers that are no hardware, paced by the clock.
#pragma once

#include <memory>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/device/device.hpp"

namespace sotto::device_file {

std::unique_ptr<device::AudioSource> make_silent_microphone();
// `text`: hertz, 20..20000. A quarter of full scale.
Result<std::unique_ptr<device::AudioSource>> make_tone_microphone(const std::string& text);
Result<std::unique_ptr<device::AudioSource>> open_wav_microphone(const std::string& path);

// Asks for sound and forgets it, so that what comes before it keeps moving.
std::unique_ptr<device::AudioSink> make_silent_speaker();
Result<std::unique_ptr<device::AudioSink>> open_wav_speaker(const std::string& path);

}  // namespace sotto::device_file
