// Which tone a recording has.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sotto/base/result.hpp"

namespace sotto::test {

struct Tone {
  double hertz = 0;      // of the strongest frequency, to a fraction of a hertz
  double share = 0;      // of the power that lies within 20 Hz of it, 0..1
  double amplitude = 0;  // of the whole recording, root mean square, 0..32768
};
// Looks at the loudest stretch of at most 65536 samples; invalid_argument for fewer than 4096.
Result<Tone> find_tone(std::span<const std::int16_t> samples, std::uint32_t rate);
Result<Tone> find_tone_in_wav(const std::string& path);

}  // namespace sotto::test
