#include <algorithm>
#include <cmath>

#include "sotto/call/audio_path.hpp"

namespace sotto::call {

void LevelMeter::add(const media::AudioBlock& block) {
  double sum = 0;
  for (const std::int16_t sample : block.samples) sum += static_cast<double>(sample) * sample;
  squares_[next_] = sum / media::kBlockSamples;
  next_ = (next_ + 1) % kBlocks;
}

double LevelMeter::level() const {
  double sum = 0;
  for (const double square : squares_) sum += square;
  return std::min(1.0, std::sqrt(sum / static_cast<double>(kBlocks)) / 32768);
}

Result<std::optional<EncodedAudio>> AudioSender::handle_block(media::AudioBlock& block) {
  block.rtp_timestamp = clock_.timestamp(block.captured, media::kBlockSamples);
  meter_.add(block);
  if (half_ && block.rtp_timestamp != frame_timestamp_ + media::kBlockSamples)
    half_ = false;  // a gap: start anew
  if (!half_) {
    std::copy(block.samples.begin(), block.samples.end(), frame_.begin());
    frame_timestamp_ = block.rtp_timestamp;
    frame_captured_ = block.captured;
    half_ = true;
    return std::optional<EncodedAudio>();
  }
  std::copy(block.samples.begin(), block.samples.end(), frame_.begin() + media::kBlockSamples);
  half_ = false;
  auto packet = encoder_->encode(frame_);
  if (!packet) return std::move(packet).error();
  return std::optional(EncodedAudio{*std::move(packet), frame_timestamp_, frame_captured_});
}

}  // namespace sotto::call
