// An encoder and a decoder on threads of their own, so that neither delays the core, the camera or the other.
//
//   VideoEncodeWorker encode(codecs, settings, now, {.on_encoded = ..., .on_failed = ...});
//   encode.submit(frame);                       // newest wins: a frame still waiting is dropped
//   VideoDecodeWorker decode(std::move(decoder), now, {.on_picture = ..., .on_lost = ...});
//   decode.submit(unit);                        // in order; when full, all are dropped and on_lost asks for
//   a key frame
//
// Thread: commands from any thread. Callbacks come on the worker's thread (on_lost also inside submit()) and
// may call the encode worker's commands. The destructor waits for the picture in work and returns after the
// last callback, so it is not for callbacks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"
#include "sotto/codec/video_codec.hpp"

namespace sotto::codec {

using Clock = std::function<TimePoint()>;

class VideoEncodeWorker {
 public:
  struct Callbacks {
    std::function<void(EncodedFrame, Duration encode_time)> on_encoded;
    std::function<void(const Error&)> on_failed;  // for good; once
  };
  // Size is taken from the pictures: another size starts a new encoder with a key frame. So does a change of
  // effort: where bits are plenty more effort buys next to nothing, so the worker spends it only where they
  // are scarce, and never again after it fell behind. `settings.effort` is not used.
  VideoEncodeWorker(VideoCodecs& codecs, const VideoEncoderSettings& settings, Clock now,
                    Callbacks callbacks);
  ~VideoEncodeWorker();
  VideoEncodeWorker(const VideoEncodeWorker&) = delete;
  VideoEncodeWorker& operator=(const VideoEncodeWorker&) = delete;

  void submit(media::VideoFramePtr frame);
  void request_key_frame();
  void set_bitrate(int bits_per_second);

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run();
  Result<EncodedFrame> encode(const media::VideoFrame& frame, bool key_frame, int bitrate);
  EncoderEffort effort_for(const media::VideoFrame& frame, int bitrate) const;
  void watch_load(std::uint64_t dropped_now);

  VideoCodecs& codecs_;
  const Clock now_;
  const Callbacks callbacks_;

  std::mutex mutex_;
  std::condition_variable wake_;
  media::VideoFramePtr waiting_;
  bool key_frame_ = false;
  bool stop_ = false;
  int bitrate_;

  std::atomic<std::uint64_t> dropped_{0};

  // The worker thread's own.
  VideoEncoderSettings settings_;
  std::unique_ptr<VideoEncoder> encoder_;
  int encoded_in_window_ = 0;
  std::uint64_t dropped_at_window_ = 0;
  bool overloaded_ = false;

  std::thread thread_;
};

class VideoDecodeWorker {
 public:
  // A decoder this far behind is better off with the next key frame. A fifth of a second at 30 pictures.
  static constexpr std::size_t kQueueLimit = 6;

  struct Callbacks {
    std::function<void(media::VideoFramePtr, Duration decode_time)> on_picture;
    std::function<void(const Error&)>
        on_lost;  // a unit could not be decoded, or was dropped: wants a key frame
  };
  VideoDecodeWorker(std::unique_ptr<VideoDecoder> decoder, Clock now, Callbacks callbacks);
  ~VideoDecodeWorker();
  VideoDecodeWorker(const VideoDecodeWorker&) = delete;
  VideoDecodeWorker& operator=(const VideoDecodeWorker&) = delete;

  void submit(EncodedFrame unit);

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run();

  std::unique_ptr<VideoDecoder> decoder_;
  const Clock now_;
  const Callbacks callbacks_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<EncodedFrame> queue_;
  bool overflowed_ = false;
  bool stop_ = false;

  std::atomic<std::uint64_t> dropped_{0};

  std::thread thread_;
};

}  // namespace sotto::codec
