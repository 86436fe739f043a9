// What the audio callbacks do with samples: cut what a sound card gives, in portions of any size, into blocks
// of 480, and fill portions of any size from such blocks. Mono or interleaved stereo. No allocation, no lock.
#pragma once

#include <cstdint>

#include "sotto/device/spsc_ring.hpp"
#include "sotto/media/audio_block.hpp"

namespace sotto::device_portaudio {

using BlockRing = device::SpscRing<media::AudioBlock>;

// Thread: the callback's.
class BlockCutter {
 public:
  BlockCutter(BlockRing& ring, int channels) : ring_(ring), channels_(channels) {}

  // `samples` null: silence. `captured`: of the first sample. Returns how many blocks did not fit into the
  // ring.
  int take(const std::int16_t* samples, std::size_t frames, TimePoint captured);

 private:
  BlockRing& ring_;
  int channels_;
  media::AudioBlock block_;
  std::size_t filled_ = 0;
};

class BlockPourer {
 public:
  BlockPourer(BlockRing& ring, int channels) : ring_(ring), channels_(channels) {}

  // Returns how many times the ring was empty when a block was needed (silence was played instead).
  int pour(std::int16_t* samples, std::size_t frames);

 private:
  BlockRing& ring_;
  int channels_;
  media::AudioBlock block_;
  std::size_t used_ = media::kBlockSamples;
};

}  // namespace sotto::device_portaudio
