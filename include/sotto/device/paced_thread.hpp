// A thread that does something at a fixed pace of real time, without drift: tick n is due at start + n *
// period. A tick that runs late is followed by the missed ones at once, as a sound card would hand over
// what it buffered; after more than a second's delay (a suspended machine) the count starts anew.
//
// Thread: construct, stop and destroy from one thread that is not the paced one. stop() returns once the
// running tick is done, otherwise within 50 ms.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "sotto/base/time.hpp"

namespace sotto::device {

class PacedThread {
 public:
  // `deadline`: the moment the tick was due. Returning false ends the thread.
  using Tick = std::function<bool(TimePoint deadline)>;

  // `name`: at most 15 bytes, for debuggers.
  PacedThread(std::string name, Duration period, Tick tick);
  ~PacedThread() { stop(); }
  PacedThread(const PacedThread&) = delete;
  PacedThread& operator=(const PacedThread&) = delete;

  void stop();

 private:
  void run(Duration period, const Tick& tick);

  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// Sleeps until `deadline`, looking at `stopping` every 50 ms; false when it became true.
bool sleep_unless(const std::atomic<bool>& stopping, TimePoint deadline);

}  // namespace sotto::device
