// The clock of the devices: CLOCK_MONOTONIC, the same numbers in every process of one machine, which is
// what lets two processes' logs be compared. Cores never call this; they are given `now`.
#pragma once

#include "sotto/base/time.hpp"

namespace sotto::device {

TimePoint monotonic_now();

// Sleeps to an absolute moment (clock_nanosleep with TIMER_ABSTIME), so that a loop that adds its period
// to the last deadline does not drift. Returns at once for a moment in the past.
void sleep_until(TimePoint deadline);

}  // namespace sotto::device
