#include <utility>

#include "sotto/codec/video_workers.hpp"

namespace sotto::codec {

VideoDecodeWorker::VideoDecodeWorker(std::unique_ptr<VideoDecoder> decoder, Clock now, Callbacks callbacks)
    : decoder_(std::move(decoder)),
      now_(std::move(now)),
      callbacks_(std::move(callbacks)),
      thread_([this] { run(); }) {}

VideoDecodeWorker::~VideoDecodeWorker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void VideoDecodeWorker::submit(EncodedFrame unit) {
  {
    const std::lock_guard lock(mutex_);
    if (overflowed_ && !unit.key_frame) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (queue_.size() >= kQueueLimit) {
      dropped_.fetch_add(queue_.size(), std::memory_order_relaxed);
      queue_.clear();
      overflowed_ = !unit.key_frame;
    }
    if (!overflowed_ || unit.key_frame) {
      overflowed_ = false;
      queue_.push_back(std::move(unit));
      wake_.notify_one();
      return;
    }
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  callbacks_.on_lost(fail(ErrorCode::unavailable, "the video decoder is too slow"));
}

void VideoDecodeWorker::run() {
  while (true) {
    EncodedFrame unit;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
      if (stop_) return;
      unit = std::move(queue_.front());
      queue_.pop_front();
    }
    const TimePoint begin = now_();
    auto picture = decoder_->decode(unit);
    if (!picture) {
      callbacks_.on_lost(picture.error());
    } else if (*picture) {
      callbacks_.on_picture(*std::move(picture), now_() - begin);
    }
  }
}

}  // namespace sotto::codec
