// The newest picture of each stream, handed from the media threads to the window. Older ones are dropped.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "sotto/call/media_session.hpp"

namespace sotto::desktop {

class VideoInbox final : public call::PictureSink {
 public:
  explicit VideoInbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void on_remote_picture(media::VideoFramePtr frame) override { put(remote_, std::move(frame)); }
  void on_local_picture(media::VideoFramePtr frame) override { put(local_, std::move(frame)); }

  media::VideoFramePtr take_remote() { return take(remote_); }
  media::VideoFramePtr take_local() { return take(local_); }

 private:
  void put(media::VideoFramePtr& slot, media::VideoFramePtr frame) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = remote_ == nullptr && local_ == nullptr;
      slot = std::move(frame);
    }
    if (first && wake_) wake_();
  }
  media::VideoFramePtr take(media::VideoFramePtr& slot) {
    const std::lock_guard lock(mutex_);
    return std::exchange(slot, nullptr);
  }

  std::function<void()> wake_;
  std::mutex mutex_;
  media::VideoFramePtr remote_, local_;
};

}  // namespace sotto::desktop
