#include "support/call_tools/tone.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "device/file/wav.hpp"

namespace sotto::test {
namespace {

using Complex = std::complex<double>;

// In place, radix 2.
void fourier(std::vector<Complex>& values) {
  const std::size_t n = values.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(values[i], values[j]);
  }
  for (std::size_t length = 2; length <= n; length *= 2) {
    const Complex turn = std::polar(1.0, -2 * std::numbers::pi / static_cast<double>(length));
    for (std::size_t begin = 0; begin < n; begin += length) {
      Complex factor = 1;
      for (std::size_t k = 0; k < length / 2; ++k) {
        const Complex even = values[begin + k], odd = values[begin + k + length / 2] * factor;
        values[begin + k] = even + odd;
        values[begin + k + length / 2] = even - odd;
        factor *= turn;
      }
    }
  }
}

double energy(std::span<const std::int16_t> samples) {
  double sum = 0;
  for (const double sample : samples) sum += sample * sample;
  return sum;
}

}  // namespace

Result<Tone> find_tone(std::span<const std::int16_t> samples, std::uint32_t rate) {
  constexpr std::size_t kLeast = 4096, kMost = 65536;
  if (samples.size() < kLeast)
    return fail(ErrorCode::invalid_argument, "The recording is too short to tell its tone.");
  const std::size_t size = std::min(kMost, std::bit_floor(samples.size()));
  std::span<const std::int16_t> stretch = samples.first(size);
  for (std::size_t at = 0; at + size <= samples.size(); at += size / 4) {
    if (energy(samples.subspan(at, size)) > energy(stretch)) stretch = samples.subspan(at, size);
  }

  std::vector<Complex> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double window =
        0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size));
    values[i] = stretch[i] * window;
  }
  fourier(values);
  std::vector<double> power(size / 2);
  for (std::size_t i = 0; i < power.size(); ++i) power[i] = std::norm(values[i]);

  const double width = static_cast<double>(rate) / static_cast<double>(size);
  const auto lowest = static_cast<std::size_t>(std::ceil(20 / width));  // not a constant
  const auto peak = static_cast<std::size_t>(
      std::max_element(power.begin() + static_cast<std::ptrdiff_t>(lowest), power.end() - 1) - power.begin());
  double total = 0, near = 0;
  for (std::size_t i = lowest; i < power.size(); ++i) {
    total += power[i];
    if (std::abs(static_cast<double>(i) - static_cast<double>(peak)) * width <= 20) near += power[i];
  }
  Tone tone;
  tone.amplitude = std::sqrt(energy(samples) / static_cast<double>(samples.size()));
  if (total <= 0 || power[peak] <= 0) return tone;
  tone.share = near / total;
  // The top of the parabola through the peak and its neighbours, in decibels.
  const auto level = [&](std::size_t i) { return std::log(std::max(power[i], 1e-9)); };
  const double left = level(peak - 1), middle = level(peak), right = level(peak + 1);
  const double bend = left - 2 * middle + right;
  const double offset = bend == 0 ? 0 : 0.5 * (left - right) / bend;
  tone.hertz = (static_cast<double>(peak) + offset) * width;
  return tone;
}

Result<Tone> find_tone_in_wav(const std::string& path) {
  auto wav = device_file::read_wav(path);
  if (!wav) return std::move(wav).error();
  return find_tone(wav->samples, wav->rate);
}

}  // namespace sotto::test
