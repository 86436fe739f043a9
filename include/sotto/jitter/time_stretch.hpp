// Plays speech a little faster or slower without changing its pitch: one period is left out or repeated,
// cross-faded where the waveform is most like itself (the idea of WSOLA).
//
// Pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sotto::jitter {

// Both need at least kMinStretchSamples, and return nothing when the sound is not periodic enough to do it
// unheard. Silence always can be stretched.
inline constexpr std::size_t kMinStretchSamples = 960;

// Shorter by one period: 2.5 to 10 ms.
std::optional<std::vector<std::int16_t>> shorten(std::span<const std::int16_t> samples);
// Longer by one period.
std::optional<std::vector<std::int16_t>> lengthen(std::span<const std::int16_t> samples);

}  // namespace sotto::jitter
