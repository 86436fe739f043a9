// Cameras, microphones, speakers and video sinks, as the call sees them.
//
// Flow: a factory's open_*() makes the object and reports what can be known at once (bad URI, missing
// file); start() begins, and the slow opening of hardware happens on the device's own thread, so nothing
// here blocks the caller for long. Whatever goes wrong later - a device that cannot be opened, is busy, or
// vanishes - is reported once through on_problem, after which the device delivers nothing more.
//
// Thread: start(), stop() and destruction from one thread. Callbacks come on the device's own thread and
// must not call stop() or destroy the device. After stop() returns no callback runs; stop() returns within
// 100 ms and may be repeated; a stopped device is not started again. Destruction stops.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"
#include "sotto/media/audio_block.hpp"
#include "sotto/media/video_frame.hpp"

namespace sotto::device {

// `unavailable`: missing, busy or vanished. `denied`: no permission. `invalid_argument`: bad size or file.
using ProblemCallback = std::function<void(const Error&)>;

struct VideoFormat {
  int width = 1280;  // even, 16..3840
  int height = 720;  // even, 16..2160
  int fps = 30;      // 1..60
};
// invalid_argument with a sentence when outside the ranges above.
Status check(const VideoFormat& format);

class VideoSource {
 public:
  // A new frame that nobody else holds yet: the receiver may set rtp_timestamp before sharing it (it
  // converts to media::VideoFramePtr). `captured` is set. Frames are as large as the source's, but at most of
  // the wanted size, with the source's aspect and even sides; not more of them than wanted, and fewer from a
  // slower source.
  using FrameCallback = std::function<void(std::shared_ptr<media::VideoFrame>)>;

  virtual ~VideoSource() = default;
  virtual Status start(FrameCallback on_frame, ProblemCallback on_problem) = 0;
  virtual void stop() = 0;
};

class AudioSource {
 public:
  // Every 10 ms; `captured` is set, rtp_timestamp is not.
  using BlockCallback = std::function<void(const media::AudioBlock&)>;

  virtual ~AudioSource() = default;
  virtual Status start(BlockCallback on_block, ProblemCallback on_problem) = 0;
  virtual void stop() = 0;
};

class AudioSink {
 public:
  // Asked for the next 10 ms at the pace of playout. Sets the samples and rtp_timestamp and returns true, or
  // returns false for silence (then no line is logged). May lock; runs on the device's own thread, never in
  // the audio callback.
  using FillCallback = std::function<bool(media::AudioBlock&)>;

  virtual ~AudioSink() = default;
  virtual Status start(FillCallback fill, ProblemCallback on_problem) = 0;
  virtual void stop() = 0;
  // From fill() to the loudspeaker, for lip sync and echo cancellation. Thread: any.
  virtual Duration output_latency() const = 0;
};

class VideoSink {
 public:
  virtual ~VideoSink() = default;
  // Shows the frame now. Thread: any one at a time. Returns quickly: a sink that cannot keep up drops.
  virtual void show(media::VideoFramePtr frame) = 0;
  // Finishes what was shown so far; nothing is shown afterwards. The first failure, if there was one.
  virtual Status close() = 0;
};

}  // namespace sotto::device
