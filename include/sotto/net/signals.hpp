// Signals as events of a loop, for mains. Make it before any other thread exists: it blocks the signals
// for this thread and the threads made later, so that only the loop sees them.
#pragma once

#include <functional>
#include <initializer_list>

#include "sotto/net/loop.hpp"
#include "sotto/net/socket.hpp"

namespace sotto::net {

class Signals final : private FdHandler {
 public:
  // `signals`: SIGTERM, SIGINT, SIGHUP...
  Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int signal)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void on_fd_ready(std::uint32_t events) override;

  Loop& loop_;
  Socket socket_;
  std::function<void(int)> on_signal_;
};

}  // namespace sotto::net
