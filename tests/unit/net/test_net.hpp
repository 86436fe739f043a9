// Shared by net's tests: a loop that runs until something holds, and a
// pair of connected TLS streams that record what happens to them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sotto/net/loop.hpp"
#include "sotto/net/tcp.hpp"
#include "sotto/net/tls_stream.hpp"
#include "unit/net/test_identity.hpp"

namespace sotto::net::test {

inline constexpr Duration kPatience = std::chrono::seconds(60);  // only ever used up by a failing test

template <class Predicate>
bool run_until(Loop& loop, Predicate done, Duration limit = kPatience) {
  const TimePoint end = monotonic_now() + limit;
  while (!done()) {
    if (monotonic_now() >= end) return false;
    loop.run_once(std::chrono::milliseconds(20));
  }
  return true;
}

inline TlsIdentity copy(const TlsIdentity& identity) { return {identity.chain_der, identity.key_der.copy()}; }

struct Recorder final : TlsStream::Handler {
  void on_established(const PeerInfo& info) override {
    peer = info;
    if (then_established) then_established();
  }
  void on_bytes(ByteView bytes) override {
    append(received, bytes);
    if (then_bytes) then_bytes();
  }
  void on_drained() override {
    ++drained;
    if (then_drained) then_drained();
  }
  void on_closed(const Closed& reason) override {
    EXPECT_FALSE(closed) << "closed twice";
    closed = reason;
    if (then_closed) then_closed();
  }
  bool up() const { return peer.has_value(); }

  std::unique_ptr<TlsStream> stream;
  std::optional<PeerInfo> peer;
  Bytes received;
  int drained = 0;
  std::optional<Closed> closed;
  std::function<void()> then_established, then_bytes, then_drained, then_closed;
};

// A listener and what a client needs to reach it. The server takes one connection, into `server`.
struct TlsPair {
  TlsPair() {
    server_options.identity = make_identity("server");
    server_options.alpn = "sotto/1";
    client_options.alpn = "sotto/1";
    client_options.verify_server = [this](const std::vector<Bytes>& chain) -> Status {
      if (chain != server_options.identity.chain_der)
        return fail(ErrorCode::untrusted, "not the pinned server");
      return ok_status();
    };
  }

  void listen() {
    auto context = TlsContext::make_server(server_options);
    ASSERT_TRUE(context) << context.error().message;
    server_context = *context;
    auto opened = TcpListener::open(loop, "127.0.0.1", 0, [this](Socket socket, const SocketAddress& from) {
      accepted_fd = socket.fd();
      server.stream = TlsStream::accept(loop, server_context, std::move(socket), from, server);
    });
    ASSERT_TRUE(opened) << opened.error().message;
    listener = std::move(*opened);
  }
  // A connected plain TCP socket to the listener.
  void dial(std::uint16_t port, std::function<void(Socket)> then) {
    connector = std::make_unique<TcpConnector>(loop, "127.0.0.1", port, kPatience,
                                               [then](Result<Socket> socket, const SocketAddress&) {
                                                 ASSERT_TRUE(socket) << socket.error().message;
                                                 then(std::move(*socket));
                                               });
  }
  void start_client(std::uint16_t port) {
    auto context = TlsContext::make_client(client_options);
    ASSERT_TRUE(context) << context.error().message;
    client_context = *context;
    dial(port, [this](Socket socket) {
      dialed_fd = socket.fd();
      client.stream = TlsStream::connect(loop, client_context, std::move(socket), {}, "localhost", client);
    });
  }
  void connect() {
    listen();
    start_client(listener->local_port());
    ASSERT_TRUE(run_until(loop, [&] { return server.up() && client.up(); }));
  }

  Loop loop;
  TlsContext::Server server_options;
  TlsContext::Client client_options;
  std::shared_ptr<const TlsContext> server_context, client_context;
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<TcpConnector> connector;
  int accepted_fd = -1, dialed_fd = -1;
  Recorder server, client;
};

}  // namespace sotto::net::test
