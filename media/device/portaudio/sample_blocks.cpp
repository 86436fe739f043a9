#include "sample_blocks.hpp"

namespace sotto::device_portaudio {
namespace {

Duration length_of(std::size_t samples) {
  return Duration(static_cast<std::int64_t>(samples) * 1'000'000'000 / media::kSampleRate);
}

}  // namespace

int BlockCutter::take(const std::int16_t* samples, std::size_t frames, TimePoint captured) {
  int lost = 0;
  for (std::size_t i = 0; i < frames; ++i) {
    if (filled_ == 0) block_.captured = captured + length_of(i);
    std::int16_t sample = 0;
    if (samples != nullptr && channels_ == 1) sample = samples[i];
    if (samples != nullptr && channels_ == 2) {
      sample = static_cast<std::int16_t>((samples[2 * i] + samples[2 * i + 1]) / 2);
    }
    block_.samples[filled_] = sample;
    if (++filled_ == block_.samples.size()) {
      filled_ = 0;
      lost += ring_.push(block_) ? 0 : 1;
    }
  }
  return lost;
}

int BlockPourer::pour(std::int16_t* samples, std::size_t frames) {
  int missed = 0;
  for (std::size_t i = 0; i < frames; ++i) {
    if (used_ == block_.samples.size()) {
      used_ = 0;
      if (!ring_.pop(block_)) {
        block_.samples.fill(0);
        ++missed;
      }
    }
    for (int channel = 0; channel < channels_; ++channel) *samples++ = block_.samples[used_];
    ++used_;
  }
  return missed;
}

}  // namespace sotto::device_portaudio
