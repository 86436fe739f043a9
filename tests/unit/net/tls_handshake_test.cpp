#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "test_net.hpp"

namespace sotto::net {
namespace {

using test::make_identity;
using test::run_until;
using test::TlsPair;

TEST(TlsHandshake, GivesBothSidesTls13AndTheSameExporter) {
  TlsPair pair;
  pair.connect();
  EXPECT_EQ(pair.client.peer->chain_der, pair.server_options.identity.chain_der);
  EXPECT_TRUE(pair.server.peer->chain_der.empty());
  EXPECT_EQ(pair.server.peer->address.ip(), "127.0.0.1");
  EXPECT_EQ(pair.server.peer->cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(pair.client.peer->group, "X25519");
  const auto ours = pair.client.stream->exporter("EXPORTER-sotto-identity", 32);
  const auto theirs = pair.server.stream->exporter("EXPORTER-sotto-identity", 32);
  const auto other = pair.server.stream->exporter("EXPORTER-sotto-other", 32);
  ASSERT_TRUE(ours && theirs && other);
  EXPECT_TRUE(*ours == *theirs);
  EXPECT_FALSE(*ours == *other);
}

TEST(TlsHandshake, ShowsTheClientsChainToTheServer) {
  TlsPair pair;
  const TlsIdentity identity = make_identity("device");
  const TlsIdentity issuer = make_identity("issuer");
  pair.client_options.identity = test::copy(identity);
  pair.client_options.identity->chain_der.push_back(issuer.chain_der[0]);
  std::vector<Bytes> judged;
  pair.server_options.verify_client = [&](const std::vector<Bytes>& chain) -> Status {
    judged = chain;
    return ok_status();
  };
  pair.connect();
  EXPECT_EQ(judged, (std::vector<Bytes>{identity.chain_der[0], issuer.chain_der[0]}));
  EXPECT_EQ(pair.server.peer->chain_der, judged);
}

TEST(TlsHandshake, LetsAClientInWithoutACertificateWhenTheServerAsksForOne) {
  TlsPair pair;
  pair.server_options.verify_client = [](const std::vector<Bytes>&) -> Status {
    return fail(ErrorCode::untrusted, "never asked without a chain");
  };
  pair.connect();
  EXPECT_TRUE(pair.server.peer->chain_der.empty());
}

TEST(TlsHandshake, RefusesAClientWhoseChainIsNotBelieved) {
  TlsPair pair;
  pair.client_options.identity = make_identity("stranger");
  pair.server_options.verify_client = [](const std::vector<Bytes>&) -> Status {
    return fail(ErrorCode::denied, "the device was revoked");
  };
  pair.listen();
  pair.start_client(pair.listener->local_port());
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed && pair.client.closed; }));
  EXPECT_EQ(pair.server.closed->kind, CloseKind::tls_failed);
  EXPECT_EQ(pair.server.closed->error, fail(ErrorCode::denied, "the device was revoked"));
  EXPECT_FALSE(pair.server.up());
  EXPECT_EQ(pair.client.closed->kind, CloseKind::refused);
  EXPECT_NE(pair.client.closed->error.message.find("our certificate is revoked"), std::string::npos)
      << pair.client.closed->error.message;
}

TEST(TlsHandshake, RefusesAServerThatIsNotThePinnedOne) {
  TlsPair pair;
  pair.client_options.verify_server = [](const std::vector<Bytes>&) -> Status {
    return fail(ErrorCode::untrusted, "another server answered");
  };
  pair.listen();
  pair.start_client(pair.listener->local_port());
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed && pair.client.closed; }));
  EXPECT_EQ(pair.client.closed->error, fail(ErrorCode::untrusted, "another server answered"));
  EXPECT_FALSE(pair.client.up());
  EXPECT_FALSE(pair.server.up());
}

TEST(TlsHandshake, RefusesAClientOfAnotherProtocol) {
  TlsPair pair;
  pair.client_options.alpn = "h2";
  pair.listen();
  pair.start_client(pair.listener->local_port());
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed && pair.client.closed; }));
  for (const auto* side : {&pair.server, &pair.client}) {
    EXPECT_FALSE(side->up());
    EXPECT_EQ(side->closed->kind, CloseKind::tls_failed);
    EXPECT_NE(side->closed->error.message.find("does not speak our protocol"), std::string::npos)
        << side->closed->error.message;
  }
}

