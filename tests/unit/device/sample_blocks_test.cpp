#include "device/portaudio/sample_blocks.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace sotto::device_portaudio {
namespace {

constexpr TimePoint kBegin = TimePoint(std::chrono::seconds(10));

std::vector<std::int16_t> counting(std::size_t count) {
  std::vector<std::int16_t> samples(count);
  std::iota(samples.begin(), samples.end(), std::int16_t{0});
  return samples;
}

TEST(BlockCutter, makes_whole_blocks_of_portions_of_any_size) {
  BlockRing ring(8);
  BlockCutter cutter(ring, 1);
  const auto samples = counting(1000);
  std::size_t at = 0;
  for (const std::size_t portion : {std::size_t{1}, std::size_t{478}, std::size_t{3}, std::size_t{518}}) {
    const TimePoint captured = kBegin + std::chrono::nanoseconds(at * 1'000'000'000 / 48000);
    EXPECT_EQ(cutter.take(&samples[at], portion, captured), 0);
    at += portion;
  }
  ASSERT_EQ(ring.size(), 2U);
  media::AudioBlock block;
  for (int number = 0; number < 2; ++number) {
    ASSERT_TRUE(ring.pop(block));
    for (int i = 0; i < media::kBlockSamples; ++i)
      EXPECT_EQ(block.samples[static_cast<std::size_t>(i)], number * 480 + i);
    EXPECT_NEAR(static_cast<double>((block.captured - kBegin).count()), number * 1e7, 2);
  }
}

TEST(BlockCutter, mixes_stereo_and_takes_nothing_for_silence) {
  BlockRing ring(8);
  BlockCutter cutter(ring, 2);
  std::vector<std::int16_t> samples(960);
  for (std::size_t i = 0; i < 480; ++i) {
    samples[2 * i] = 32767;
    samples[2 * i + 1] = 32765;
  }
  EXPECT_EQ(cutter.take(samples.data(), 480, kBegin), 0);
  EXPECT_EQ(cutter.take(nullptr, 480, kBegin), 0);
  media::AudioBlock block;
  ASSERT_TRUE(ring.pop(block));
  EXPECT_EQ(block.samples[17], 32766);
  ASSERT_TRUE(ring.pop(block));
  EXPECT_EQ(block.samples[17], 0);
}

TEST(BlockCutter, counts_what_nobody_fetched) {
  BlockRing ring(2);
  BlockCutter cutter(ring, 1);
  const auto samples = counting(480 * 5);
  EXPECT_EQ(cutter.take(samples.data(), samples.size(), kBegin), 3);
}

TEST(BlockPourer, fills_portions_of_any_size_and_plays_silence_when_there_is_nothing) {
  BlockRing ring(8);
  BlockPourer pourer(ring, 2);
  media::AudioBlock block;
  for (std::size_t i = 0; i < block.samples.size(); ++i) block.samples[i] = static_cast<std::int16_t>(i + 1);
  ring.push(block);
  std::vector<std::int16_t> out(2 * 1000, 99);
  EXPECT_EQ(pourer.pour(out.data(), 100), 0);
  EXPECT_EQ(pourer.pour(&out[200], 900),
            2);  // 480 are there, 420 and more are not: two blocks of silence begun
  for (std::size_t i = 0; i < 1000; ++i) {
    const int expected = i < 480 ? static_cast<int>(i + 1) : 0;
    EXPECT_EQ(out[2 * i], expected);
    EXPECT_EQ(out[2 * i + 1], expected);
  }
}

}  // namespace
}  // namespace sotto::device_portaudio
