// Keys and certificates of a server, and a plain TLS end that records what it gets.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "sotto/crypto/identity_chain.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/net/tcp.hpp"
#include "sotto/net/tls_stream.hpp"

namespace sotto::runtime::test {

struct TestAuthority {
  explicit TestAuthority(WallTime now = net::wall_now())
      : ca_key(crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, crypto::system_random())),
        server_key(
            crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, crypto::system_random())),
        ca(*crypto::issue_server_ca(ca_key, crypto::validity_from(now, 30), crypto::system_random())),
        server(*crypto::issue_server_certificate(ca_key, ca, server_key.public_key(),
                                                 crypto::validity_from(now, 10), crypto::system_random())) {}

  std::vector<Bytes> chain() const { return {server.der(), ca.der()}; }
  Bytes fingerprint() const { return to_bytes(ByteView(ca.spki_fingerprint())); }

  crypto::SigningKey ca_key, server_key;
  crypto::Certificate ca, server;
};

// PKCS #8 of an Ed25519 seed (RFC 8410).
inline SecretBytes key_der(const crypto::SigningKey& key) {
  Bytes der = *from_hex("302e020100300506032b657004220420");
  append(der, key.private_key().view());
  return SecretBytes(der);
}

// Accepts one connection after the other on a port of the system's choice.
class TestServer final : public net::TlsStream::Handler {
 public:
  TestServer(net::Loop& loop, const TestAuthority& authority, net::VerifyChain verify_client = nullptr)
      : loop_(loop) {
    net::TlsContext::Server options;
    options.identity.chain_der = authority.chain();
    options.identity.key_der = key_der(authority.server_key);
    options.alpn = "sotto/1";
    options.verify_client = std::move(verify_client);
    auto context = net::TlsContext::make_server(options);
    EXPECT_TRUE(context) << context.error().message;
    context_ = *context;
    auto opened = net::TcpListener::open(
        loop, "127.0.0.1", 0, [this](net::Socket socket, const net::SocketAddress& from) {
          stream = net::TlsStream::accept(loop_, context_, std::move(socket), from, *this);
        });
    EXPECT_TRUE(opened) << opened.error().message;
    listener_ = std::move(*opened);
  }

  std::uint16_t port() const { return listener_->local_port(); }

  void on_established(const net::PeerInfo& info) override {
    ++established;
    peer = info;
    if (then_established) then_established();
  }
  void on_bytes(ByteView bytes) override { append(received, bytes); }
  void on_closed(const net::Closed& closed) override {
    last_close = closed;
    ++closes;
  }

  std::unique_ptr<net::TlsStream> stream;
  net::PeerInfo peer;
  Bytes received;
  net::Closed last_close;
  int established = 0, closes = 0;
  std::function<void()> then_established;

 private:
  net::Loop& loop_;
  std::shared_ptr<const net::TlsContext> context_;  // shared with the streams
  std::unique_ptr<net::TcpListener> listener_;
};

}  // namespace sotto::runtime::test
