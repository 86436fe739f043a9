// Listening for TCP connections, and making them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sotto/base/result.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/net/socket.hpp"

namespace sotto::net {

// Accepts until destroyed. An empty host listens on every IPv4 and IPv6 address; port 0 lets the system
// choose (local_port()). When the process is out of descriptors the waiting connection is closed, so that
// the peer learns of it, and accepting rests for 100 ms. Accepted sockets are non-blocking with TCP_NODELAY.
class TcpListener final : private FdHandler {
 public:
  using OnAccept = std::function<void(Socket socket, const SocketAddress& peer)>;

  static Result<std::unique_ptr<TcpListener>> open(Loop& loop, const std::string& host, std::uint16_t port,
                                                   OnAccept on_accept);
  ~TcpListener();

  std::uint16_t local_port() const { return address_.port(); }
  const SocketAddress& local_address() const { return address_; }
  // Full: connections wait in the kernel's queue.
  void pause();
  void resume();

 private:
  TcpListener(Loop& loop, Socket socket, OnAccept on_accept);
  void on_fd_ready(std::uint32_t events) override;
  void out_of_descriptors();

  Loop& loop_;
  Socket socket_;
  Socket spare_;  // given up for a moment when descriptors run out
  OnAccept on_accept_;
  SocketAddress address_;
  Timer rest_;
  bool paused_ = false;
  bool* destroyed_ = nullptr;
};

// Looks a name up on a thread of its own (the system's resolver blocks) and calls back on the loop.
// Destroying it cancels. A numeric address needs no thread but calls back later too.
class Resolver {
 public:
  using OnResult = std::function<void(Result<std::vector<SocketAddress>>)>;
  Resolver(Loop& loop, const std::string& host, std::uint16_t port, OnResult on_result);
  ~Resolver();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // shared with the thread, which may outlive this object
};

// One connection attempt: resolves, then tries the addresses, starting the next after 300 ms without
// an answer from the earlier ones; the first to connect wins. Destroying it cancels.
class TcpConnector final {
 public:
  using OnResult = std::function<void(Result<Socket>, const SocketAddress& peer)>;
  TcpConnector(Loop& loop, const std::string& host, std::uint16_t port, Duration timeout, OnResult on_result);
  ~TcpConnector();
  TcpConnector(const TcpConnector&) = delete;
  TcpConnector& operator=(const TcpConnector&) = delete;

 private:
  struct Attempt;
  void start_next();
  void attempt_ended(Attempt& attempt, int error);
  void finish(Result<Socket> result, const SocketAddress& peer);

  Loop& loop_;
  std::string target_;
  OnResult on_result_;
  std::unique_ptr<Resolver> resolver_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  Error last_error_;
  Timer stagger_;
  Timer deadline_;
};

}  // namespace sotto::net
