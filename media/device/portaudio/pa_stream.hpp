// One opened PortAudio stream, 48 kHz, 16 bits, 480 frames a callback, mono where the device can.
#pragma once

#include <portaudio.h>

#include <functional>
#include <memory>
#include <string>

#include "pa_devices.hpp"
#include "pa_session.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"

namespace sotto::device_portaudio {

class PaStreamOwner {
 public:
  // `user` goes to `callback`. The session lock is taken inside.
  static Result<std::unique_ptr<PaStreamOwner>> open(Direction direction, const std::string& name,
                                                     PaStreamCallback* callback, void* user);
  ~PaStreamOwner();  // no callback runs afterwards
  PaStreamOwner(const PaStreamOwner&) = delete;
  PaStreamOwner& operator=(const PaStreamOwner&) = delete;

  int channels() const { return channels_; }
  Status start();
  // False once the device has gone.
  bool is_active() const;
  Duration latency() const;  // as the host reports it

 private:
  PaStreamOwner(std::unique_ptr<PaSession> session, Direction direction)
      : session_(std::move(session)), direction_(direction) {}

  std::unique_ptr<PaSession> session_;
  Direction direction_;
  PaStream* stream_ = nullptr;
  int channels_ = 0;
};

std::string_view thing(Direction direction);  // "The microphone" or "The speaker"

}  // namespace sotto::device_portaudio
