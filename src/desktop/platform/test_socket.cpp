#include "desktop/platform/test_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <memory>

namespace sotto::desktop {
namespace {

constexpr std::size_t kLongestQuery = 4096;
constexpr int kPollMs = 200;

}  // namespace

Result<std::unique_ptr<TestSocket>> TestSocket::listen(const std::string& path, std::function<void()> wake) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(ErrorCode::invalid_argument, "The test socket's path is too long.");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return fail(ErrorCode::unavailable, "No socket for the tests.");
  ::unlink(path.c_str());
  const mode_t before = ::umask(0077);
  const int bound =
      ::bind(socket, static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address);
  ::umask(before);
  if (bound != 0 || ::listen(socket, 4) != 0) {
    ::close(socket);
    return fail(ErrorCode::unavailable, "The test socket could not be made.");
  }
  return std::unique_ptr<TestSocket>(new TestSocket(socket, path, std::move(wake)));
}

TestSocket::TestSocket(int socket, std::string path, std::function<void()> wake)
    : socket_(socket), path_(std::move(path)), wake_(std::move(wake)), thread_([this] { serve(); }) {}

TestSocket::~TestSocket() {
  stop_ = true;
  {
    const std::lock_guard lock(mutex_);
    for (Query& query : queries_) query.reply.set_value("{}");
    queries_.clear();
  }
  thread_.join();
  ::close(socket_);
  ::unlink(path_.c_str());
}

void TestSocket::serve() {
  while (!stop_) {
    pollfd poll_for{socket_, POLLIN, 0};
    if (::poll(&poll_for, 1, kPollMs) <= 0) continue;
    const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    talk(connection);
    ::close(connection);
  }
}

void TestSocket::talk(int connection) {
  std::string input;
  std::array<char, 1024> buffer{};
  while (!stop_ && input.size() < kLongestQuery) {
    pollfd poll_for{connection, POLLIN, 0};
    if (::poll(&poll_for, 1, kPollMs) == 0) continue;
    const ssize_t got = ::read(connection, buffer.data(), buffer.size());
    if (got <= 0) return;
    input.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end = input.find('\n'); end != std::string::npos; end = input.find('\n')) {
      std::future<std::string> reply;
      {
        const std::lock_guard lock(mutex_);
        queries_.push_back({input.substr(0, end), {}});
        reply = queries_.back().reply.get_future();
      }
      input.erase(0, end + 1);
      wake_();
      while (reply.wait_for(std::chrono::milliseconds(kPollMs)) != std::future_status::ready) {
        if (stop_) return;
      }
      const std::string text = reply.get() + "\n";
      std::size_t sent = 0;
      while (sent < text.size()) {
        const ssize_t put = ::send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (put <= 0) return;
        sent += static_cast<std::size_t>(put);
      }
    }
  }
}

bool TestSocket::waiting() {
  const std::lock_guard lock(mutex_);
  return !queries_.empty();
}

void TestSocket::answer(const std::function<std::string(const std::string&)>& respond) {
  std::vector<Query> queries;
  {
    const std::lock_guard lock(mutex_);
    queries.swap(queries_);
  }
  for (Query& query : queries) query.reply.set_value(respond(query.text));
}

}  // namespace sotto::desktop
