#include "pa_session.hpp"

#include <dlfcn.h>

namespace sotto::device_portaudio {
namespace {

std::mutex global_mutex;  // PortAudio is global, and so is its lock
int users = 0;

// ALSA and JACK tell stderr about every plug-in and server they cannot reach while PortAudio asks round;
// nobody wants to read that in a terminal program. They are not linked by us, only by PortAudio: hence the
// look-up of names.
using AlsaHandler = void (*)(const char* file, int line, const char* function, int error, const char* format,
                             ...);
void ignore_alsa(const char*, int, const char*, int, const char*, ...) {}
using JackHandler = void (*)(const char* text);
void ignore_jack(const char*) {}

void silence_sound_libraries() {
  using SetAlsa = int (*)(AlsaHandler);
  if (const auto set = reinterpret_cast<SetAlsa>(dlsym(RTLD_DEFAULT, "snd_lib_error_set_handler"))) {
    set(&ignore_alsa);
  }
  using SetJack = void (*)(JackHandler);
  for (const char* name : {"jack_set_error_function", "jack_set_info_function"}) {
    if (const auto set = reinterpret_cast<SetJack>(dlsym(RTLD_DEFAULT, name))) set(&ignore_jack);
  }
}

}  // namespace

std::unique_lock<std::mutex> PaSession::lock() { return std::unique_lock(global_mutex); }

Result<std::unique_ptr<PaSession>> PaSession::begin() {
  const auto held = lock();
  if (users == 0) {
    silence_sound_libraries();
    if (const PaError error = Pa_Initialize(); error != paNoError) return pa_error("The sound system", error);
  }
  ++users;
  return std::unique_ptr<PaSession>(new PaSession);
}

PaSession::~PaSession() {
  const auto held = lock();
  if (--users == 0) Pa_Terminate();  // its error would only say that it was not initialised
}

Error pa_error(std::string_view what, PaError error) {
  const std::string thing(what);
  switch (error) {
    case paDeviceUnavailable:
      return fail(ErrorCode::unavailable, thing + " is in use by another program or was unplugged.");
    case paInvalidSampleRate:
    case paInvalidChannelCount:
    case paSampleFormatNotSupported:
      return fail(ErrorCode::unavailable, thing + " does not support 48 kHz with 16 bits.");
    case paUnanticipatedHostError: {
      const PaHostErrorInfo* info = Pa_GetLastHostErrorInfo();
      const std::string text =
          info != nullptr && info->errorText != nullptr ? info->errorText : "unknown error";
      return fail(ErrorCode::unavailable, thing + " does not work: " + text + ".");
    }
    default: return fail(ErrorCode::unavailable, thing + " does not work: " + Pa_GetErrorText(error) + ".");
  }
}

}  // namespace sotto::device_portaudio
