#include "sotto/net/loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <mutex>

#include "sotto/base/log.hpp"

namespace sotto::net {
namespace {

TimePoint read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return TimePoint(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

// A loop that cannot wait or wake is of no use to anybody: only a broken environment or our own bug
// (a closed descriptor) leads here.
[[noreturn]] void give_up(std::string_view what) {
  log::error("loop_failed", {{"call", what}, {"errno", errno}});
  std::abort();
}

}  // namespace

TimePoint monotonic_now() { return read_clock(CLOCK_MONOTONIC); }

WallTime wall_now() {
  const auto since = read_clock(CLOCK_REALTIME).time_since_epoch();
  return WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

// ---- Work from other threads ----

struct Poster::Inbox {
  std::mutex mutex;
  std::vector<Task> tasks;
  bool stop = false;
  bool open = true;    // the loop still exists
  bool woken = false;  // the eventfd is already set: many posts cost one system call
  int wake = -1;

  void wake_locked() {
    if (woken || wake < 0) return;
    woken = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake, &one, sizeof one);
  }
};

bool Poster::post(Task task) const {
  const std::lock_guard lock(inbox_->mutex);
  if (!inbox_->open) return false;
  inbox_->tasks.push_back(std::move(task));
  inbox_->wake_locked();
  return true;
}

void Loop::post(Task task) { Poster(inbox_).post(std::move(task)); }

Poster Loop::poster() const { return Poster(inbox_); }

void Loop::stop() {
  const std::lock_guard lock(inbox_->mutex);
  inbox_->stop = true;
  inbox_->wake_locked();
}

// ---- The loop ----

struct Loop::Batch {
  static constexpr int kEvents = 256;
  std::array<epoll_event, kEvents> events;
  int count = 0;
};

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), inbox_(std::make_shared<Poster::Inbox>()) {
  if (epoll_ < 0) give_up("epoll_create1");
  inbox_->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (inbox_->wake < 0) give_up("eventfd");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // never read: each write is an edge
  event.data.ptr = nullptr;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, inbox_->wake, &event) != 0) give_up("epoll_ctl");
}

Loop::~Loop() {
  std::vector<Task> dropped;
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->open = false;
    dropped.swap(inbox_->tasks);
    ::close(inbox_->wake);
    inbox_->wake = -1;
  }
  dropped.clear();
  assert(heap_.empty() && "timers must not outlive their loop");
  for (IterationHook* hook : hooks_) {
    if (hook) hook->hooked_ = nullptr;
  }
  ::close(epoll_);
}

void Loop::run() {
  stop_ = false;
  while (!stop_) iterate(Duration::max());
}

void Loop::run_once(Duration max_wait) { iterate(max_wait); }

void Loop::iterate(Duration max_wait) {
  Batch batch;
  Duration timeout = std::min(max_wait, until_next_timer());
  if (!hooks_.empty()) timeout = Duration::zero();
  batch.count = wait(timeout, batch);
  batch_ = &batch;
  for (int i = 0; i < batch.count; ++i) {
    const epoll_event event = batch.events[static_cast<std::size_t>(i)];
    if (event.data.ptr) static_cast<FdHandler*>(event.data.ptr)->on_fd_ready(event.events);
  }
  batch_ = nullptr;
  run_timers();
  run_posted();
  run_hooks();
}

int Loop::wait(Duration timeout, Batch& batch) const {
  timespec spec{};
  timespec* limit = nullptr;
  if (timeout != Duration::max()) {
    timeout = std::clamp<Duration>(timeout, Duration::zero(), std::chrono::hours(24));
    spec.tv_sec = timeout / std::chrono::seconds(1);
    spec.tv_nsec = (timeout % std::chrono::seconds(1)).count();
    limit = &spec;
  }
  static std::atomic<bool> has_pwait2 = true;  // Linux 5.11; without it, whole milliseconds, rounded up
  int count = -1;
  if (has_pwait2) {
    count = epoll_pwait2(epoll_, batch.events.data(), Batch::kEvents, limit, nullptr);
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) has_pwait2 = false;
  }
  if (!has_pwait2) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout);
    count =
        epoll_wait(epoll_, batch.events.data(), Batch::kEvents, limit ? static_cast<int>(ms.count()) : -1);
  }
  if (count >= 0) return count;
  if (errno != EINTR) give_up("epoll_wait");
  return 0;
}

void Loop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->woken = false;
    if (inbox_->stop) stop_ = true;
    inbox_->stop = false;
    tasks.swap(inbox_->tasks);
  }
  for (Task& task : tasks) {
    task();
    task = Task();  // what it owns goes now, not with the last one
  }
}

void Loop::run_hooks() {
  // A hook may destroy others of this round, whose destructors clear their slot; so the round stays in
  // place and new requests go behind it.
  const std::size_t round = hooks_.size();
  for (std::size_t i = 0; i < round; ++i) {
    IterationHook* hook = hooks_[i];
    if (!hook) continue;
    hooks_[i] = nullptr;
    hook->hooked_ = nullptr;
    hook->on_iteration_end();
  }
  // Requests of this round move to the front.
  std::size_t kept = 0;
  for (std::size_t i = round; i < hooks_.size(); ++i) {
    if (!hooks_[i]) continue;
    hooks_[i]->slot_ = kept;
    hooks_[kept++] = hooks_[i];
  }
  hooks_.resize(kept);
}

void Loop::at_iteration_end(IterationHook& hook) {
  if (hook.hooked_) return;
  hook.hooked_ = this;
  hook.slot_ = hooks_.size();
  hooks_.push_back(&hook);
}

IterationHook::~IterationHook() {
  if (hooked_) hooked_->hooks_[slot_] = nullptr;
}

// ---- Descriptors ----

void Loop::watch(int fd, std::uint32_t events, FdHandler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl add");
}

void Loop::rewatch(int fd, std::uint32_t events, FdHandler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) give_up("epoll_ctl mod");
}

void Loop::unwatch(int fd, FdHandler& handler) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  if (!batch_) return;
  for (int i = 0; i < batch_->count; ++i) {
    epoll_event& event = batch_->events[static_cast<std::size_t>(i)];
    if (event.data.ptr == &handler) event.data.ptr = nullptr;
  }
}

}  // namespace sotto::net
