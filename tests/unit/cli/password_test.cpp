// The prompt for a password, on a terminal of its own.
#include "cli/password.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace sotto::cli {
namespace {

// A child that asks for a password as the program does: the signals that end it are blocked by then.
class Prompt {
 public:
  Prompt() {
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ != 0) return;
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::unsetenv("SOTTO_PASSWORD");
    const auto password = obtain_password({}, "Password");
    ::_exit(password ? static_cast<int>(password->size()) : 100);
  }
  ~Prompt() {
    if (!started()) return;  // and kill(-1) would end every process of the machine
    if (!ended_) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    ::close(terminal_);
  }
  // False where there are no pseudo-terminals: no /dev/pts.
  bool started() const { return pid_ > 0; }
  bool shows(const std::string& text) {
    while (screen_.find(text) == std::string::npos) {
      pollfd fd{terminal_, POLLIN, 0};
      std::array<char, 256> bytes;
      if (::poll(&fd, 1, kPatienceMs) <= 0) return false;
      const auto count = ::read(terminal_, bytes.data(), bytes.size());
      if (count <= 0) return false;
      screen_.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return true;
  }
  bool echoes() const {
    termios state{};
    return ::tcgetattr(terminal_, &state) == 0 && (state.c_lflag & ECHO) != 0;
  }
  void type(const std::string& text) {
    ASSERT_EQ(::write(terminal_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // What the child said, or -1 when it still waits.
  int result() {
    if (!shows("\r\n")) return -1;  // the line that ends the prompt
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) return -1;
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static constexpr int kPatienceMs = 5000;
  int terminal_ = -1;
  pid_t pid_ = -1;
  bool ended_ = false;
  std::string screen_;
};

TEST(PasswordPrompt, takes_a_line_and_shows_nothing_of_it) {
  Prompt prompt;
  if (!prompt.started()) GTEST_SKIP() << "this machine has no pseudo-terminals";
  ASSERT_TRUE(prompt.shows("Password: "));
  prompt.type("secret\n");
  EXPECT_EQ(prompt.result(), 6);
  EXPECT_TRUE(prompt.echoes());
}

TEST(PasswordPrompt, is_left_by_ctrl_c_with_the_terminal_as_it_was) {
  Prompt prompt;
  if (!prompt.started()) GTEST_SKIP() << "this machine has no pseudo-terminals";
  ASSERT_TRUE(prompt.shows("Password: "));
  prompt.type("sec\x03");
  EXPECT_EQ(prompt.result(), 100);
  EXPECT_TRUE(prompt.echoes());
}

}  // namespace
}  // namespace sotto::cli
