#include "device/file/resample.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace sotto::device_file {
namespace {

// A whole number of periods, so that the loop has no seam.
std::vector<std::int16_t> sine(double hertz, std::uint32_t rate, double seconds, double amplitude) {
  std::vector<std::int16_t> out(static_cast<std::size_t>(std::lround(rate * seconds)));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::int16_t>(
        std::lround(amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate)));
  }
  return out;
}

double rms(std::span<const std::int16_t> samples) {
  double sum = 0;
  for (const double sample : samples) sum += sample * sample;
  return std::sqrt(sum / static_cast<double>(samples.size()));
}

TEST(Resample, keeps_a_tone_within_60_decibels_of_the_ideal_one) {
  for (const std::uint32_t rate : {8000U, 16000U, 22050U, 44100U, 96000U}) {
    const auto out = resample_loop(sine(1000, rate, 0.2, 16000), rate, 48000);
    const auto ideal = sine(1000, 48000, 0.2, 16000);
    ASSERT_EQ(out.size(), ideal.size()) << rate;
    std::vector<std::int16_t> error(out.size());
    for (std::size_t i = 0; i < out.size(); ++i) error[i] = static_cast<std::int16_t>(out[i] - ideal[i]);
    EXPECT_LT(rms(error), rms(ideal) / 1000) << rate;
  }
}

TEST(Resample, removes_what_the_lower_rate_cannot_carry) {
  const auto out = resample_loop(sine(30000, 96000, 0.2, 16000), 96000, 48000);
  EXPECT_LT(rms(out), 16000 / std::sqrt(2.0) / 1000);
}

TEST(Resample, clips_instead_of_wrapping_round) {
  std::vector<std::int16_t> square(1600);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i / 40 % 2 == 0 ? 32767 : -32768;
  const auto out = resample_loop(square, 16000, 48000);
  ASSERT_EQ(out.size(), 4800U);
  for (std::size_t i = 10; i < 110; ++i) EXPECT_GT(out[i], 0) << i;
}

TEST(Resample, copies_when_the_rate_is_right_and_survives_a_single_sample) {
  EXPECT_EQ(resample_loop(std::vector<std::int16_t>{1, 2, 3}, 48000, 48000),
            (std::vector<std::int16_t>{1, 2, 3}));
  EXPECT_EQ(resample_loop(std::vector<std::int16_t>{100}, 192000, 4000), (std::vector<std::int16_t>{100}));
}

}  // namespace
}  // namespace sotto::device_file
