// The main thread of a command-line face: waits for input, signals, deadlines and answers posted by the
// core's thread, and runs everything in one place, so that nothing below needs a lock.
//
//   FaceLoop loop;
//   loop.watch_input(STDIN_FILENO, on_bytes, on_end);
//   auto executor = loop.executor();                 // for runtime::ClientRuntime: any thread may call it
//   int exit_code = loop.run();                      // until stop(exit_code), SIGINT or SIGTERM
//
// Thread: one, except executor().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace sotto::cli {

class FaceLoop {
 public:
  using Task = std::function<void()>;
  using Clock = std::chrono::steady_clock;

  FaceLoop();  // blocks SIGINT, SIGTERM and SIGHUP: make it before other threads
  ~FaceLoop();
  FaceLoop(const FaceLoop&) = delete;
  FaceLoop& operator=(const FaceLoop&) = delete;

  // Thread: any; may outlive the loop, then tasks are dropped.
  std::function<void(Task)> executor() const;

  // `on_end`: end of file or a read error; nothing follows.
  void watch_input(int fd, std::function<void(std::string_view)> on_bytes, Task on_end);
  void after(std::chrono::milliseconds delay, Task task);
  // Default: stop(130). A second signal always ends the loop at once.
  void on_signal(Task task) { on_signal_ = std::move(task); }

  int run();
  void stop(int exit_code);

 private:
  struct Inbox;
  struct Deadline {
    Clock::time_point at;
    Task task;
  };

  void read_input();
  void read_signal();
  void run_posted();
  void run_deadlines();
  int poll_timeout() const;

  std::shared_ptr<Inbox> inbox_;  // shared with the executors
  int signals_ = -1;
  int input_ = -1;
  std::function<void(std::string_view)> on_bytes_;
  Task on_end_;
  Task on_signal_;
  bool signalled_ = false;
  std::vector<Deadline> deadlines_;
  bool stopped_ = false;
  int exit_code_ = 0;
};

// Writes everything; false when the other end is gone.
bool write_all(int fd, std::string_view text);

}  // namespace sotto::cli
