// A real sottod on loopback with data in a scratch folder: started, waited for, invited to, stopped.
// Throws std::runtime_error where it cannot go on.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sotto/proto/invite_link.hpp"
#include "support/temp_dir.hpp"

namespace sotto::test {

class ServerProcess {
 public:
  // `weak_passwords`: Argon2 as fast as it goes, for thousands of registrations.
  explicit ServerProcess(std::string program, bool weak_passwords = true);
  ~ServerProcess();

  // A link for `uses` registrations, with the address where the server really listens.
  proto::InviteLink invite(int uses);
  pid_t pid() const { return pid_; }
  std::uint16_t port() const { return port_; }
  const std::string& data() const { return data_; }
  // SIGTERM, and the exit status.
  int stop();
  // Stops and starts again with the same data, on another port.
  void restart();
  void kill_hard();            // SIGKILL
  void start();                // after stop() or kill_hard(): the same data, perhaps another port
  std::string output() const;  // what it wrote since it was started

 private:
  pid_t spawn(const std::vector<std::string>& arguments, int output) const;

  TempDir folder_;
  std::string program_;
  std::string data_;
  bool weak_passwords_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace sotto::test
