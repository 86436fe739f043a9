#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "bind.hpp"
#include "sotto/base/log.hpp"
#include "sotto/net/tcp.hpp"

namespace sotto::net {
namespace {

constexpr int kBacklog = 1024;       // chosen: a restart brings every client back at once
constexpr int kAcceptsPerTurn = 64;  // other connections get their turn in between
constexpr Duration kRest = std::chrono::milliseconds(100);

Socket open_spare() { return Socket(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

void set_option(const Socket& socket, int level, int name, int value) {
  ::setsockopt(socket.fd(), level, name, &value, sizeof value);
}

Result<Socket> bind_to(const SocketAddress& address, int type, bool both_families, const std::string& doing) {
  sockaddr_storage native{};
  const socklen_t size = address.to_native(native);
  Socket socket(::socket(native.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return system_error(errno, doing);
  if (type == SOCK_STREAM) set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);  // restart at once
  if (address.is_ipv6()) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, both_families ? 0 : 1);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&native), size) != 0) {
    return system_error(errno, doing);
  }
  return socket;
}

}  // namespace

Result<Socket> bind_socket(const std::string& host, std::uint16_t port, int type) {
  const std::string doing = "listening on " + (host.empty() ? "port" : host) + " " + std::to_string(port);
  if (host.empty()) {
    auto both = bind_to(*SocketAddress::from_ip("::", port), type, true, doing);
    if (both) return both;
    auto v4 = bind_to(*SocketAddress::from_ip("0.0.0.0", port), type, false, doing);
    return v4 ? std::move(v4) : std::move(both);
  }
  if (const auto address = SocketAddress::from_ip(host, port)) return bind_to(*address, type, false, doing);
  // A name: the program starts only once it is resolved, so waiting is right here.
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0 || !found) {
    return fail(ErrorCode::not_found, doing + ": no such address");
  }
  sockaddr_storage native{};
  std::copy_n(reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen,
              reinterpret_cast<char*>(&native));
  ::freeaddrinfo(found);
  return bind_to(*SocketAddress::from_ip(SocketAddress::from_native(native).ip(), port), type, false, doing);
}

SocketAddress local_address_of(const Socket& socket) {
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&native), &size);
  return SocketAddress::from_native(native);
}

Result<std::unique_ptr<TcpListener>> TcpListener::open(Loop& loop, const std::string& host,
                                                       std::uint16_t port, OnAccept on_accept) {
  auto socket = bind_socket(host, port, SOCK_STREAM);
  if (!socket) return std::move(socket).error();
  if (::listen(socket->fd(), kBacklog) != 0) return system_error(errno, "listening on " + host);
  return std::unique_ptr<TcpListener>(new TcpListener(loop, std::move(*socket), std::move(on_accept)));
}

TcpListener::TcpListener(Loop& loop, Socket socket, OnAccept on_accept)
    : loop_(loop),
      socket_(std::move(socket)),
      spare_(open_spare()),
      on_accept_(std::move(on_accept)),
      address_(local_address_of(socket_)),
      rest_(loop, [this] {
        if (!spare_.valid()) spare_ = open_spare();
        if (!paused_) loop_.rewatch(socket_.fd(), EPOLLIN, *this);
      }) {
  loop_.watch(socket_.fd(), EPOLLIN, *this);
}

TcpListener::~TcpListener() {
  loop_.unwatch(socket_.fd(), *this);
  if (destroyed_) *destroyed_ = true;
}

void TcpListener::pause() {
  paused_ = true;
  loop_.rewatch(socket_.fd(), 0, *this);
}

void TcpListener::resume() {
  paused_ = false;
  if (!rest_.armed()) loop_.rewatch(socket_.fd(), EPOLLIN, *this);
}

void TcpListener::on_fd_ready(std::uint32_t) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  // Moved out, so that a callback that destroys the listener does not destroy itself while it runs.
  OnAccept on_accept = std::move(on_accept_);
  for (int i = 0; i < kAcceptsPerTurn && !paused_; ++i) {
    sockaddr_storage native{};
    socklen_t size = sizeof native;
    Socket accepted(
        ::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&native), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!accepted.valid()) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) out_of_descriptors();
      break;
    }
    // Before the handshake: its small messages must not wait for each other's acknowledgement.
    set_option(accepted, IPPROTO_TCP, TCP_NODELAY, 1);
    on_accept(std::move(accepted), SocketAddress::from_native(native));
    if (destroyed) return;
  }
  destroyed_ = nullptr;
  on_accept_ = std::move(on_accept);
}

void TcpListener::out_of_descriptors() {
  log::warning("accept_out_of_descriptors");
  spare_.close();
  // The peer gets a closed connection now instead of silence until descriptors are free again.
  Socket(::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC)).close();
  spare_ = open_spare();
  loop_.rewatch(socket_.fd(), 0, *this);
  rest_.arm_after(kRest);
}

}  // namespace sotto::net
