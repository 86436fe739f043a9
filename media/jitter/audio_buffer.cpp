#include "sotto/jitter/audio_buffer.hpp"

#include <algorithm>

#include "sotto/rtp/media_clock.hpp"

namespace sotto::jitter {
namespace {

// What the scheduling of the speaker's thread may add.
constexpr Duration kMargin = std::chrono::milliseconds(6);
constexpr double kInTime = 0.97;

}  // namespace

AudioBuffer::AudioBuffer() : estimator_(rtp::kAudioClockRate) {}

void AudioBuffer::insert(AudioPacket packet, TimePoint arrival) {
  const std::int64_t timestamp = timestamps_.unwrap(packet.timestamp);
  estimator_.on_arrival(timestamp, arrival);
  if (state_ == State::playing && timestamp < cursor_) {
    ++counters_.late;
    return;
  }
  if (!packets_.emplace(timestamp, std::move(packet.payload)).second) {
    ++counters_.duplicate;
    return;
  }
  if (packets_.size() > kMaxPackets) {
    ++counters_.overflowed;
    packets_.erase(packets_.begin());
  }
  if (state_ == State::idle) state_ = State::filling;
}

Duration AudioBuffer::target() const {
  return std::clamp(std::max(estimator_.quantile(kInTime) + kMargin, minimum_), kMinTarget, kMaxTarget);
}

Duration AudioBuffer::delay(std::int64_t timestamp, TimePoint now) const {
  return estimator_.has_baseline() ? now - estimator_.on_time(timestamp) : Duration::zero();
}

bool AudioBuffer::skip_if_behind(TimePoint now, Duration excess) {
  if (state_ != State::playing || delay(cursor_, now) <= target() + excess) return false;
  // Only over what is there: skipping over nothing would be a gap made by us.
  if (packets_.empty() || packets_.begin()->first != cursor_ || packets_.size() < 2) return false;
  packets_.erase(packets_.begin());
  cursor_ += kPacketSamples;
  return true;
}

AudioBuffer::Step AudioBuffer::next(TimePoint now) {
  if (state_ == State::idle) return {};
  if (state_ == State::filling) {
    const std::int64_t first = packets_.begin()->first;
    if (now < estimator_.on_time(first) + target()) return {};
    state_ = State::playing;
    cursor_ = first;
    stood_still_ = 0;
  }

  if (packets_.empty()) {
    if (stood_still_ >= kMaxConcealed) {
      state_ = State::idle;
      return {};
    }
    stood_still_ += kPacketSamples;
    counters_.concealed_samples += kPacketSamples;
    return {Action::conceal, cursor_, {}};
  }

  const std::int64_t first = packets_.begin()->first;
  // What sounded while we stood still replaces what never came.
  if (stood_still_ > 0 && first > cursor_) cursor_ += std::min<std::int64_t>(first - cursor_, stood_still_);
  stood_still_ = 0;

  if (first > cursor_) {
    const std::int64_t missing = first - cursor_;
    if (missing > kMaxConcealed) {  // a pause of the sender's, not a loss: wait for its moment again
      state_ = State::filling;
      return next(now);
    }
    const std::int64_t at = cursor_;
    counters_.concealed_samples += kPacketSamples;
    cursor_ = std::min(first, cursor_ + kPacketSamples);
    if (missing == kPacketSamples) {
      ++counters_.recovered;
      return {Action::recover, at, packets_.begin()->second};
    }
    return {Action::conceal, at, {}};
  }
  if (first < cursor_) {  // overlaps what is played already: a sender that changed its counting
    packets_.erase(packets_.begin());
    return next(now);
  }
  Step step{Action::decode, cursor_, std::move(packets_.begin()->second)};
  packets_.erase(packets_.begin());
  cursor_ += kPacketSamples;
  return step;
}

}  // namespace sotto::jitter
