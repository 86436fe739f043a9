// The camera's way into the call: device, self view, encoder thread, a post to the core's thread.
//
// Thread: the executor's. Frames pass on the device's and the encoder's threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "sotto/call/media_session.hpp"
#include "sotto/codec/video_workers.hpp"
#include "sotto/device/device.hpp"
#include "sotto/device/timing_log.hpp"
#include "sotto/rtp/media_clock.hpp"

namespace sotto::call {

class Camera {
 public:
  Camera(codec::VideoCodecs& codecs, const codec::VideoEncoderSettings& settings, codec::Clock now,
         codec::VideoEncodeWorker::Callbacks callbacks, rtp::VideoClock clock, PictureSink* pictures,
         device::TimingLog* log);
  ~Camera();

  Status open(std::unique_ptr<device::VideoSource> source, device::ProblemCallback on_problem);
  // The encoder rests, and starts with a key frame the next time.
  void close();
  bool is_open() const { return source_ != nullptr; }

  // Pictures are encoded only while there is a path to send them on.
  void set_sending(bool sending);
  void request_key_frame() { encoder_.request_key_frame(); }
  void set_bitrate(int bits_per_second) { encoder_.set_bitrate(bits_per_second); }
  std::uint64_t dropped() const { return encoder_.dropped(); }

 private:
  void on_frame(std::shared_ptr<media::VideoFrame> frame);

  rtp::VideoClock clock_;
  PictureSink* pictures_;
  device::TimingLog* log_;
  std::atomic<bool> sending_{false};
  codec::VideoEncodeWorker encoder_;
  std::unique_ptr<device::VideoSource> source_;  // before the encoder in destruction: it submits to it
};

}  // namespace sotto::call
