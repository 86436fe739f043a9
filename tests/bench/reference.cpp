#include "reference.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <vector>

#include "bench_support.hpp"
#include "unit/net/test_identity.hpp"

namespace sotto::bench {
namespace {

// What sottod and a client exchange for a message of 256 bytes, frames and ids included.
constexpr std::size_t kMessageBytes = 304;
constexpr std::size_t kReplyBytes = 20;
constexpr std::size_t kPushBytes = 352;

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

Context server_context() {
  const net::TlsIdentity identity = net::test::make_identity("plain");
  Context context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate_ASN1(context.get(), static_cast<int>(identity.chain_der[0].size()),
                               identity.chain_der[0].data());
  SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_ED25519, context.get(), identity.key_der.data(),
                              static_cast<long>(identity.key_der.size()));
  return context;
}
Context client_context() {
  Context context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_256_GCM_SHA384");
  return context;
}

class Listener {
 public:
  explicit Listener(int backlog) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address_;
    auto* native = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(fd_, native, length) != 0 || ::listen(fd_, backlog) != 0) die("bind");
    ::getsockname(fd_, native, &length);
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  int accept() const { return ::accept(fd_, nullptr, nullptr); }
  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) die("connect");
    return fd;
  }

 private:
  int fd_;
  sockaddr_in address_{};
};

// One end of a connection, with TLS or without. Non-blocking once it is open.
class End {
 public:
  static constexpr bool kAccept = true;

  End(int fd, SSL_CTX* context, bool accepts) : fd_(fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (context != nullptr) {
      ssl_ = SSL_new(context);
      SSL_set_fd(ssl_, fd);
      SSL_set_read_ahead(ssl_, 1);  // a record with one read instead of two
      if ((accepts ? SSL_accept(ssl_) : SSL_connect(ssl_)) != 1) die("handshake of the relay");
    }
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  ~End() {
    SSL_free(ssl_);
    ::close(fd_);
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void send(std::size_t size) {
    static constexpr std::array<char, 512> kBytes{};
    const auto count = ssl_ != nullptr ? SSL_write(ssl_, kBytes.data(), static_cast<int>(size))
                                       : ::send(fd_, kBytes.data(), size, MSG_NOSIGNAL);
    if (count != static_cast<ssize_t>(size)) die("the relay's socket is full");
  }
  // How many bytes came; false: the other end is gone.
  bool receive(std::size_t& size) {
    std::array<char, 4096> bytes;
    size = 0;
    if (ssl_ == nullptr) {
      const auto count = ::recv(fd_, bytes.data(), bytes.size(), 0);
      if (count > 0) size = static_cast<std::size_t>(count);
      return count > 0 || (count < 0 && errno == EAGAIN);
    }
    do {  // what has come with this read of the socket, and no further read to see that nothing has
      const int count = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()));
      if (count <= 0) return SSL_get_error(ssl_, count) == SSL_ERROR_WANT_READ;
      size += static_cast<std::size_t>(count);
    } while (SSL_has_pending(ssl_) != 0);
    return true;
  }
  int fd() const { return fd_; }

 private:
  int fd_;
  SSL* ssl_ = nullptr;
};
using Ends = std::vector<std::unique_ptr<End>>;  // 2 i: sends; 2 i + 1: receives

// Calls take(index, bytes) for whatever comes, until it says false or an end is gone.
template <class Take>
void serve(const Ends& ends, const Take& take) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, ends[i]->fd(), &event);
  }
  std::array<epoll_event, 128> events;
  for (bool goes_on = true; goes_on;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count && goes_on; ++i) {
      const std::size_t index = events[static_cast<std::size_t>(i)].data.u64;
      std::size_t size = 0;
      goes_on = ends[index]->receive(size) && (size == 0 || take(index, size));
    }
  }
  ::close(epoll);
}