// A blocking OpenSSL client with settings that ours never has.
struct RawClient {
  explicit RawClient(int min_version, int max_version, const char* alpn)
      : context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context, min_version);
    SSL_CTX_set_max_proto_version(context, max_version);
    SSL_CTX_set_security_level(context, 0);
    if (alpn) {
      Bytes wire = {static_cast<std::uint8_t>(std::string_view(alpn).size())};
      append(wire, as_bytes(alpn));
      SSL_CTX_set_alpn_protos(context, wire.data(), static_cast<unsigned>(wire.size()));
    }
    ssl = SSL_new(context);
  }
  ~RawClient() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  // Handshake on a non-blocking socket while the loop runs; the reason of failure or "".
  std::string handshake(Loop& loop, int fd) {
    SSL_set_fd(ssl, fd);
    SSL_set_connect_state(ssl);
    for (int i = 0; i < 3000; ++i) {
      ERR_clear_error();
      const int result = SSL_do_handshake(ssl);
      if (result == 1) return "";
      const int error = SSL_get_error(ssl, result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        const char* reason = ERR_reason_error_string(ERR_peek_error());
        return reason ? reason : "unknown";
      }
      loop.run_once(std::chrono::milliseconds(1));
    }
    return "timeout";
  }
  SSL_CTX* context;
  SSL* ssl = nullptr;
};

std::string raw_handshake(TlsPair& pair, RawClient& client, Socket& keep) {
  pair.listen();
  pair.dial(pair.listener->local_port(), [&](Socket socket) { keep = std::move(socket); });
  run_until(pair.loop, [&] { return keep.valid(); });
  return client.handshake(pair.loop, keep.fd());
}

TEST(TlsHandshake, RefusesTls12WithProtocolVersion) {
  TlsPair pair;
  RawClient client(TLS1_VERSION, TLS1_2_VERSION, "sotto/1");
  Socket socket;
  EXPECT_EQ(raw_handshake(pair, client, socket), "tlsv1 alert protocol version");
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_EQ(pair.server.closed->error.message, "the other side does not speak TLS 1.3");
}

TEST(TlsHandshake, RefusesAClientWithoutAlpn) {
  TlsPair pair;
  RawClient client(TLS1_3_VERSION, TLS1_3_VERSION, nullptr);
  Socket socket;
  raw_handshake(pair, client, socket);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_FALSE(pair.server.up());
  EXPECT_EQ(pair.server.closed->kind, CloseKind::tls_failed);
}

TEST(TlsHandshake, SpeaksTheFewSuitesAndGroupsItShould) {
  const auto attempt = [](const char* suites, const char* groups) {
    TlsPair pair;
    RawClient client(TLS1_3_VERSION, TLS1_3_VERSION, "sotto/1");
    SSL_set_ciphersuites(client.ssl, suites);
    SSL_set1_groups_list(client.ssl, groups);
    Socket socket;
    return raw_handshake(pair, client, socket);
  };
  EXPECT_EQ(attempt("TLS_CHACHA20_POLY1305_SHA256", "X25519"), "");
  EXPECT_EQ(attempt("TLS_AES_128_GCM_SHA256", "P-256"), "");
  EXPECT_EQ(attempt("TLS_AES_256_GCM_SHA384", "P-384:P-256"), "");  // by HelloRetryRequest
  EXPECT_NE(attempt("TLS_AES_256_GCM_SHA384", "P-384"), "");
  EXPECT_NE(attempt("TLS_AES_128_CCM_SHA256", "X25519"), "");
}

TEST(TlsHandshake, GivesOutNoSessionTickets) {
  TlsPair pair;
  RawClient client(TLS1_3_VERSION, TLS1_3_VERSION, "sotto/1");
  Socket socket;
  ASSERT_EQ(raw_handshake(pair, client, socket), "");
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.up(); }));
  pair.server.stream->send(to_bytes("x"), Priority::urgent);
  char byte = 0;
  ASSERT_TRUE(run_until(pair.loop, [&] { return SSL_read(client.ssl, &byte, 1) == 1; }));
  EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get0_session(client.ssl)), 0);
}

TEST(TlsHandshake, EndsWhenThePeerTalksNonsense) {
  TlsPair pair;
  pair.listen();
  Socket keep;
  pair.dial(pair.listener->local_port(), [&](Socket socket) {
    const std::string_view text = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    EXPECT_EQ(::send(socket.fd(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    keep = std::move(socket);
  });
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_EQ(pair.server.closed->kind, CloseKind::tls_failed);
  EXPECT_EQ(pair.server.closed->error.message, "the other side does not speak TLS 1.3");
}

TEST(TlsHandshake, SaysThatThePeerTookItsLeaveInTheMiddle) {
  TlsPair pair;
  Socket keep;
  auto listener = TcpListener::open(pair.loop, "127.0.0.1", 0, [&](Socket socket, const SocketAddress&) {
    const Bytes close_notify = {21, 3, 3, 0, 2, 1, 0};
    EXPECT_EQ(::send(socket.fd(), close_notify.data(), close_notify.size(), 0), 7);
    keep = std::move(socket);
  });
  ASSERT_TRUE(listener);
  pair.start_client((*listener)->local_port());
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.client.closed.has_value(); }));
  EXPECT_EQ(pair.client.closed->kind, CloseKind::tls_failed);
  EXPECT_EQ(pair.client.closed->error.message, "the other side hung up during the handshake");
}

