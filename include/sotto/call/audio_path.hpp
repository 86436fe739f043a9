// Sound on its two ways: blocks from the microphone to Opus packets, packets from the far side to blocks for
// the speaker. Both are cores; each belongs to one thread, which for a real call is its device's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/time.hpp"
#include "sotto/codec/audio_codec.hpp"
#include "sotto/jitter/audio_buffer.hpp"
#include "sotto/media/audio_block.hpp"
#include "sotto/rtp/media_clock.hpp"
#include "sotto/rtp/unwrap.hpp"

namespace sotto::call {

// Root mean square of the last 100 ms, 0..1 of full scale.
class LevelMeter {
 public:
  void add(const media::AudioBlock& block);
  double level() const;

 private:
  static constexpr std::size_t kBlocks = 10;
  std::array<double, kBlocks> squares_{};
  std::size_t next_ = 0;
};

struct EncodedAudio {
  Bytes payload;
  std::uint32_t rtp_timestamp = 0;
  TimePoint captured{};
};

class AudioSender {
 public:
  AudioSender(std::unique_ptr<codec::AudioEncoder> encoder, std::uint32_t timestamp_offset)
      : encoder_(std::move(encoder)), clock_(timestamp_offset) {}

  // Sets block.rtp_timestamp; every second block completes a packet.
  Result<std::optional<EncodedAudio>> handle_block(media::AudioBlock& block);
  void set_expected_loss(double fraction) { encoder_->set_expected_loss(fraction); }
  double level() const { return meter_.level(); }

 private:
  std::unique_ptr<codec::AudioEncoder> encoder_;
  rtp::AudioClock clock_;
  LevelMeter meter_;
  codec::AudioFrame frame_{};
  bool half_ = false;
  std::uint32_t frame_timestamp_ = 0;
  TimePoint frame_captured_{};
};

class AudioReceiver {
 public:
  struct Stats {
    double level = 0;
    Duration delay{};  // how far behind the earliest possible moment the last block was played
    Duration target{};
    std::uint64_t concealed_samples = 0, stretched_samples = 0, late = 0, recovered = 0;
  };

  explicit AudioReceiver(std::unique_ptr<codec::AudioDecoder> decoder) : decoder_(std::move(decoder)) {}

  void handle_packet(jitter::AudioPacket packet, TimePoint arrival);
  // The next 10 ms, whose first sample is heard at `now`. False: silence, nothing is being received.
  bool play(media::AudioBlock& block, TimePoint now);

  // Lip sync: see jitter::AudioBuffer::set_minimum().
  void set_minimum_delay(Duration minimum) { buffer_.set_minimum(minimum); }
  Stats stats() const;

 private:
  // Decodes, recovers or conceals 20 ms into the queue. False: nothing to play.
  bool append_packet(TimePoint now);
  codec::AudioFrame samples_of(const jitter::AudioBuffer::Step& step);
  void stretch_and_append(const codec::AudioFrame& frame);

  std::unique_ptr<codec::AudioDecoder> decoder_;
  jitter::AudioBuffer buffer_;
  std::vector<std::int16_t> queue_;  // decoded, not played; at most 40 ms
  std::int64_t queue_end_ = 0;       // unwrapped timestamp after its last sample
  int since_stretch_ = 0;
  std::optional<Duration> behind_;  // the target, smoothed: a speaker may ask for several blocks at once
  std::uint64_t stretched_samples_ = 0;
  Duration last_delay_{};
  LevelMeter meter_;
};

}  // namespace sotto::call
