// Ten milliseconds of sound: 480 samples, 48 kHz, mono, 16 bits. The unit in which capture, processing
// and playout hand sound to each other; two make one Opus frame.
#pragma once

#include <array>
#include <cstdint>

#include "sotto/base/time.hpp"

namespace sotto::media {

inline constexpr int kSampleRate = 48000;
inline constexpr int kBlockSamples = 480;
inline constexpr Duration kBlockDuration = std::chrono::milliseconds(10);

struct AudioBlock {
  std::array<std::int16_t, kBlockSamples> samples{};
  TimePoint captured{};             // of the first sample
  std::uint32_t rtp_timestamp = 0;  // 48 kHz, of the first sample
};

}  // namespace sotto::media
