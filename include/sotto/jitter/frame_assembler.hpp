// Puts picture packets back in order and together: all packets of one RTP timestamp, up to the marker.
//
//   assembler.insert(packet, now);
//   while (auto frame = assembler.next(now)) ...     // whole pictures, in order, each decodable after the
//   last if (assembler.wants_key_frame()) send a PLI      // after a gap, and at the start call next() again
//   at assembler.deadline()
//
// A gap is given up after the reordering wait; then everything up to the next key frame is dropped, because
// a decoder would show damage. Thread: any one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/time.hpp"
#include "sotto/rtp/unwrap.hpp"

namespace sotto::jitter {

struct VideoPacket {
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  bool marker = false;
  bool starts_key_frame = false;
  Bytes payload;
};

struct AssembledFrame {
  std::vector<Bytes> payloads;
  std::uint32_t timestamp = 0;
  bool key_frame = false;
  TimePoint completed{};  // when its last packet arrived
};

class FrameAssembler {
 public:
  static constexpr std::size_t kMaxPackets = 4096;  // 4.9 MB of full packets: a 4K key frame and more
  static constexpr std::size_t kMaxBytes = 6u << 20;
  static constexpr std::size_t kMaxPacketsPerFrame =
      3600;  // kMaxEncodedFrameBytes in packets of the usual size

  struct Counters {
    std::uint64_t late = 0, duplicate = 0, overflowed = 0;
    std::uint64_t frames = 0, dropped_packets = 0, gaps = 0;
  };

  void insert(VideoPacket packet, TimePoint now);
  std::optional<AssembledFrame> next(TimePoint now);

  // How long a missing packet may be late: twice the jitter is a good guess.
  void set_reordering_wait(Duration wait) { wait_ = wait; }
  // The decoder could not use what it got: start again from a key frame.
  void require_key_frame();

  // Packets come, but none that can be decoded from.
  bool wants_key_frame() const { return state_ == State::seeking && seen_since_seeking_; }
  // When to call next() though nothing arrived; kNever if only packets can help.
  TimePoint deadline() const;
  const Counters& counters() const { return counters_; }

 private:
  enum class State {
    seeking,  // for the first packet of a key frame
    ordered,  // next_ is the first packet of the picture to come
  };
  struct Stored {
    VideoPacket packet;
    TimePoint arrival;
  };
  using Packets = std::map<std::int64_t, Stored>;

  // One past the last packet of the whole picture that begins at `first`; nothing while a packet is missing.
  std::optional<std::int64_t> end_of_picture(std::int64_t first) const;
  AssembledFrame take(std::int64_t first, std::int64_t end);
  void drop_before(std::int64_t sequence);
  void give_up();
  Packets::iterator erase(Packets::iterator it);

  State state_ = State::seeking;
  bool seen_since_seeking_ = false;
  Packets packets_;  // by unwrapped sequence number
  std::size_t bytes_ = 0;
  rtp::SequenceUnwrapper sequences_;
  std::optional<std::int64_t> next_;           // nothing older is wanted
  std::optional<TimePoint> incomplete_since_;  // a later packet is there, an earlier one is not
  Duration wait_ = std::chrono::milliseconds(20);
  Counters counters_;
};

}  // namespace sotto::jitter
