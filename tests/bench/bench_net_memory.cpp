// Memory of idle TLS connections in module net alone: a child process opens them, this process serves
// them, exchanges one small frame over each, and then looks at its own resident memory.
#include <openssl/evp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "bench_support.hpp"
#include "sotto/net/tcp.hpp"
#include "sotto/net/tls_stream.hpp"
#include "unit/net/test_identity.hpp"

namespace sotto::bench {
namespace {

using namespace net;

struct Echo final : TlsStream::Handler {
  void on_established(const PeerInfo&) override {}
  void on_bytes(ByteView bytes) override {
    ++echoed;
    stream->send(to_bytes(bytes), Priority::urgent);
  }
  void on_closed(const Closed&) override { ++closed; }
  static inline int echoed = 0;
  static inline int closed = 0;
  std::unique_ptr<TlsStream> stream;
};

struct Client final : TlsStream::Handler {
  void on_established(const PeerInfo&) override { stream->send(Bytes(100, 'x'), Priority::urgent); }
  void on_bytes(ByteView) override { ++answered; }
  void on_closed(const Closed& reason) override { die("client: " + reason.error.message); }
  static inline int answered = 0;
  std::unique_ptr<TlsStream> stream;
};

// Opens `count` connections, at most 50 handshakes at a time, then waits until the pipe closes.
void run_client(std::uint16_t port, int count, int pipe_fd, const TlsIdentity* identity) {
  Loop loop;
  TlsContext::Client options;
  options.alpn = "bench";
  options.verify_server = [](const std::vector<Bytes>&) -> Status { return ok_status(); };
  if (identity) options.identity = TlsIdentity{identity->chain_der, identity->key_der.copy()};
  const auto context = *TlsContext::make_client(options);
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<TcpConnector>> connectors;
  while (Client::answered < count) {
    while (static_cast<int>(clients.size()) < std::min(count, Client::answered + 50)) {
      clients.push_back(std::make_unique<Client>());
      Client& client = *clients.back();
      connectors.push_back(std::make_unique<TcpConnector>(
          loop, "127.0.0.1", port, std::chrono::seconds(30),
          [&](Result<Socket> socket, const SocketAddress&) {
            if (!socket) die(socket.error().message);
            client.stream = TlsStream::connect(loop, context, std::move(*socket), {}, "", client);
          }));
    }
    loop.run_once(std::chrono::milliseconds(100));
  }
  char byte = 0;
  while (::read(pipe_fd, &byte, 1) > 0) {
  }
  ::_exit(0);
}

int run(int count, bool client_certificates) {
  const TlsIdentity server_identity = net::test::make_identity("server");
  const TlsIdentity client_identity = net::test::make_identity("client");
  Loop loop;
  TlsContext::Server options;
  options.identity = TlsIdentity{server_identity.chain_der, server_identity.key_der.copy()};
  options.alpn = "bench";
  if (client_certificates)
    options.verify_client = [](const std::vector<Bytes>&) -> Status { return ok_status(); };
  const auto context = *TlsContext::make_server(options);
  std::vector<std::unique_ptr<Echo>> connections;
  connections.reserve(static_cast<std::size_t>(count));
  auto listener = TcpListener::open(loop, "127.0.0.1", 0, [&](Socket socket, const SocketAddress& peer) {
    connections.push_back(std::make_unique<Echo>());
    Echo& echo = *connections.back();
    echo.stream = TlsStream::accept(loop, context, std::move(socket), peer, echo);
  });
  if (!listener) die(listener.error().message);

  int pipe_fds[2];
  if (::pipe(pipe_fds) != 0) die("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe_fds[1]);
    run_client((*listener)->local_port(), count, pipe_fds[0],
               client_certificates ? &client_identity : nullptr);
  }
  ::close(pipe_fds[0]);
  const double before = resident_kib(::getpid());
  const TimePoint start = loop.now();
  while (Echo::echoed < count && Echo::closed == 0) loop.run_once(std::chrono::milliseconds(100));
  const double seconds = std::chrono::duration<double>(loop.now() - start).count();
  loop.run_once(std::chrono::milliseconds(100));
  const double after = resident_kib(::getpid());
  Report report("bench_net_memory");
  report.add("connections", count, "connections");
  report.add("client_certificates", client_certificates ? 1 : 0, "boolean");
  report.add("resident_per_connection", (after - before) * 1024 / 1000 / count, "kB");
  report.add("handshakes_per_second", count / seconds, "1/s");
  report.print();
  ::close(pipe_fds[1]);
  connections.clear();
  ::waitpid(child, nullptr, 0);
  return Echo::closed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) {
  sotto::bench::raise_descriptor_limit();
  const int count = argc > 1 ? std::atoi(argv[1]) : 5000;
  return sotto::bench::run(count, argc > 2);
}
