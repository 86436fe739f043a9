#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "sotto/net/tcp.hpp"

namespace sotto::net {
namespace {

// RFC 8305 section 5 recommends 250 ms; a little more spares slow links a needless second attempt.
constexpr Duration kStagger = std::chrono::milliseconds(300);

}  // namespace

struct TcpConnector::Attempt final : FdHandler {
  Attempt(TcpConnector& owner_, const SocketAddress& address_) : owner(owner_), address(address_) {}
  ~Attempt() { stop(); }

  void stop() {
    if (watched) owner.loop_.unwatch(socket.fd(), *this);
    watched = false;
  }
  void on_fd_ready(std::uint32_t) override {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    owner.attempt_ended(*this, error);
  }

  TcpConnector& owner;
  SocketAddress address;
  Socket socket;
  bool watched = false;
};

TcpConnector::TcpConnector(Loop& loop, const std::string& host, std::uint16_t port, Duration timeout,
                           OnResult on_result)
    : loop_(loop),
      target_("connecting to " + host + " port " + std::to_string(port)),
      on_result_(std::move(on_result)),
      stagger_(loop, [this] { start_next(); }),
      deadline_(loop, [this] { finish(system_error(ETIMEDOUT, target_), {}); }) {
  deadline_.arm_after(timeout);
  resolver_ = std::make_unique<Resolver>(loop, host, port, [this](Result<std::vector<SocketAddress>> result) {
    if (!result) return finish(std::move(result).error(), {});
    addresses_ = std::move(*result);
    start_next();
  });
}

TcpConnector::~TcpConnector() = default;

void TcpConnector::start_next() {
  while (next_ < addresses_.size()) {
    auto attempt = std::make_unique<Attempt>(*this, addresses_[next_++]);
    sockaddr_storage native{};
    const socklen_t size = attempt->address.to_native(native);
    attempt->socket = Socket(::socket(native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int error = 0;
    if (!attempt->socket.valid()) {
      error = errno;
    } else {
      const int on = 1;
      ::setsockopt(attempt->socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (::connect(attempt->socket.fd(), reinterpret_cast<const sockaddr*>(&native), size) != 0)
        error = errno;
    }
    if (error == 0 || error == EINPROGRESS) {  // the loop reports either
      loop_.watch(attempt->socket.fd(), EPOLLOUT, *attempt);
      attempt->watched = true;
      attempts_.push_back(std::move(attempt));
      if (next_ < addresses_.size()) stagger_.arm_after(kStagger);
      return;
    }
    last_error_ = system_error(error, target_);
  }
  if (attempts_.empty()) finish(last_error_, {});
}

void TcpConnector::attempt_ended(Attempt& attempt, int error) {
  if (error == 0) {
    attempt.stop();
    const SocketAddress peer = attempt.address;
    return finish(std::move(attempt.socket), peer);
  }
  last_error_ = system_error(error, target_);
  std::erase_if(attempts_, [&](const auto& other) { return other.get() == &attempt; });
  start_next();
}

void TcpConnector::finish(Result<Socket> result, const SocketAddress& peer) {
  stagger_.cancel();
  deadline_.cancel();
  resolver_.reset();
  attempts_.clear();
  const OnResult callback = std::move(on_result_);  // it may destroy this object
  callback(std::move(result), peer);
}

}  // namespace sotto::net