TEST(TlsHandshake, RefusesAChainThatIsTooLong) {
  TlsPair pair;
  pair.client_options.identity = make_identity("device");
  for (int i = 0; i < 80; ++i) {
    pair.client_options.identity->chain_der.push_back(make_identity("filler").chain_der[0]);
  }
  pair.server_options.verify_client = [](const std::vector<Bytes>&) -> Status { return ok_status(); };
  pair.listen();
  pair.start_client(pair.listener->local_port());
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_FALSE(pair.server.up());
  EXPECT_EQ(pair.server.closed->kind, CloseKind::tls_failed);
}

TEST(TlsHandshake, DoesNotCountWhatComesAlongWithItsEnd) {
  TlsPair pair;
  RawClient client(TLS1_3_VERSION, TLS1_3_VERSION, "sotto/1");
  Socket socket;
  // The server's turn comes late: its next read finds the client's last handshake message and all of this.
  ASSERT_EQ(raw_handshake(pair, client, socket), "");
  ASSERT_FALSE(pair.server.up());
  const int room = 1 << 20;
  ASSERT_EQ(::setsockopt(pair.accepted_fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
  ASSERT_EQ(::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
  const Bytes sent(4 * kMaxHandshakeBytes, 'x');
  std::size_t written = 0;
  SSL_set_mode(client.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ASSERT_TRUE(run_until(pair.loop, [&] {
    std::size_t more = 0;
    while (written < sent.size() &&
           SSL_write_ex(client.ssl, sent.data() + written, sent.size() - written, &more) == 1) {
      written += more;
    }
    return pair.server.closed || pair.server.received.size() == sent.size();
  }));
  EXPECT_FALSE(pair.server.closed) << pair.server.closed->error.message;
}

// RFC 8446 section 4.6.3. Each costs us three derivations and the peer 27 bytes.
struct KeyUpdates : testing::Test {
  TlsPair pair;
  RawClient client{TLS1_3_VERSION, TLS1_3_VERSION, "sotto/1"};
  Socket socket;

  void SetUp() override {
    ASSERT_EQ(raw_handshake(pair, client, socket), "");
    ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.up(); }));
  }
  void renew_keys(int times, int type) {
    for (int i = 0; i < times; ++i) {
      ASSERT_EQ(SSL_key_update(client.ssl, type), 1);
      ASSERT_EQ(SSL_do_handshake(client.ssl), 1);
    }
  }
};

TEST_F(KeyUpdates, AreFollowedAndAnswered) {
  renew_keys(2, SSL_KEY_UPDATE_REQUESTED);
  ASSERT_EQ(SSL_write(client.ssl, "hello", 5), 5);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() == 5; }));
  pair.server.stream->send(to_bytes("world"), Priority::urgent);
  char answer[5] = {};
  ASSERT_TRUE(run_until(pair.loop, [&] { return SSL_read(client.ssl, answer, 5) == 5; }));
  EXPECT_EQ(std::string_view(answer, 5), "world");
  EXPECT_FALSE(pair.server.closed);
}

TEST_F(KeyUpdates, WithoutEndAreNotPutUpWith) {
  renew_keys(kMaxLateHandshakeMessages, SSL_KEY_UPDATE_NOT_REQUESTED);
  ASSERT_EQ(SSL_write(client.ssl, "so far", 6), 6);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() == 6; }));
  EXPECT_FALSE(pair.server.closed);
  renew_keys(1, SSL_KEY_UPDATE_NOT_REQUESTED);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_EQ(pair.server.closed->kind, CloseKind::tls_failed);
  EXPECT_EQ(pair.server.closed->error.code, ErrorCode::rate_limited);
}

TEST(TlsContext, RefusesAKeyOfAnotherCertificateAndAClientThatBelievesAnybody) {
  TlsContext::Server server;
  server.identity = make_identity("one");
  server.identity.key_der = make_identity("two").key_der.copy();
  server.alpn = "sotto/1";
  EXPECT_FALSE(TlsContext::make_server(server));
  TlsContext::Client client;
  client.alpn = "sotto/1";
  EXPECT_FALSE(TlsContext::make_client(client));
  EXPECT_FALSE(tls_identity_from_pem("nonsense", "nonsense"));
}

}  // namespace
}  // namespace sotto::net
