#include <algorithm>
#include <chrono>

#include "sotto/call/audio_path.hpp"
#include "sotto/jitter/time_stretch.hpp"

namespace sotto::call {
namespace {

using jitter::AudioBuffer;
using std::chrono::milliseconds;

// Within this of the target nothing is stretched: one period is 2.5 to 10 ms.
constexpr Duration kTolerance = milliseconds(8);
// Every second packet at most, so a change of 25 % at worst: faster is heard.
constexpr int kStretchPause = 2;
// Packets over which the distance to the target is smoothed: speakers that take three blocks every 30 ms
// would else be stretched to and fro.
constexpr int kSmoothing = 6;
// Further behind, whole packets are left out: stretching would take seconds.
constexpr Duration kFarBehind = milliseconds(250);

}  // namespace

void AudioReceiver::handle_packet(jitter::AudioPacket packet, TimePoint arrival) {
  buffer_.insert(std::move(packet), arrival);
}

codec::AudioFrame AudioReceiver::samples_of(const AudioBuffer::Step& step) {
  switch (step.action) {
    case AudioBuffer::Action::decode:
      if (auto frame = decoder_->decode(step.payload)) return *frame;
      break;
    case AudioBuffer::Action::recover:
      if (auto frame = decoder_->recover(step.payload)) return *frame;
      break;
    default: break;
  }
  return decoder_->conceal();
}

void AudioReceiver::stretch_and_append(const codec::AudioFrame& frame) {
  ++since_stretch_;
  if (since_stretch_ >= kStretchPause && behind_ && (*behind_ > kTolerance || *behind_ < -kTolerance)) {
    if (const auto changed = *behind_ > Duration::zero() ? jitter::shorten(frame) : jitter::lengthen(frame)) {
      const auto more = static_cast<std::int64_t>(changed->size()) - static_cast<std::int64_t>(frame.size());
      since_stretch_ = 0;
      *behind_ += rtp::from_ticks(more, media::kSampleRate);
      stretched_samples_ += static_cast<std::uint64_t>(more < 0 ? -more : more);
      queue_.insert(queue_.end(), changed->begin(), changed->end());
      return;
    }
  }
  queue_.insert(queue_.end(), frame.begin(), frame.end());
}

bool AudioReceiver::append_packet(TimePoint now) {
  while (buffer_.skip_if_behind(now, kFarBehind)) {
    stretched_samples_ += jitter::kPacketSamples;
    behind_.reset();
  }
  const AudioBuffer::Step step = buffer_.next(now);
  if (step.action == AudioBuffer::Action::wait) {
    behind_.reset();
    return false;
  }
  if (step.action == AudioBuffer::Action::decode) {
    const TimePoint played =
        now + rtp::from_ticks(static_cast<std::int64_t>(queue_.size()), media::kSampleRate);
    const Duration behind = buffer_.delay(step.timestamp, played) - buffer_.target();
    behind_ = behind_ ? *behind_ + (behind - *behind_) / kSmoothing : behind;
  }
  stretch_and_append(samples_of(step));
  queue_end_ = step.timestamp + jitter::kPacketSamples;
  return true;
}

bool AudioReceiver::play(media::AudioBlock& block, TimePoint now) {
  while (queue_.size() < media::kBlockSamples) {
    if (!append_packet(now)) break;
  }
  if (queue_.empty()) {
    block.samples.fill(0);
    meter_.add(block);
    last_delay_ = {};
    return false;
  }
  const std::int64_t first = queue_end_ - static_cast<std::int64_t>(queue_.size());
  last_delay_ = buffer_.delay(first, now);
  const std::size_t count = std::min<std::size_t>(queue_.size(), media::kBlockSamples);
  const auto end = std::copy_n(queue_.begin(), count, block.samples.begin());
  std::fill(end, block.samples.end(), std::int16_t{0});
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));

  // Named by the nearest block of the sender's: stretching moves us by parts of one.
  const std::int64_t packet = queue_end_ - jitter::kPacketSamples;
  const std::int64_t blocks =
      (first - packet + (first >= packet ? 1 : -1) * media::kBlockSamples / 2) / media::kBlockSamples;
  block.rtp_timestamp = static_cast<std::uint32_t>(packet + blocks * media::kBlockSamples);
  meter_.add(block);
  return true;
}

AudioReceiver::Stats AudioReceiver::stats() const {
  return {.level = meter_.level(),
          .delay = last_delay_,
          .target = buffer_.target(),
          .concealed_samples = buffer_.counters().concealed_samples,
          .stretched_samples = stretched_samples_,
          .late = buffer_.counters().late,
          .recovered = buffer_.counters().recovered};
}

}  // namespace sotto::call
