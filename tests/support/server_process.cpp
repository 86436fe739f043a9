#include "support/server_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace sotto::test {

ServerProcess::ServerProcess(std::string program, bool weak_passwords)
    : program_(std::move(program)), data_(folder_.file("data")), weak_passwords_(weak_passwords) {
  start();
}

void ServerProcess::restart() {
  stop();
  start();
}

void ServerProcess::start() {
  const std::string port_file = folder_.file("port");
  ::unlink(port_file.c_str());
  port_ = 0;
  const int log = ::open(folder_.file("log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  pid_ = spawn({"serve", "--data", data_, "--listen", "127.0.0.1:0", "--port-file", port_file}, log);
  ::close(log);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (port_ == 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_ || std::chrono::steady_clock::now() > give_up) {
      std::ifstream in(folder_.file("log"));
      const std::string text((std::istreambuf_iterator<char>(in)), {});
      throw std::runtime_error("sottod did not start: " + text);
    }
    std::ifstream in(port_file);
    in >> port_;
    // Another process is waited for; nothing but a file tells when it is ready.
    if (port_ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void ServerProcess::kill_hard() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string ServerProcess::output() const {
  std::ifstream in(folder_.file("log"));
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) stop();
}

pid_t ServerProcess::spawn(const std::vector<std::string>& arguments, int output) const {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process for sottod");
  if (child != 0) return child;
  ::dup2(output, 1);
  ::dup2(output, 2);
  if (weak_passwords_) ::setenv("SOTTO_TEST_ARGON2", "weak", 1);
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), program_);
  std::vector<char*> raw;
  for (std::string& word : words) raw.push_back(word.data());
  raw.push_back(nullptr);
  ::execv(program_.c_str(), raw.data());
  ::_exit(127);
}

proto::InviteLink ServerProcess::invite(int uses) {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = spawn({"invite", "--data", data_, "--uses", std::to_string(uses)}, pipe_fds[1]);
  ::close(pipe_fds[1]);
  std::string text;
  char buffer[1024];
  for (ssize_t count = 0; (count = ::read(pipe_fds[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(pipe_fds[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto line = text.rfind('\n');
  auto link = proto::parse_invite_link(line == std::string::npos ? text : text.substr(line + 1));
  if (status != 0 || !link) throw std::runtime_error("sottod invite said: " + text);
  link->host = "127.0.0.1";
  link->port = port_;
  return *link;
}

int ServerProcess::stop() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sotto::test
