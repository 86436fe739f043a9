#include "sotto/jitter/time_stretch.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "sotto/base/random.hpp"

namespace sotto::jitter {
namespace {

std::vector<std::int16_t> tone(double hertz, double amplitude = 8000) {
  std::vector<std::int16_t> samples(kMinStretchSamples);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<std::int16_t>(
        amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / 48000));
  }
  return samples;
}

// The largest jump between neighbours: a click would be far above that of the tone itself.
int roughness(const std::vector<std::int16_t>& samples) {
  int most = 0;
  for (std::size_t i = 1; i < samples.size(); ++i)
    most = std::max(most, std::abs(samples[i] - samples[i - 1]));
  return most;
}

TEST(TimeStretch, shortens_and_lengthens_periodic_sound_without_a_click) {
  for (const double hertz : {110.0, 150.0, 220.0, 313.0, 440.0, 1000.0}) {
    const auto original = tone(hertz);
    const auto shorter = shorten(original);
    const auto longer = lengthen(original);
    ASSERT_TRUE(shorter) << hertz;
    ASSERT_TRUE(longer) << hertz;
    EXPECT_LE(shorter->size() + 120, original.size());
    EXPECT_GE(longer->size(), original.size() + 120);
    EXPECT_LE(roughness(*shorter), roughness(original) * 1.5 + 2) << hertz;
    EXPECT_LE(roughness(*longer), roughness(original) * 1.5 + 2) << hertz;
  }
}

TEST(TimeStretch, keeps_both_ends_so_that_neighbours_join) {
  const auto original = tone(200);
  const auto shorter = *shorten(original);
  EXPECT_EQ(shorter.front(), original.front());
  EXPECT_EQ(shorter.back(), original.back());
  const auto longer = *lengthen(original);
  EXPECT_EQ(longer.front(), original.front());
  EXPECT_EQ(longer.back(), original.back());
}

TEST(TimeStretch, leaves_noise_alone_and_always_stretches_silence) {
  SeededRandom random(1);
  std::vector<std::int16_t> noise(kMinStretchSamples);
  for (auto& sample : noise) sample = static_cast<std::int16_t>(static_cast<int>(random.below(16000)) - 8000);
  EXPECT_FALSE(shorten(noise));
  EXPECT_FALSE(lengthen(noise));
  const auto silence = tone(100, 5);
  EXPECT_EQ(shorten(silence)->size(), kMinStretchSamples - 480);
  EXPECT_EQ(lengthen(silence)->size(), kMinStretchSamples + 480);
}

TEST(TimeStretch, needs_enough_to_compare) {
  EXPECT_FALSE(shorten(std::vector<std::int16_t>(kMinStretchSamples - 1)));
  EXPECT_FALSE(lengthen({}));
}

}  // namespace
}  // namespace sotto::jitter
