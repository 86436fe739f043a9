// PortAudio initialised while anybody needs it. Its functions are not thread-safe, so all calls but those
// that say so are made with the session's lock.
#pragma once

#include <portaudio.h>

#include <memory>
#include <mutex>
#include <string>

#include "sotto/base/result.hpp"

namespace sotto::device_portaudio {

class PaSession {
 public:
  // Initialises PortAudio if nobody has yet; slow then (it asks every sound card). Thread: any.
  static Result<std::unique_ptr<PaSession>> begin();
  ~PaSession();  // terminates it if nobody else is left
  PaSession(const PaSession&) = delete;
  PaSession& operator=(const PaSession&) = delete;

  static std::unique_lock<std::mutex> lock();

 private:
  PaSession() = default;
};

// `doing`: "The microphone", "The speaker".
Error pa_error(std::string_view what, PaError error);

}  // namespace sotto::device_portaudio
