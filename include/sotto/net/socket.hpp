// An owned file descriptor and an IP address with port.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sotto/base/result.hpp"

namespace sotto::net {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Socket() { close(); }

  int fd() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// An IPv4 or IPv6 address and a port, as a value. An IPv4 address mapped into IPv6 becomes IPv4, so
// that one peer has one spelling.
class SocketAddress {
 public:
  SocketAddress() = default;  // 0.0.0.0:0
  // Numeric only: "192.0.2.1", "2001:db8::1", "fe80::1%eth0".
  static std::optional<SocketAddress> from_ip(std::string_view ip, std::uint16_t port);
  static SocketAddress from_native(const sockaddr_storage& native);

  bool is_ipv6() const { return ipv6_; }
  std::uint16_t port() const { return port_; }
  std::string ip() const;
  std::string to_string() const;  // "192.0.2.1:7443", "[2001:db8::1]:7443"
  // 4 or 16 bytes, for rate limits per address or per prefix.
  std::span<const std::uint8_t> ip_bytes() const { return {ip_.data(), ipv6_ ? 16U : 4U}; }

  socklen_t to_native(sockaddr_storage& out) const;

  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;

 private:
  std::array<std::uint8_t, 16> ip_{};
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;
  bool ipv6_ = false;
};

// "host:port", "[v6]:port", "host" (then `default_port`), ":port" (every address of the machine).
struct HostPort {
  std::string host;  // empty: every address
  std::uint16_t port = 0;
};
Result<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port);

// The error of a failed system call as a value: "listening on [::]:7443: the address is in use".
Error system_error(int number, std::string_view doing);

}  // namespace sotto::net

template <>
struct std::hash<sotto::net::SocketAddress> {
  std::size_t operator()(const sotto::net::SocketAddress& address) const noexcept;
};
