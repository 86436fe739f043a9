// A child process with its standard input and output on pipes and its standard error in a file. It dies with
// the test, whatever happens to the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::e2e {

using Clock = std::chrono::steady_clock;
// Only ever used up by a failing test.
inline constexpr std::chrono::milliseconds kPatience{30000};

class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> command;                // the program's path first
    std::string log;                                 // standard error is appended to this file
    std::map<std::string, std::string> environment;  // beside the test's own
    bool own_group = false;
  };

  explicit ChildProcess(const Options& options);  // throws std::runtime_error
  ~ChildProcess();                                // SIGKILL
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool write(std::string_view text);  // false: the child closed its input
  void close_input();
  // The next line without its newline; nothing at the deadline or the end of the output.
  std::optional<std::string> read_line(Clock::time_point deadline);
  // Everything up to the end of the output.
  std::string read_all(std::chrono::milliseconds patience = kPatience);

  void signal(int number);
  // The exit code, or 128 + the signal's number; nothing when it still runs at the deadline.
  std::optional<int> wait(std::chrono::milliseconds patience = kPatience);

 private:
  bool fill(Clock::time_point deadline);

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
  std::string buffer_;
  std::optional<int> status_;
};

// A command run to its end.
struct Outcome {
  int code = -1;  // -1: it did not end in time
  std::string out, err;
};
Outcome run(const std::vector<std::string>& command, std::string_view input = "",
            const std::map<std::string, std::string>& environment = {});

std::string read_file(const std::string& path);

}  // namespace sotto::e2e
