#include "camera.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>

#include "converter.hpp"
#include "frame_pacer.hpp"
#include "sotto/base/log.hpp"
#include "sotto/device/clock.hpp"
#include "sotto/device/paced_thread.hpp"

namespace sotto::device_avdevice {
namespace {

constexpr Duration kStopPatience = std::chrono::milliseconds(90);
constexpr Duration kPollStep = std::chrono::milliseconds(2);  // adds a millisecond of latency on average
constexpr Duration kNoPictures = std::chrono::seconds(5);     // a camera that is silent so long has a fault
constexpr Duration kTooLate =
    std::chrono::milliseconds(200);  // pictures of a paced source later than this are skipped

}  // namespace

struct AvCamera::Shared {
  InputAddress address;
  device::VideoFormat wanted;
  std::atomic<bool> stopping{false};

  std::mutex mutex;  // held while a callback runs, so that stop() waits for it
  std::condition_variable changed;
  bool finished = false;
  FrameCallback on_frame;
  device::ProblemCallback on_problem;

  void deliver(std::shared_ptr<media::VideoFrame> frame) {
    const std::lock_guard lock(mutex);
    if (!stopping && on_frame) on_frame(std::move(frame));
  }
  void give_up(const Error& error) {
    const std::lock_guard lock(mutex);
    if (stopping) return;
    log::warning("camera.failed", {{"code", to_string(error.code)}});
    if (on_problem) on_problem(error);
  }
};

namespace {

// The life of one camera from open to failure or stop.
class Capture {
 public:
  Capture(const InputAddress& address, const device::VideoFormat& wanted, const std::atomic<bool>& stopping)
      : address_(address),
        wanted_(wanted),
        stopping_(stopping),
        step_(Duration(std::chrono::seconds(1)) / wanted.fps),
        converter_({wanted.width, wanted.height}),
        pacer_(step_),
        limiter_(step_) {}

  // The next picture at its time; nothing when the source has none at the moment or it is to be left out.
  Result<std::shared_ptr<media::VideoFrame>> next() {
    if (!input_) {
      auto opened = AvInput::open(address_, wanted_, stopping_);
      if (!opened) return std::move(opened).error();
      input_.emplace(std::move(*opened));
      last_picture_ = device::monotonic_now();
    }
    auto read = input_->read();
    if (!read) return std::move(read).error();
    switch (*read) {
      case AvInput::Read::nothing_yet: return wait_for_device();
      case AvInput::Read::end: return begin_again();
      case AvInput::Read::picture: break;
    }
    last_picture_ = device::monotonic_now();
    ++pictures_of_this_round_;
    return is_paced() ? paced_picture() : live_picture();
  }

 private:
  using Picture = Result<std::shared_ptr<media::VideoFrame>>;
  static Picture none() { return std::shared_ptr<media::VideoFrame>(); }

  bool is_paced() const { return address_.kind == InputKind::lavfi || address_.kind == InputKind::file; }

  Picture wait_for_device() {
    const TimePoint now = device::monotonic_now();
    if (now - last_picture_ > kNoPictures) {
      return fail(ErrorCode::unavailable,
                  "The camera " + address_.place + " has stopped delivering pictures.");
    }
    device::sleep_until(now + kPollStep);
    return none();
  }

  Picture begin_again() {
    if (!is_paced() || pictures_of_this_round_ == 0) {
      return fail(is_paced() ? ErrorCode::invalid_argument : ErrorCode::unavailable,
                  is_paced() ? "The chosen video has no pictures in it." : "The camera has stopped.");
    }
    pictures_of_this_round_ = 0;
    pacer_.rewind();
    if (!input_->rewind()) input_.reset();  // opened anew by the next call
    return none();
  }

  Picture live_picture() {
    const TimePoint now = device::monotonic_now();
    if (!limiter_.take(now)) return none();
    auto picture = converter_.convert(input_->frame());
    if (picture) (*picture)->captured = now;
    return picture;
  }

  // Converts ahead of time, so that the picture is ready at the moment it is said to be captured.
  Picture paced_picture() {
    const TimePoint due = pacer_.next(input_->presentation(), device::monotonic_now());
    if (!limiter_.take(due) || device::monotonic_now() - due > kTooLate) return none();
    auto picture = converter_.convert(input_->frame());
    if (!picture) return picture;
    if (!device::sleep_unless(stopping_, due)) return none();
    (*picture)->captured = device::monotonic_now();
    return picture;
  }

  const InputAddress& address_;
  const device::VideoFormat& wanted_;
  const std::atomic<bool>& stopping_;
  Duration step_;
  std::optional<AvInput> input_;
  Converter converter_;
  FramePacer pacer_;
  RateLimiter limiter_;
  TimePoint last_picture_{};
  std::uint64_t pictures_of_this_round_ = 0;
};

}  // namespace

AvCamera::AvCamera(InputAddress address, const device::VideoFormat& wanted)
    : shared_(std::make_shared<Shared>()) {
  shared_->address = std::move(address);
  shared_->wanted = wanted;
}

AvCamera::~AvCamera() { stop(); }

Status AvCamera::start(FrameCallback on_frame, device::ProblemCallback on_problem) {
  if (thread_.joinable() || shared_->stopping)
    return fail(ErrorCode::conflict, "The device was started before.");
  shared_->on_frame = std::move(on_frame);
  shared_->on_problem = std::move(on_problem);
  thread_ = std::thread(&AvCamera::run, shared_);
  return ok_status();
}

void AvCamera::stop() {
  shared_->stopping = true;
  if (!thread_.joinable()) return;
  std::unique_lock lock(shared_->mutex);
  const bool finished = shared_->changed.wait_for(lock, kStopPatience, [&] { return shared_->finished; });
  // What the callbacks refer to may be gone once we return.
  shared_->on_frame = nullptr;
  shared_->on_problem = nullptr;
  lock.unlock();
  if (finished) {
    thread_.join();
  } else {
    // Inside a driver that answers to nobody; it ends on its own when the driver returns.
    log::warning("camera.slow_to_stop");
    thread_.detach();
  }
}

void AvCamera::run(const std::shared_ptr<Shared>& shared) {
  pthread_setname_np(pthread_self(), "camera");
  {
    Capture capture(shared->address, shared->wanted, shared->stopping);
    while (!shared->stopping) {
      auto picture = capture.next();
      if (!picture) {
        shared->give_up(picture.error());
        break;
      }
      if (*picture) shared->deliver(std::move(*picture));
    }
  }  // the device is closed before stop() returns
  const std::lock_guard lock(shared->mutex);
  shared->finished = true;
  shared->changed.notify_all();
}

}  // namespace sotto::device_avdevice
