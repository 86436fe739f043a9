#include "support/call_tools/tone.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "sotto/base/random.hpp"

namespace sotto::test {
namespace {

std::vector<std::int16_t> tone(double hertz, std::size_t count, double amplitude, double noise) {
  SeededRandom random(3);
  std::vector<std::int16_t> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double hiss = noise * (static_cast<double>(random.below(2001)) / 1000 - 1);
    out[i] = static_cast<std::int16_t>(std::lround(
        amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / 48000) + hiss));
  }
  return out;
}

TEST(FindTone, tells_the_frequency_to_a_tenth_of_a_hertz) {
  for (const double hertz : {100.0, 440.0, 997.3, 7040.0, 19000.0}) {
    const auto found = find_tone(tone(hertz, 96000, 8000, 0), 48000);
    ASSERT_TRUE(found.ok());
    EXPECT_NEAR(found->hertz, hertz, 0.1);
    EXPECT_GT(found->share, 0.99);
    EXPECT_NEAR(found->amplitude, 8000 / std::sqrt(2.0), 20);
  }
}

TEST(FindTone, hears_it_through_noise_and_after_silence) {
  std::vector<std::int16_t> samples(48000 * 3);
  const auto part = tone(440, 48000, 4000, 3000);
  samples.insert(samples.end(), part.begin(), part.end());
  const auto found = find_tone(samples, 48000);
  ASSERT_TRUE(found.ok());
  EXPECT_NEAR(found->hertz, 440, 0.5);
}

TEST(FindTone, finds_none_in_noise_or_silence) {
  const auto noise = find_tone(tone(440, 65536, 0, 8000), 48000);
  ASSERT_TRUE(noise.ok());
  EXPECT_LT(noise->share, 0.05);
  const auto silence = find_tone(std::vector<std::int16_t>(48000), 48000);
  ASSERT_TRUE(silence.ok());
  EXPECT_EQ(silence->hertz, 0);
  EXPECT_EQ(silence->amplitude, 0);
  EXPECT_FALSE(find_tone(std::vector<std::int16_t>(100), 48000).ok());
}

}  // namespace
}  // namespace sotto::test
