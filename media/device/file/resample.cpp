#include "resample.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace sotto::device_file {
namespace {

constexpr int kZeroCrossings =
    24;                        // each side; with beta 8 the transition band is about 10 % of the pass band
constexpr double kBeta = 8.0;  // stop band -80 dB
constexpr double kPassBand = 0.94;  // of the lower rate's half

double sinc(double x) { return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }

double kaiser(double x) {  // x in -1..1
  if (x <= -1 || x >= 1) return 0;
  return std::cyl_bessel_i(0.0, kBeta * std::sqrt(1 - x * x)) / std::cyl_bessel_i(0.0, kBeta);
}

}  // namespace

std::vector<std::int16_t> resample_loop(std::span<const std::int16_t> samples, std::uint32_t from_rate,
                                        std::uint32_t to_rate) {
  if (from_rate == to_rate || samples.empty()) return {samples.begin(), samples.end()};

  // Output sample n lies at input position n * step / phases.
  const std::uint32_t common = std::gcd(from_rate, to_rate);
  const std::uint64_t phases = to_rate / common;
  const std::uint64_t step = from_rate / common;
  const double cutoff = kPassBand * std::min(1.0, static_cast<double>(to_rate) / from_rate);
  const int reach = static_cast<int>(std::ceil(kZeroCrossings / cutoff));
  const std::size_t taps = 2 * static_cast<std::size_t>(reach);

  std::vector<float> kernel(phases * taps);
  for (std::uint64_t phase = 0; phase < phases; ++phase) {
    const double fraction = static_cast<double>(phase) / static_cast<double>(phases);
    double sum = 0;
    for (std::size_t tap = 0; tap < taps; ++tap) {
      const double distance = static_cast<double>(tap) - (reach - 1) - fraction;
      const double value = sinc(distance * cutoff) * kaiser(distance / reach);
      kernel[phase * taps + tap] = static_cast<float>(value);
      sum += value;
    }
    // Every phase passes a constant unchanged, else the phases' pattern becomes a tone.
    for (std::size_t tap = 0; tap < taps; ++tap) kernel[phase * taps + tap] /= static_cast<float>(sum);
  }

  const auto length = static_cast<std::int64_t>(samples.size());
  std::vector<std::int16_t> out(std::max<std::uint64_t>(1, samples.size() * phases / step));
  for (std::uint64_t n = 0; n < out.size(); ++n) {
    const auto whole = static_cast<std::int64_t>(n * step / phases);
    const float* weights = &kernel[n * step % phases * taps];
    std::int64_t at = (whole - (reach - 1)) % length;
    if (at < 0) at += length;
    float sum = 0;
    for (std::size_t tap = 0; tap < taps; ++tap) {
      sum += weights[tap] * static_cast<float>(samples[static_cast<std::size_t>(at)]);
      if (++at == length) at = 0;
    }
    out[n] = static_cast<std::int16_t>(std::lround(std::clamp(sum, -32768.0F, 32767.0F)));
  }
  return out;
}

}  // namespace sotto::device_file
