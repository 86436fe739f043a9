// A real sottod on loopback, with a port that stays the same over restarts.
#pragma once

#include <memory>
#include <string>

#include "child_process.hpp"
#include "support/temp_dir.hpp"

namespace sotto::e2e {

class Server {
 public:
  // `data`: the server's folder; empty: in a scratch folder.
  explicit Server(std::string data = "");

  std::string invite(int uses = 1);  // a link
  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const std::string& data() const { return data_; }

  void start();  // after kill_hard() or stop(), on the same port
  void kill_hard();
  int stop();  // SIGTERM; the exit code
  bool running() const { return process_ != nullptr; }
  std::string log() const { return read_file(folder_.file("server.log")); }

 private:
  test::TempDir folder_;
  std::string data_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace sotto::e2e
