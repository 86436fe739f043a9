#include "y4m_sink.hpp"

#include <pthread.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "scale.hpp"
#include "sotto/base/log.hpp"
#include "sotto/device/clock.hpp"
#include "sotto/device/timing_log.hpp"

namespace sotto::device_file {
namespace {

class Y4mSink final : public device::VideoSink {
 public:
  Y4mSink(std::FILE* file, std::string path, std::unique_ptr<device::TimingLog> log)
      : file_(file), path_(std::move(path)), log_(std::move(log)), thread_([this] { write_all(); }) {}
  ~Y4mSink() override {
    if (Status closed = close(); !closed) {
      log::warning("video_sink.failed", {{"code", to_string(closed.error().code)}});
    }
  }

  void show(media::VideoFramePtr frame) override {
    const TimePoint now = device::monotonic_now();
    const std::lock_guard lock(mutex_);
    if (closing_ || problem_) return;
    if (queue_.size() >= kMaxQueued) {
      ++dropped_;
      return;
    }
    log_->add(now, frame->rtp_timestamp);  // numbered as the pictures in the file will be
    queue_.push_back(std::move(frame));
    changed_.notify_one();
  }

  Status close() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      changed_.notify_one();
    }
    if (thread_.joinable()) {
      thread_.join();
      if (std::fclose(file_) != 0 && !problem_) problem_ = failed();
      if (dropped_ > 0) log::warning("video_sink.dropped", {{"pictures", dropped_}});
    }
    if (problem_) return *problem_;
    return log_->status();
  }

 private:
  Error failed() const {
    return fail(ErrorCode::storage,
                "Writing the video file " + path_ + " failed: " + std::strerror(errno) + ".");
  }

  void write_all() {
    pthread_setname_np(pthread_self(), "video-sink");
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const media::VideoFramePtr frame = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      if (write(*frame)) continue;
      Error problem = failed();
      lock.lock();
      problem_ = std::move(problem);
      queue_.clear();
      return;
    }
  }

  bool write(const media::VideoFrame& frame) {
    if (width_ == 0) {
      width_ = frame.width;
      height_ = frame.height;
      // The rate is the usual one, not measured: the log has the true moments.
      if (std::fprintf(file_, "YUV4MPEG2 W%d H%d F30:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n", width_,
                       height_) < 0) {
        return false;
      }
    }
    if (frame.width != width_ || frame.height != height_) return write_planes(*scale(frame, width_, height_));
    return write_planes(frame);
  }

  bool write_planes(const media::VideoFrame& frame) {
    return std::fputs("FRAME\n", file_) >= 0 && write_plane(frame.y, frame.stride_y, width_, height_) &&
           write_plane(frame.u, frame.stride_uv, width_ / 2, height_ / 2) &&
           write_plane(frame.v, frame.stride_uv, width_ / 2, height_ / 2);
  }

  bool write_plane(const std::vector<std::uint8_t>& plane, int stride, int width, int height) {
    for (int row = 0; row < height; ++row) {
      const auto start = static_cast<std::size_t>(row) * static_cast<std::size_t>(stride);
      if (std::fwrite(plane.data() + start, 1, static_cast<std::size_t>(width), file_) !=
          static_cast<std::size_t>(width)) {
        return false;
      }
    }
    return true;
  }

  std::FILE* file_;
  std::string path_;
  std::unique_ptr<device::TimingLog> log_;

  std::mutex mutex_;  // guards the following
  std::condition_variable changed_;
  std::deque<media::VideoFramePtr> queue_;
  bool closing_ = false;
  std::uint64_t dropped_ = 0;
  std::optional<Error> problem_;

  int width_ = 0, height_ = 0;  // of the file; the writing thread's own
  std::thread thread_;          // last: it uses all of the above
};

class BlindSink final : public device::VideoSink {
 public:
  void show(media::VideoFramePtr) override {}
  Status close() override { return ok_status(); }
};

}  // namespace

Result<std::unique_ptr<device::VideoSink>> open_y4m_sink(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) {
    return fail(ErrorCode::storage,
                "The video file " + path + " cannot be written: " + std::strerror(errno) + ".");
  }
  auto log = device::TimingLog::create(path + ".log");
  if (!log) {
    std::fclose(file);
    return std::move(log).error();
  }
  return std::unique_ptr<device::VideoSink>(std::make_unique<Y4mSink>(file, path, std::move(*log)));
}

std::unique_ptr<device::VideoSink> make_blind_sink() { return std::make_unique<BlindSink>(); }

}  // namespace sotto::device_file
