// "Now", as the client core is told it: the monotonic clock for timers, the wall clock for people and
// certificates. The core reads neither by itself.
#pragma once

#include "sotto/base/time.hpp"

namespace sotto::client {

struct Moment {
  TimePoint now{};
  WallTime wall{};
};

}  // namespace sotto::client
