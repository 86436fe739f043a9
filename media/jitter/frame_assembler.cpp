#include "sotto/jitter/frame_assembler.hpp"

#include <algorithm>

namespace sotto::jitter {

FrameAssembler::Packets::iterator FrameAssembler::erase(Packets::iterator it) {
  bytes_ -= it->second.packet.payload.size();
  return packets_.erase(it);
}

void FrameAssembler::insert(VideoPacket packet, TimePoint now) {
  const std::int64_t sequence = sequences_.unwrap(packet.sequence);
  if (next_ && sequence < *next_) {
    ++counters_.late;
    return;
  }
  if (packets_.contains(sequence)) {
    ++counters_.duplicate;
    return;
  }
  if (packets_.size() >= kMaxPackets || bytes_ + packet.payload.size() > kMaxBytes) {
    ++counters_.overflowed;
    give_up();
    counters_.dropped_packets += packets_.size();
    packets_.clear();
    bytes_ = 0;
    next_ = sequence;
  }
  seen_since_seeking_ = true;
  bytes_ += packet.payload.size();
  packets_.emplace(sequence, Stored{std::move(packet), now});
}

void FrameAssembler::require_key_frame() {
  state_ = State::seeking;
  incomplete_since_.reset();
}

void FrameAssembler::give_up() {
  ++counters_.gaps;
  state_ = State::seeking;
  incomplete_since_.reset();
}

void FrameAssembler::drop_before(std::int64_t sequence) {
  for (auto it = packets_.begin(); it != packets_.end() && it->first < sequence;) {
    it = erase(it);
    ++counters_.dropped_packets;
  }
  if (!next_ || *next_ < sequence) next_ = sequence;
}

std::optional<std::int64_t> FrameAssembler::end_of_picture(std::int64_t first) const {
  auto it = packets_.find(first);
  if (it == packets_.end()) return std::nullopt;
  const std::uint32_t timestamp = it->second.packet.timestamp;
  std::int64_t expected = first;
  for (; it != packets_.end() && it->first == expected; ++it, ++expected) {
    // A sender without markers: the next timestamp ends the picture too.
    if (it->second.packet.timestamp != timestamp) return expected;
    if (it->second.packet.marker) return expected + 1;
  }
  return std::nullopt;
}

AssembledFrame FrameAssembler::take(std::int64_t first, std::int64_t end) {
  AssembledFrame frame;
  auto it = packets_.find(first);
  frame.timestamp = it->second.packet.timestamp;
  frame.key_frame = it->second.packet.starts_key_frame;
  while (it != packets_.end() && it->first < end) {
    frame.completed = std::max(frame.completed, it->second.arrival);
    bytes_ -= it->second.packet.payload.size();
    frame.payloads.push_back(std::move(it->second.packet.payload));
    it = packets_.erase(it);
  }
  next_ = end;
  ++counters_.frames;
  return frame;
}

std::optional<AssembledFrame> FrameAssembler::next(TimePoint now) {
  while (!packets_.empty()) {
    if (state_ == State::seeking) {
      // The latest start of a key frame that is whole, else wait for the latest that is not.
      std::optional<std::int64_t> start;
      bool whole = false;
      for (const auto& [sequence, stored] : packets_) {
        if (!stored.packet.starts_key_frame) continue;
        const bool is_whole = end_of_picture(sequence).has_value();
        if (is_whole || !whole) {
          start = sequence;
          whole = is_whole;
        }
      }
      if (!start) {
        // Kept for a moment: the first packet of a key frame may have been overtaken by the others.
        while (!packets_.empty() && now - packets_.begin()->second.arrival >= wait_) {
          drop_before(packets_.begin()->first + 1);
        }
        return std::nullopt;
      }
      drop_before(*start);
      state_ = State::ordered;
      seen_since_seeking_ = false;
      incomplete_since_.reset();
    }

    const std::int64_t first = *next_;
    if (const auto end = end_of_picture(first)) {
      incomplete_since_.reset();
      if (static_cast<std::size_t>(*end - first) > kMaxPacketsPerFrame) {
        ++counters_.overflowed;
        drop_before(*end);
        give_up();
        continue;
      }
      return take(first, *end);
    }
    // Missing: a packet between first and the last one that is there?
    const std::int64_t last = packets_.rbegin()->first;
    const bool gap = last - first + 1 != static_cast<std::int64_t>(packets_.size());
    if (!gap) {
      incomplete_since_.reset();
      return std::nullopt;
    }
    if (!incomplete_since_) incomplete_since_ = now;
    if (now - *incomplete_since_ < wait_) return std::nullopt;
    // Whatever belongs to the broken picture is of no use.
    std::int64_t expected = first;
    auto it = packets_.begin();
    for (; it != packets_.end() && it->first == expected; ++it) ++expected;
    drop_before(it->first);  // there is one: that is what made the gap
    give_up();
    seen_since_seeking_ = true;
  }
  return std::nullopt;
}

TimePoint FrameAssembler::deadline() const { return incomplete_since_ ? *incomplete_since_ + wait_ : kNever; }

}  // namespace sotto::jitter
