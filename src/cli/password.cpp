#include "password.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "face_loop.hpp"

namespace sotto::cli {
namespace {

constexpr std::size_t kMaxPassword = 1024;

// The signals that end the program, as a descriptor: they are blocked (FaceLoop), so that Ctrl+C would not
// interrupt a read.
class Interruption {
 public:
  Interruption() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
    fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  // A signal that came is still there, for who had it before.
  ~Interruption() {
    if (fd_ >= 0) ::close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Waits for input. True: a signal came instead.
  bool came_before_input(int input) const {
    pollfd fds[] = {{input, POLLIN, 0}, {fd_, POLLIN, 0}};
    while (::poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    return fds[1].revents != 0;
  }

 private:
  sigset_t before_{};
  int fd_ = -1;
};

// One line, byte by byte: what follows belongs to somebody else.
Result<SecretBytes> read_line(int fd, const Interruption* interruption = nullptr) {
  SecretBytes line(kMaxPassword);
  std::size_t size = 0;
  while (true) {
    if (interruption != nullptr && interruption->came_before_input(fd))
      return fail(ErrorCode::conflict, "Cancelled.");
    char c = 0;
    const auto count = ::read(fd, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || c == '\n') break;
    if (size == kMaxPassword) return fail(ErrorCode::too_large, "The password is longer than 1024 bytes.");
    line.data()[size++] = static_cast<std::uint8_t>(c);
  }
  if (size > 0 && line.data()[size - 1] == '\r') --size;
  line.truncate(size);
  if (line.empty()) return fail(ErrorCode::invalid_argument, "The password is empty.");
  return line;
}

class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ >= 0 && ::tcgetattr(fd_, &before_) != 0) {
      ::close(fd_);
      fd_ = -1;
    }
  }
  ~Terminal() {
    if (fd_ >= 0) ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool valid() const { return fd_ >= 0; }

  Result<SecretBytes> ask(const std::string& prompt) {
    const Interruption interruption;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &silent);
    write_all(fd_, prompt);  // not before: who answers it at once is not to be seen
    auto line = read_line(fd_, &interruption);
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    write_all(fd_, "\n");
    return line;
  }

 private:
  int fd_;
  termios before_{};
};

}  // namespace

Result<SecretBytes> obtain_password(const PasswordSource& source, const std::string& prompt) {
  if (source.from_stdin) return read_line(STDIN_FILENO);
  if (char* value = std::getenv("SOTTO_PASSWORD"); value != nullptr && *value != '\0') {
    auto password = SecretBytes::from_text(value);
    secure_wipe(value, std::strlen(value));
    ::unsetenv("SOTTO_PASSWORD");
    return password;
  }
  Terminal terminal;
  if (!terminal.valid()) {
    return fail(ErrorCode::invalid_argument,
                "There is no terminal to ask for the password. Use --password-stdin or SOTTO_PASSWORD.");
  }
  auto password = terminal.ask(prompt + ": ");
  if (!password || !source.repeat) return password;
  auto again = terminal.ask("Once more: ");
  if (!again) return again;
  if (!(*password == *again)) return fail(ErrorCode::invalid_argument, "The two passwords are not the same.");
  return password;
}

}  // namespace sotto::cli
