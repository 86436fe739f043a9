#include "face_loop.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <mutex>
#include <stdexcept>

#include "sotto/base/secret_bytes.hpp"

namespace sotto::cli {

// What other threads touch. Unbounded: the core posts events at the pace of the network and of a person,
// and the two high-rate ones (progress, statistics) are paced by the core itself.
struct FaceLoop::Inbox {
  std::mutex mutex;
  std::vector<Task> tasks;
  int wake = -1;
  bool closed = false;

  void post(Task task) {
    const std::lock_guard lock(mutex);
    if (closed) return;
    tasks.push_back(std::move(task));
    const std::uint64_t one = 1;
    // Cannot fail but by an overflow of the counter, and then the loop is awake anyway.
    [[maybe_unused]] const auto written = ::write(wake, &one, sizeof one);
  }
};

FaceLoop::FaceLoop() : inbox_(std::make_shared<Inbox>()) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  inbox_->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (signals_ < 0 || inbox_->wake < 0) throw std::runtime_error("out of file descriptors");
}

FaceLoop::~FaceLoop() {
  std::vector<Task> dropped;
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->closed = true;
    dropped.swap(inbox_->tasks);
    ::close(inbox_->wake);
  }
  ::close(signals_);
}

std::function<void(FaceLoop::Task)> FaceLoop::executor() const {
  return [inbox = inbox_](Task task) { inbox->post(std::move(task)); };
}

void FaceLoop::watch_input(int fd, std::function<void(std::string_view)> on_bytes, Task on_end) {
  input_ = fd;
  on_bytes_ = std::move(on_bytes);
  on_end_ = std::move(on_end);
}

void FaceLoop::after(std::chrono::milliseconds delay, Task task) {
  deadlines_.push_back({Clock::now() + delay, std::move(task)});
}

void FaceLoop::stop(int exit_code) {
  if (stopped_) return;
  stopped_ = true;
  exit_code_ = exit_code;
}

int FaceLoop::poll_timeout() const {
  const auto next = std::ranges::min_element(deadlines_, {}, &Deadline::at);
  if (next == deadlines_.end()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next->at - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

int FaceLoop::run() {
  while (!stopped_) {
    std::array<pollfd, 3> fds{pollfd{inbox_->wake, POLLIN, 0}, pollfd{signals_, POLLIN, 0},
                              pollfd{input_, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), poll_timeout()) < 0 && errno != EINTR) return 1;
    if (fds[1].revents != 0) read_signal();
    run_posted();
    run_deadlines();
    if (fds[2].revents != 0 && !stopped_) read_input();
  }
  return exit_code_;
}

void FaceLoop::read_signal() {
  signalfd_siginfo info;
  while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    constexpr int kInterrupted = 130;  // what shells report for SIGINT
    if (signalled_ || !on_signal_) return stop(kInterrupted);
    signalled_ = true;
    on_signal_();
  }
}

void FaceLoop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(inbox_->mutex);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(inbox_->wake, &count, sizeof count);
    tasks.swap(inbox_->tasks);
  }
  for (Task& task : tasks) task();
}

void FaceLoop::run_deadlines() {
  const auto now = Clock::now();
  std::vector<Deadline> due;
  const auto later = std::stable_partition(deadlines_.begin(), deadlines_.end(),
                                           [now](const Deadline& d) { return d.at > now; });
  std::move(later, deadlines_.end(), std::back_inserter(due));
  deadlines_.erase(later, deadlines_.end());
  for (Deadline& deadline : due) deadline.task();
}

void FaceLoop::read_input() {
  std::array<char, 64UL * 1024> buffer;
  const auto count = ::read(input_, buffer.data(), buffer.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count > 0) {
    on_bytes_(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
    secure_wipe(buffer.data(), static_cast<std::size_t>(count));  // a line may hold a password
    return;
  }
  input_ = -1;  // poll() ignores negative descriptors
  if (on_end_) on_end_();
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {
      pollfd wait{fd, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace sotto::cli
