// A bound UDP socket. Datagrams arrive in batches; sending never waits: a full kernel buffer drops.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/net/socket.hpp"

namespace sotto::net {

// Longer datagrams are dropped and counted: nothing we speak over UDP is larger than an Ethernet frame.
inline constexpr std::size_t kMaxDatagramBytes = 2048;

class UdpSocket final : private FdHandler {
 public:
  // `bytes` is valid during the call only; `now` is read once a batch.
  using OnDatagram = std::function<void(const SocketAddress& from, ByteView bytes, TimePoint now)>;

  // As TcpListener::open for host and port. Buffers are raised to 4 MiB as far as the system allows.
  static Result<std::unique_ptr<UdpSocket>> open(Loop& loop, const std::string& host, std::uint16_t port,
                                                 OnDatagram on_datagram);
  ~UdpSocket();

  std::uint16_t local_port() const { return address_.port(); }
  const SocketAddress& local_address() const { return address_; }
  // False: not sent (buffer full, unreachable). A datagram may be lost anyway.
  bool send(const SocketAddress& to, ByteView bytes);
  std::uint64_t dropped() const { return dropped_; }  // not sent, or received and too long

 private:
  UdpSocket(Loop& loop, Socket socket, bool ipv6, OnDatagram on_datagram);
  void on_fd_ready(std::uint32_t events) override;

  Loop& loop_;
  Socket socket_;
  bool ipv6_;
  OnDatagram on_datagram_;
  SocketAddress address_;
  std::uint64_t dropped_ = 0;
  bool* destroyed_ = nullptr;
};

}  // namespace sotto::net
