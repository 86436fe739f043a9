// Brings a whole recording from one sampling rate to another, once, when it is opened.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sotto::device_file {

// Windowed-sinc interpolation (Kaiser window, stop band about -80 dB). The recording is taken as a loop: its
// end meets its beginning, so that playing it over and over does not click. Rates 4000..192000.
std::vector<std::int16_t> resample_loop(std::span<const std::int16_t> samples, std::uint32_t from_rate,
                                        std::uint32_t to_rate);

}  // namespace sotto::device_file
