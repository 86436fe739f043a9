// Values that move in time, by name: `value("jump", shown ? 1 : 0, 150, now)` returns where it is now.
// Drawn on demand: next_frame() says when the next picture is due, kNever when nothing moves.
#pragma once

#include <string>
#include <unordered_map>

#include "sotto/base/time.hpp"

namespace sotto::desktop {

// Decelerating: fast first, then settling (chosen; close to cubic-bezier(0,0,0,1)).
double ease_out(double t);

class Animator {
 public:
  explicit Animator(bool reduced = false) : reduced_(reduced) {}

  // The first call for a name starts at the target: nothing moves when a screen appears.
  double value(const std::string& name, double target, int duration_ms, TimePoint now);
  // Starts from `from` even if the name is new.
  double from(const std::string& name, double start, double target, int duration_ms, TimePoint now);
  void jump(const std::string& name, double target);
  void forget(const std::string& name) { tracks_.erase(name); }

  bool moving(TimePoint now) const;
  bool reduced() const { return reduced_; }

 private:
  struct Track {
    double start = 0, target = 0;
    TimePoint begun{};
    Duration length{};
  };
  static double at(const Track& track, TimePoint now);

  bool reduced_;
  std::unordered_map<std::string, Track> tracks_;
};

}  // namespace sotto::desktop
