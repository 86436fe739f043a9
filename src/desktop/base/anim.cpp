#include "desktop/base/anim.hpp"

#include <algorithm>
#include <chrono>

namespace sotto::desktop {

double ease_out(double t) {
  const double rest = 1.0 - std::clamp(t, 0.0, 1.0);
  return 1.0 - rest * rest * rest;
}

double Animator::at(const Track& track, TimePoint now) {
  if (track.length.count() <= 0 || now >= track.begun + track.length) return track.target;
  const double t =
      static_cast<double>((now - track.begun).count()) / static_cast<double>(track.length.count());
  return track.start + (track.target - track.start) * ease_out(t);
}

double Animator::value(const std::string& name, double target, int duration_ms, TimePoint now) {
  return from(name, target, target, duration_ms, now);
}

double Animator::from(const std::string& name, double start, double target, int duration_ms, TimePoint now) {
  const Duration length = reduced_ ? Duration{} : std::chrono::milliseconds(duration_ms);
  const auto [it, fresh] = tracks_.try_emplace(name, Track{start, target, now, length});
  Track& track = it->second;
  if (!fresh && track.target != target) track = Track{at(track, now), target, now, length};
  return at(track, now);
}

void Animator::jump(const std::string& name, double target) { tracks_[name] = Track{target, target, {}, {}}; }

bool Animator::moving(TimePoint now) const {
  return std::ranges::any_of(tracks_, [&](const auto& entry) {
    return entry.second.start != entry.second.target && now < entry.second.begun + entry.second.length;
  });
}

}  // namespace sotto::desktop
