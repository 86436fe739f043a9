// Sound and picture of one moment at one moment (RFC 3550 section 6.4.1: sender reports relate both to the
// sender's clock). Holds back whichever is early, and only as much as is noticed.
//
// Thread: any one at a time.
#pragma once

#include <optional>

#include "sotto/base/time.hpp"
#include "sotto/rtp/media_clock.hpp"

namespace sotto::call {

class LipSync {
 public:
  // ITU-R BT.1359: noticed from 45 ms of early and 125 ms of late sound on. Stay well inside.
  static constexpr Duration kSoundEarly = std::chrono::milliseconds(20);
  static constexpr Duration kSoundLate = std::chrono::milliseconds(60);
  static constexpr Duration kMaxHold = std::chrono::milliseconds(300);

  // Something captured at `captured` (the sender's clock) is heard or shown at `when` (ours). `held`: the
  // part of the delay that is there for the sake of lip sync alone.
  void on_sound(rtp::NtpTime captured, TimePoint when, Duration held);
  void on_picture(rtp::NtpTime captured, TimePoint when, Duration held);

  Duration hold_sound() const { return hold_sound_; }
  Duration hold_picture() const { return hold_picture_; }
  // How much later sound comes than picture now; nothing before both were there.
  std::optional<Duration> sound_behind() const;

 private:
  void update();

  // Delays against an unknown but common offset, smoothed, without what is held.
  std::optional<Duration> sound_;
  std::optional<Duration> picture_;
  Duration hold_sound_{};
  Duration hold_picture_{};
};

}  // namespace sotto::call