[[noreturn]] void relay(const Listener& listener, SSL_CTX* context, std::size_t connections) {
  Ends ends;
  while (ends.size() < connections)
    ends.push_back(std::make_unique<End>(listener.accept(), context, End::kAccept));
  std::vector<std::size_t> received(connections);
  serve(ends, [&](std::size_t index, std::size_t size) {
    received[index] += size;
    for (; received[index] >= kMessageBytes; received[index] -= kMessageBytes) {
      ends[index]->send(kReplyBytes);
      ends[index + 1]->send(kPushBytes);
    }
    return true;
  });
  ::_exit(0);
}

// Until `messages` have made their way.
void drive(const Ends& ends, std::size_t messages) {
  std::vector<std::size_t> received(ends.size());
  std::size_t to_send = messages;
  std::size_t done = 0;
  const auto send = [&](std::size_t pair) {
    if (to_send == 0) return;
    --to_send;
    ends[2 * pair]->send(kMessageBytes);
  };
  for (std::size_t pair = 0; pair < ends.size() / 2; ++pair) send(pair);
  serve(ends, [&](std::size_t index, std::size_t size) {
    const std::size_t pair = index / 2;
    received[index] += size;
    if (received[2 * pair] < kReplyBytes || received[2 * pair + 1] < kPushBytes) return true;
    received[2 * pair] -= kReplyBytes;
    received[2 * pair + 1] -= kPushBytes;
    send(pair);
    return ++done < messages;
  });
}

}  // namespace

double plain_tls_copy(std::uint64_t size) {
  const Listener listener(1);
  std::vector<char> buffer(16 * 1024, 'p');
  const pid_t child = ::fork();
  if (child == 0) {  // the receiver
    const Context context = server_context();
    SSL* ssl = SSL_new(context.get());
    SSL_set_fd(ssl, listener.accept());
    if (SSL_accept(ssl) != 1) ::_exit(1);
    for (std::uint64_t got = 0; got < size;) {
      const int count = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
      if (count <= 0) ::_exit(1);
      got += static_cast<std::uint64_t>(count);
    }
    SSL_write(ssl, "x", 1);
    SSL_shutdown(ssl);
    ::_exit(0);
  }
  const Context context = client_context();
  SSL* ssl = SSL_new(context.get());
  const int fd = listener.connect();
  SSL_set_fd(ssl, fd);
  if (SSL_connect(ssl) != 1) die("handshake of the plain copy");
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t sent = 0; sent < size;) {
    const int count =
        SSL_write(ssl, buffer.data(), static_cast<int>(std::min<std::uint64_t>(buffer.size(), size - sent)));
    if (count <= 0) die("write of the plain copy");
    sent += static_cast<std::uint64_t>(count);
  }
  if (SSL_read(ssl, buffer.data(), 1) != 1) die("answer of the plain copy");
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  SSL_free(ssl);
  ::close(fd);
  ::waitpid(child, nullptr, 0);
  return seconds.count();
}

double relay_cpu_per_million(RelayOver transport, int pairs, std::size_t messages) {
  const std::size_t connections = 2 * static_cast<std::size_t>(pairs);
  const Listener listener(2 * pairs);
  const bool tls = transport == RelayOver::tls;
  const pid_t child = ::fork();
  if (child == 0) {
    const Context context = tls ? server_context() : nullptr;
    relay(listener, context.get(), connections);
  }
  double cpu = 0;
  {
    const Context context = tls ? client_context() : nullptr;
    Ends ends;
    while (ends.size() < connections)
      ends.push_back(std::make_unique<End>(listener.connect(), context.get(), !End::kAccept));
    drive(ends, messages / 10);  // warm
    const double before = cpu_seconds(child);
    drive(ends, messages);
    cpu = cpu_seconds(child) - before;
  }
  ::waitpid(child, nullptr, 0);
  return cpu * 1e6 / static_cast<double>(messages);
}

}  // namespace sotto::bench
