// Drives real windows through the X server: a display of its own, programs, xdotool for input, the read-only
// test socket to find where things are. Throws std::runtime_error with what it waited for in vain.
#pragma once

#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace sotto::desktop_test {

using Json = nlohmann::json;

// Runs a program to its end; returns what it wrote. Throws when it fails.
std::string run_program(const std::vector<std::string>& words, const std::string& display = {});

class Process {
 public:
  Process(std::vector<std::string> words, std::vector<std::string> environment, const std::string& log);
  ~Process();  // SIGTERM, then SIGKILL after five seconds
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  pid_t pid() const { return pid_; }
  bool running();
  int stop();                             // exit status
  int status() const { return status_; }  // of one that ended by itself

 private:
  pid_t pid_ = -1;
  int status_ = -1;
};

// Xvfb on a display number that it chooses itself.
class Display {
 public:
  explicit Display(const std::string& size = "1640x820");
  const std::string& name() const { return name_; }
  void screenshot(const std::string& file) const;  // the whole screen, PNG

 private:
  test::TempDir folder_;
  std::string name_;
  std::unique_ptr<Process> server_;
};

// One window of the program.
class Window {
 public:
  // `x`: the window's place on the screen (there is no window manager). `environment`: NAME=value, beside the
  // test's own.
  Window(const Display& display, std::string program, std::vector<std::string> arguments,
         const std::string& folder, const std::string& title, int x = 0,
         const std::vector<std::string>& environment = {});

  Json ask(const Json& question);
  Json find(const std::string& id);  // null when absent
  // Until the element is there (and `holds` for it).
  Json wait_for(const std::string& id, const std::function<bool(const Json&)>& holds = {}, int seconds = 10);
  void wait_gone(const std::string& id, int seconds = 10);
  // The first element whose id begins so.
  Json wait_prefix(const std::string& prefix, const std::function<bool(const Json&)>& holds = {},
                   int seconds = 10);

  void take_focus();
  void click(const std::string& id);
  void click_on(const Json& element);
  void move_to(const std::string& id);
  void key(const std::string& keys);
  void type(const std::string& text);   // ASCII
  void paste(const std::string& text);  // through the clipboard, Ctrl+V
  std::string focus();
  std::uint64_t frames();
  double cpu_seconds() const;
  bool running() { return process_.running(); }
  int quit();

 private:
  std::string talk(const std::string& line);
  [[noreturn]] void give_up(const std::string& what);

  const Display& display_;
  std::string socket_, title_;
  int x_;
  Process process_;
};

}  // namespace sotto::desktop_test
