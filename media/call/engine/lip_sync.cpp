#include "call/engine/lip_sync.hpp"

#include <algorithm>

namespace sotto::call {
namespace {

Duration delay_of(rtp::NtpTime captured, TimePoint when) {
  return when.time_since_epoch() - (captured - rtp::NtpTime{0});
}

// A sixteenth of each new value: half a second of pictures.
void smooth(std::optional<Duration>& value, Duration sample) {
  // Another clock altogether (a sender that started anew): believe it at once.
  const bool jump =
      value && (sample > *value + std::chrono::seconds(2) || sample < *value - std::chrono::seconds(2));
  if (!value || jump) {
    value = sample;
  } else {
    *value += (sample - *value) / 16;
  }
}

}  // namespace

void LipSync::on_sound(rtp::NtpTime captured, TimePoint when, Duration held) {
  smooth(sound_, delay_of(captured, when) - held);
  update();
}

void LipSync::on_picture(rtp::NtpTime captured, TimePoint when, Duration held) {
  smooth(picture_, delay_of(captured, when) - held);
  update();
}

void LipSync::update() {
  if (!sound_ || !picture_) return;
  const Duration behind = *sound_ - *picture_;  // without any holding
  hold_picture_ = std::clamp(behind - kSoundLate, Duration::zero(), kMaxHold);
  hold_sound_ = std::clamp(-behind - kSoundEarly, Duration::zero(), kMaxHold);
}

std::optional<Duration> LipSync::sound_behind() const {
  if (!sound_ || !picture_) return std::nullopt;
  return *sound_ + hold_sound_ - *picture_ - hold_picture_;
}

}  // namespace sotto::call
