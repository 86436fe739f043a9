#include "server.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <stdexcept>

namespace sotto::e2e {
namespace {

// Waits until the file is there, complete with its newline.
std::string wait_for_file(const std::string& folder, const std::string& path) {
  const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  ::inotify_add_watch(watch, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY);
  const auto deadline = Clock::now() + kPatience;
  std::string text;
  while ((text = read_file(path)).empty() && Clock::now() < deadline) {
    pollfd ready{watch, POLLIN, 0};
    ::poll(&ready, 1, 1000);
    char events[4096];
    while (::read(watch, events, sizeof events) > 0) {
    }
  }
  ::close(watch);
  return text;
}

}  // namespace

Server::Server(std::string data) : data_(data.empty() ? folder_.file("data") : std::move(data)) { start(); }

void Server::start() {
  const std::string port_file = folder_.file("port");
  ::unlink(port_file.c_str());
  process_ = std::make_unique<ChildProcess>(ChildProcess::Options{
      {SOTTOD_PROGRAM, "serve", "--data", data_, "--listen", address(), "--port-file", port_file},
      folder_.file("server.log"),
      {},
      false});
  const std::string text = wait_for_file(folder_.path(), port_file);
  if (text.empty()) throw std::runtime_error("the server did not start: " + log());
  port_ = static_cast<std::uint16_t>(std::stoi(text));
}

std::string Server::invite(int uses) {
  const Outcome outcome = run({SOTTOD_PROGRAM, "invite", "--data", data_, "--uses", std::to_string(uses),
                               "--public-address", address()});
  std::string text = outcome.out;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto line = text.rfind('\n');
  if (outcome.code != 0) throw std::runtime_error("no invite: " + outcome.err);
  return line == std::string::npos ? text : text.substr(line + 1);
}

void Server::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait();
  process_.reset();
}

int Server::stop() {
  process_->signal(SIGTERM);
  const int code = process_->wait().value_or(-1);
  process_.reset();
  return code;
}

}  // namespace sotto::e2e
