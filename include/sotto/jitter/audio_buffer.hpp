// Puts sound packets back in order and says, 20 ms at a time, what to play next and how patient to be.
//
//   buffer.insert(packet, now);
//   Step step = buffer.next();       // decode, recover, conceal, or nothing to play yet
//   buffer.delay(position, now)      // how far behind its earliest possible moment this sample is played
//   buffer.target()                  // and how far it should be: stretch time until both agree
//
// The target follows the measured lateness of packets: 97 of 100 are in time, never below kMinTarget.
// Without packets it conceals and stands still; when they return, what was concealed is not played again.
// Thread: any one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "sotto/base/bytes.hpp"
#include "sotto/base/time.hpp"
#include "sotto/jitter/delay_estimator.hpp"
#include "sotto/rtp/unwrap.hpp"

namespace sotto::jitter {

inline constexpr std::uint32_t kPacketSamples = 960;  // 20 ms at 48 kHz

struct AudioPacket {
  std::uint32_t timestamp = 0;
  Bytes payload;
};

class AudioBuffer {
 public:
  static constexpr Duration kMinTarget =
      std::chrono::milliseconds(20);  // a packet, and the speaker's own period
  static constexpr Duration kMaxTarget =
      std::chrono::milliseconds(400);              // beyond it people talk over each other
  static constexpr std::size_t kMaxPackets = 100;  // 2 s
  // Concealment sounds like something for this long; then there is silence, and playing starts anew.
  static constexpr std::uint32_t kMaxConcealed = 12 * kPacketSamples;

  enum class Action {
    wait,     // nothing to play: silence, not even concealment
    decode,   // `payload` is the packet for `timestamp`
    recover,  // it is lost, but `payload`, the packet after it, may carry a copy
    conceal,  // it is lost or late
  };
  struct Step {
    Action action = Action::wait;
    std::int64_t timestamp = 0;  // unwrapped, of the first sample of the 20 ms
    Bytes payload;
  };
  struct Counters {
    std::uint64_t late = 0, duplicate = 0, overflowed = 0, recovered = 0;
    std::uint64_t concealed_samples = 0;
  };

  AudioBuffer();

  void insert(AudioPacket packet, TimePoint arrival);
  Step next(TimePoint now);

  // For lip sync: play at least this far behind.
  void set_minimum(Duration minimum) { minimum_ = minimum; }

  Duration target() const;
  // For the sample at the unwrapped `timestamp`, played at `now`. Zero before the first packet.
  Duration delay(std::int64_t timestamp, TimePoint now) const;
  // Leaves out the next packet when more than `excess` behind the target; true when it did.
  bool skip_if_behind(TimePoint now, Duration excess);
  const Counters& counters() const { return counters_; }

 private:
  enum class State {
    idle,     // waiting for a first packet
    filling,  // packets are there, their moment is not
    playing,
  };

  State state_ = State::idle;
  std::map<std::int64_t, Bytes> packets_;  // by unwrapped timestamp
  rtp::TimestampUnwrapper timestamps_;
  DelayEstimator estimator_;
  Duration minimum_{};
  std::int64_t cursor_ = 0;        // of the next 20 ms, while playing
  std::uint32_t stood_still_ = 0;  // samples concealed at the cursor since the last packet
  Counters counters_;
};

}  // namespace sotto::jitter
