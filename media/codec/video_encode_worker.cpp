#include <utility>

#include "sotto/codec/video_workers.hpp"

namespace sotto::codec {
namespace {

// Every so many pictures: were more than a tenth of those offered dropped? Then encode with less effort.
constexpr int kLoadWindow = 60;

// Bits per pixel above which low effort looks the same (0.2 dB at 1.5 Mbit/s and 720p30, for half the work
// of encoder and decoder), and below which normal effort is worth it (1 dB at 0.5 Mbit/s).
constexpr double kPlentyOfBits = 0.045;
constexpr double kScarceBits = 0.030;

}  // namespace

VideoEncodeWorker::VideoEncodeWorker(VideoCodecs& codecs, const VideoEncoderSettings& settings, Clock now,
                                     Callbacks callbacks)
    : codecs_(codecs),
      now_(std::move(now)),
      callbacks_(std::move(callbacks)),
      bitrate_(settings.bitrate),
      settings_(settings),
      thread_([this] { run(); }) {}

VideoEncodeWorker::~VideoEncodeWorker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void VideoEncodeWorker::submit(media::VideoFramePtr frame) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_) dropped_.fetch_add(1, std::memory_order_relaxed);
    waiting_ = std::move(frame);
  }
  wake_.notify_one();
}

void VideoEncodeWorker::request_key_frame() {
  const std::lock_guard lock(mutex_);
  key_frame_ = true;
}

void VideoEncodeWorker::set_bitrate(int bits_per_second) {
  const std::lock_guard lock(mutex_);
  bitrate_ = bits_per_second;
}

void VideoEncodeWorker::run() {
  while (true) {
    media::VideoFramePtr frame;
    bool key_frame = false;
    int bitrate = 0;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || waiting_ != nullptr; });
      if (stop_) return;
      frame = std::exchange(waiting_, nullptr);
      key_frame = std::exchange(key_frame_, false);
      bitrate = bitrate_;
    }
    const TimePoint begin = now_();
    auto unit = encode(*frame, key_frame, bitrate);
    frame.reset();
    if (!unit) {
      callbacks_.on_failed(unit.error());
      return;
    }
    callbacks_.on_encoded(*std::move(unit), now_() - begin);
    watch_load(dropped());
  }
}

Result<EncodedFrame> VideoEncodeWorker::encode(const media::VideoFrame& frame, bool key_frame, int bitrate) {
  const EncoderEffort effort = effort_for(frame, bitrate);
  if (!encoder_ || frame.width != settings_.width || frame.height != settings_.height ||
      effort != settings_.effort) {
    settings_.width = frame.width;
    settings_.height = frame.height;
    settings_.effort = effort;
    settings_.bitrate = bitrate;
    auto made = codecs_.make_encoder(settings_);
    if (!made) return std::move(made).error();
    encoder_ = *std::move(made);
  }
  encoder_->set_bitrate(bitrate);
  return encoder_->encode(frame, key_frame);
}

EncoderEffort VideoEncodeWorker::effort_for(const media::VideoFrame& frame, int bitrate) const {
  if (overloaded_) return EncoderEffort::low;
  const double bits_per_pixel =
      static_cast<double>(bitrate) / settings_.frames_per_second / frame.width / frame.height;
  if (bits_per_pixel >= kPlentyOfBits) return EncoderEffort::low;
  if (bits_per_pixel < kScarceBits || !encoder_) return EncoderEffort::normal;
  return settings_.effort;  // in between, as it is: each change costs a key frame
}

void VideoEncodeWorker::watch_load(std::uint64_t dropped_now) {
  if (++encoded_in_window_ < kLoadWindow) return;
  const std::uint64_t dropped_in_window = dropped_now - dropped_at_window_;
  encoded_in_window_ = 0;
  dropped_at_window_ = dropped_now;
  if (dropped_in_window * 10 > kLoadWindow) overloaded_ = true;
}

}  // namespace sotto::codec
