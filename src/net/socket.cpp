#include "sotto/net/socket.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

namespace sotto::net {

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::optional<SocketAddress> SocketAddress::from_ip(std::string_view ip, std::uint16_t port) {
  if (ip.size() > INET6_ADDRSTRLEN + IF_NAMESIZE) return std::nullopt;
  std::string text(ip);
  SocketAddress out;
  out.port_ = port;
  if (inet_pton(AF_INET, text.c_str(), out.ip_.data()) == 1) return out;
  if (const auto percent = text.find('%'); percent != std::string::npos) {
    out.scope_ = if_nametoindex(text.c_str() + percent + 1);
    if (out.scope_ == 0) return std::nullopt;
    text.resize(percent);
  }
  if (inet_pton(AF_INET6, text.c_str(), out.ip_.data()) != 1) return std::nullopt;
  out.ipv6_ = true;
  // One spelling for an IPv4 peer, whichever socket it came through.
  sockaddr_storage native{};
  out.to_native(native);
  return from_native(native);
}

SocketAddress SocketAddress::from_native(const sockaddr_storage& native) {
  SocketAddress out;
  if (native.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &native, sizeof v4);
    std::memcpy(out.ip_.data(), &v4.sin_addr, 4);
    out.port_ = ntohs(v4.sin_port);
  } else if (native.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &native, sizeof v6);
    out.port_ = ntohs(v6.sin6_port);
    const std::uint8_t* raw = v6.sin6_addr.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      std::memcpy(out.ip_.data(), raw + 12, 4);
    } else {
      std::memcpy(out.ip_.data(), raw, 16);
      out.scope_ = v6.sin6_scope_id;
      out.ipv6_ = true;
    }
  }
  return out;
}

socklen_t SocketAddress::to_native(sockaddr_storage& out) const {
  out = {};
  if (ipv6_) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port_);
    v6.sin6_scope_id = scope_;
    std::memcpy(&v6.sin6_addr, ip_.data(), 16);
    std::memcpy(&out, &v6, sizeof v6);
    return sizeof v6;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port_);
  std::memcpy(&v4.sin_addr, ip_.data(), 4);
  std::memcpy(&out, &v4, sizeof v4);
  return sizeof v4;
}

std::string SocketAddress::ip() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(ipv6_ ? AF_INET6 : AF_INET, ip_.data(), text, sizeof text);
  std::string out = text;
  char name[IF_NAMESIZE] = {};
  if (scope_ != 0 && if_indextoname(scope_, name)) out.append("%").append(name);
  return out;
}

std::string SocketAddress::to_string() const {
  const std::string port = ":" + std::to_string(port_);
  return ipv6_ ? "[" + ip() + "]" + port : ip() + port;
}

Result<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  const auto malformed = [&] {
    return fail(ErrorCode::invalid_argument, "'" + std::string(text.substr(0, 80)) +
                                                 "' is not an address; write host, host:port or [IPv6]:port");
  };
  HostPort out;
  out.port = default_port;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto bracket = text.find(']');
    if (bracket == std::string_view::npos) return malformed();
    out.host = text.substr(1, bracket - 1);
    const std::string_view rest = text.substr(bracket + 1);
    if (!SocketAddress::from_ip(out.host, 0)) return malformed();
    if (!rest.empty() && rest.front() != ':') return malformed();
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (std::count(text.begin(), text.end(), ':') > 1) {
    if (!SocketAddress::from_ip(text, 0)) return malformed();  // a bare IPv6 address
    out.host = text;
  } else {
    const auto colon = text.find(':');
    has_port = colon != std::string_view::npos;
    out.host = text.substr(0, colon);
    if (has_port) port = text.substr(colon + 1);
  }
  if (out.host.size() > 253) return malformed();  // RFC 1035: longest name
  for (const char c : out.host) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '/' || c == '@') return malformed();
  }
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size()) return malformed();
  } else if (out.host.empty()) {
    return malformed();
  }
  return out;
}

Error system_error(int number, std::string_view doing) {
  ErrorCode code = ErrorCode::unavailable;
  std::string what;
  switch (number) {
    case EADDRINUSE: what = "the address is already in use"; break;
    case EADDRNOTAVAIL: what = "this machine does not have that address"; break;
    case EACCES:
    case EPERM:
      code = ErrorCode::denied;
      what = "the system does not permit it";
      break;
    case ECONNREFUSED:
      code = ErrorCode::offline;
      what = "nobody listens there";
      break;
    case ETIMEDOUT:
      code = ErrorCode::offline;
      what = "no answer in time";
      break;
    case ECONNRESET:
    case EPIPE:
      code = ErrorCode::offline;
      what = "the other side closed the connection";
      break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
      code = ErrorCode::offline;
      what = "no route to that address";
      break;
    case EMFILE:
    case ENFILE: what = "too many open files"; break;
    default: what = std::error_code(number, std::generic_category()).message();
  }
  return fail(code, std::string(doing) + ": " + what);
}

}  // namespace sotto::net

std::size_t std::hash<sotto::net::SocketAddress>::operator()(
    const sotto::net::SocketAddress& address) const noexcept {
  // FNV-1a over the address and the port.
  std::uint64_t state = 0xcbf29ce484222325U;
  const auto mix = [&](std::uint8_t byte) { state = (state ^ byte) * 0x100000001b3U; };
  for (const std::uint8_t byte : address.ip_bytes()) mix(byte);
  mix(static_cast<std::uint8_t>(address.port() >> 8));
  mix(static_cast<std::uint8_t>(address.port()));
  return state;
}
