// How an audio callback wakes another thread: a POSIX semaphore, whose post neither locks nor allocates.
#pragma once

#include <semaphore.h>

#include "sotto/base/time.hpp"

namespace sotto::device_portaudio {

class WakeUp {
 public:
  WakeUp();
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  // Thread: any, also the audio callback.
  void post() noexcept { sem_post(&semaphore_); }
  // Returns after a post or when the time is over, having taken all posts that came.
  void wait_for(Duration at_most);

 private:
  sem_t semaphore_{};
};

}  // namespace sotto::device_portaudio
