#include "sotto/jitter/time_stretch.hpp"

#include <algorithm>
#include <cmath>

namespace sotto::jitter {
namespace {

// Periods from 400 Hz down to 100 Hz; lower voices match at a multiple or not at all.
constexpr std::size_t kMinPeriod = 120;
constexpr std::size_t kMaxPeriod = 480;
// Every fourth sample is enough to find the period; the cross-fade hides the rest.
constexpr std::size_t kStep = 4;
// Less alike than this is heard as a click or echo. Chosen by the correlation of voiced speech, 0.9 and up.
constexpr double kAlike = 0.85;
// Below this mean square (about -60 dBFS) nobody hears where the cut is.
constexpr double kSilence = 30.0 * 30.0;

struct Match {
  std::size_t period = kMaxPeriod;
  bool good = false;
};

// Compares the first kMaxPeriod samples with those one period later.
Match find_period(std::span<const std::int16_t> samples) {
  double energy = 0;
  for (std::size_t i = 0; i < samples.size(); i += kStep) energy += double{1} * samples[i] * samples[i];
  if (energy * kStep / static_cast<double>(samples.size()) < kSilence) return {kMaxPeriod, true};

  Match best;
  double best_value = kAlike;
  for (std::size_t period = kMinPeriod; period <= kMaxPeriod; period += kStep / 2) {
    double product = 0, first = 1, second = 1;
    for (std::size_t i = 0; i < kMaxPeriod; i += kStep) {
      const double a = samples[i], b = samples[i + period];
      product += a * b;
      first += a * a;
      second += b * b;
    }
    const double value = product / std::sqrt(first * second);
    if (value > best_value) {
      best_value = value;
      best = {period, true};
    }
  }
  return best;
}

std::int16_t mix(std::int16_t a, std::int16_t b, std::size_t at, std::size_t length) {
  const auto weight = static_cast<int>(at), all = static_cast<int>(length);
  return static_cast<std::int16_t>((a * (all - weight) + b * weight) / all);
}

}  // namespace

std::optional<std::vector<std::int16_t>> shorten(std::span<const std::int16_t> samples) {
  if (samples.size() < kMinStretchSamples) return std::nullopt;
  const Match match = find_period(samples);
  if (!match.good) return std::nullopt;
  const std::size_t period = match.period;
  std::vector<std::int16_t> out;
  out.reserve(samples.size() - period);
  for (std::size_t i = 0; i < period; ++i) out.push_back(mix(samples[i], samples[i + period], i, period));
  out.insert(out.end(), samples.begin() + static_cast<std::ptrdiff_t>(2 * period), samples.end());
  return out;
}

std::optional<std::vector<std::int16_t>> lengthen(std::span<const std::int16_t> samples) {
  if (samples.size() < kMinStretchSamples) return std::nullopt;
  const Match match = find_period(samples);
  if (!match.good) return std::nullopt;
  const std::size_t period = match.period;
  std::vector<std::int16_t> out(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(period));
  out.reserve(samples.size() + period);
  // From the second period back into the first, then on as before.
  for (std::size_t i = 0; i < period; ++i) out.push_back(mix(samples[i + period], samples[i], i, period));
  out.insert(out.end(), samples.begin() + static_cast<std::ptrdiff_t>(period), samples.end());
  return out;
}

}  // namespace sotto::jitter
