#include "runtime/tls_channel.hpp"

#include <gtest/gtest.h>

#include "sotto/proto/channel.hpp"
#include "sotto/proto/frame.hpp"
#include "test_server.hpp"

namespace sotto::runtime {
namespace {

using client::ChannelTarget;
using client::Priority;
using test::TestAuthority;
using test::TestServer;

struct Events final : client::ChannelEvents {
  void on_connected(const client::ServerProof& p, client::Moment) override {
    proof = p;
    ++connected;
    if (then_connected) then_connected();
  }
  void on_frame(ByteView body, client::Moment) override {
    frames.push_back(to_bytes(body));
    if (then_frame) then_frame();
  }
  void on_closed(const Error& error, client::Moment) override {
    closed.push_back(error);
    if (then_closed) then_closed();
  }
  void on_writable(client::Moment) override { ++writable; }

  client::ServerProof proof;
  std::vector<Bytes> frames;
  std::vector<Error> closed;
  int connected = 0, writable = 0;
  std::function<void()> then_connected, then_frame, then_closed;
};

Bytes ping(std::uint64_t id) {
  proto::Envelope envelope;
  envelope.set_id(id);
  envelope.mutable_ping();
  return *proto::to_frame(envelope);
}
Bytes body_of(const Bytes& frame) { return {frame.begin() + proto::kFrameHeaderBytes, frame.end()}; }

struct TlsChannelTest : testing::Test {
  net::Loop loop;
  TestAuthority authority;
  Events events;
  TlsChannel channel{loop};
  int after = 0;

  TlsChannelTest() {
    channel.set_events(events, [this] { ++after; });
  }
  ChannelTarget target(std::uint16_t port) const {
    ChannelTarget out;
    out.address = {"127.0.0.1", port};
    out.ca_fingerprint = authority.fingerprint();
    return out;
  }
  template <class Predicate>
  void run_until(Predicate done) {
    const TimePoint limit = loop.now() + std::chrono::seconds(30);  // used up by a failing test only
    while (!done()) {
      ASSERT_LT(loop.now(), limit) << "gave up waiting";
      loop.run_once(std::chrono::milliseconds(20));
    }
  }
};

TEST_F(TlsChannelTest, proves_the_server_and_both_sides_export_the_same_secret) {
  TestServer server(loop, authority);
  channel.connect(target(server.port()));
  EXPECT_EQ(events.connected, 0) << "no event from inside a call";
  run_until([&] { return events.connected == 1 && server.established == 1; });
  EXPECT_EQ(events.proof.ca_certificate, authority.ca.der());
  const auto exporter = server.stream->exporter("EXPORTER-sotto-identity", 32);
  ASSERT_TRUE(exporter);
  EXPECT_TRUE(equal(exporter->view(), events.proof.identity_exporter));
  EXPECT_EQ(channel.peer()->port(), server.port());
  EXPECT_GE(after, 1);
}

TEST_F(TlsChannelTest, carries_whole_frames_both_ways) {
  TestServer server(loop, authority);
  channel.connect(target(server.port()));
  run_until([&] { return events.connected == 1 && server.established == 1; });
  channel.send(ping(1), Priority::urgent);
  run_until([&] { return server.received == ping(1); });
  Bytes two = ping(2);
  append(two, ping(3));
  server.stream->send(Bytes(two.begin(), two.begin() + 3), net::Priority::urgent);  // cut inside the length
  server.stream->send(Bytes(two.begin() + 3, two.end()), net::Priority::urgent);
  run_until([&] { return events.frames.size() == 2; });
  EXPECT_EQ(events.frames[0], body_of(ping(2)));
  EXPECT_EQ(events.frames[1], body_of(ping(3)));
}

TEST_F(TlsChannelTest, another_authority_is_untrusted_and_gets_nothing) {
  TestServer server(loop, TestAuthority{});
  channel.connect(target(server.port()));
  run_until([&] { return !events.closed.empty(); });
  EXPECT_EQ(events.closed[0].code, ErrorCode::untrusted);
  EXPECT_NE(events.closed[0].message.find("not the server"), std::string::npos);
  EXPECT_EQ(events.connected, 0);
  run_until([&] { return server.closes == 1; });
  EXPECT_TRUE(server.received.empty());
}

TEST_F(TlsChannelTest, without_a_pin_the_authority_is_reported) {
  TestServer server(loop, authority);
  auto unpinned = target(server.port());
  unpinned.ca_fingerprint.clear();
  channel.connect(std::move(unpinned));
  run_until([&] { return events.connected == 1; });
  EXPECT_EQ(events.proof.ca_certificate, authority.ca.der());
}

TEST_F(TlsChannelTest, nobody_listening_is_offline) {
  std::uint16_t port = 0;
  {
    TestServer gone(loop, authority);
    port = gone.port();
  }
  channel.connect(target(port));
  run_until([&] { return !events.closed.empty(); });
  EXPECT_EQ(events.closed[0].code, ErrorCode::offline);
  EXPECT_FALSE(events.closed[0].message.empty());
  EXPECT_TRUE(channel.is_idle());
}

TEST_F(TlsChannelTest, something_that_is_no_tls_server_is_offline) {
  net::Socket held;
  auto listener =
      net::TcpListener::open(loop, "127.0.0.1", 0, [&](net::Socket socket, const net::SocketAddress&) {
        held = std::move(socket);
        const std::string_view text = "HTTP/1.1 400 Bad Request\r\n\r\n";
        ASSERT_EQ(::send(held.fd(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
      });
  ASSERT_TRUE(listener);
  channel.connect(target((*listener)->local_port()));
  run_until([&] { return !events.closed.empty(); });
  EXPECT_EQ(events.closed[0].code, ErrorCode::offline);
  EXPECT_NE(events.closed[0].message.find("TLS"), std::string::npos);
}

TEST_F(TlsChannelTest, shows_the_device_chain_and_a_refusal_of_it_is_denied) {
  auto& random = crypto::system_random();
  const auto identity_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const auto device_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const auto user = random.id<UserId>();
  const auto validity = crypto::validity_from(net::wall_now(), 5);
  const auto identity = *crypto::issue_identity_certificate(authority.ca_key, authority.ca, user,
                                                            identity_key.public_key(), validity, random);
  const auto device = *crypto::issue_device_certificate(identity_key, identity, user, random.id<DeviceId>(),
                                                        device_key.public_key(), validity, random);
  const std::vector<Bytes> chain{device.der(), identity.der()};
  bool revoked = false;
  TestServer server(loop, authority, [&](const std::vector<Bytes>& shown) -> Status {
    EXPECT_EQ(shown, chain);
    if (revoked) return fail(ErrorCode::denied, "revoked");
    return ok_status();
  });
  const auto connect = [&] {
    auto with_identity = target(server.port());
    with_identity.client_chain = chain;
    with_identity.client_key = device_key.private_key().copy();
    channel.connect(std::move(with_identity));
  };
  connect();
  run_until([&] { return events.connected == 1 && server.established == 1; });
  EXPECT_EQ(server.peer.chain_der, chain);

  revoked = true;
  connect();
  run_until([&] { return !events.closed.empty(); });
  EXPECT_EQ(events.closed[0].code, ErrorCode::denied);
  EXPECT_NE(events.closed[0].message.find("revoked"), std::string::npos);
}

TEST_F(TlsChannelTest, a_frame_that_is_too_long_closes_the_connection) {
  TestServer server(loop, authority);
  channel.connect(target(server.port()));
  run_until([&] { return events.connected == 1 && server.established == 1; });
  server.stream->send(*from_hex("ffffffff"), net::Priority::urgent);
  run_until([&] { return !events.closed.empty(); });
  EXPECT_EQ(events.closed[0].code, ErrorCode::offline);
}

TEST_F(TlsChannelTest, after_close_no_event_comes_and_what_was_sent_before_arrives) {
  TestServer server(loop, authority);
  channel.connect(target(server.port()));
  run_until([&] { return events.connected == 1 && server.established == 1; });
  channel.send(ping(9), Priority::urgent);
  channel.close();
  EXPECT_FALSE(channel.is_idle());
  server.stream->send(ping(1), net::Priority::urgent);
  run_until([&] { return server.closes == 1; });
  EXPECT_EQ(server.received, ping(9));
  EXPECT_EQ(server.last_close.kind, net::CloseKind::clean);
  server.stream.reset();
  run_until([&] { return channel.is_idle(); });
  EXPECT_TRUE(events.frames.empty());
  EXPECT_TRUE(events.closed.empty());
}

TEST_F(TlsChannelTest, the_core_may_close_and_connect_again_from_within_an_event) {
  TestServer server(loop, authority);
  channel.connect(target(server.port()));
  events.then_frame = [&] { channel.connect(target(server.port())); };
  run_until([&] { return events.connected == 1 && server.established == 1; });
  Bytes two = ping(1);
  append(two, ping(2));
  auto first = std::move(server.stream);
  first->send(two, net::Priority::urgent);
  run_until([&] { return events.connected == 2; });
  EXPECT_EQ(events.frames.size(), 1u) << "the second frame belonged to the closed connection";

  events.then_frame = nullptr;
  events.then_closed = [&] {
    if (events.closed.size() == 1) channel.connect(target(server.port()));
  };
  run_until([&] { return server.established == 2; });
  server.stream.reset();  // cut without a goodbye
  run_until([&] { return events.connected == 3; });
  EXPECT_EQ(events.closed.size(), 1u);
}

TEST_F(TlsChannelTest, closing_during_the_attempt_is_silent) {
  TestServer server(loop, authority);
  channel.connect(target(server.port()));
  channel.close();
  run_until([&] { return channel.is_idle(); });
  EXPECT_EQ(events.connected, 0);
  EXPECT_TRUE(events.closed.empty());
}

TEST_F(TlsChannelTest, bulk_is_bounded_and_room_is_announced) {
  TestServer server(loop, authority);
  EXPECT_EQ(channel.bulk_room(), 0u);
  channel.connect(target(server.port()));
  EXPECT_EQ(channel.bulk_room(), 0u);
  run_until([&] { return events.connected == 1 && server.established == 1; });
  const std::size_t room = channel.bulk_room();
  EXPECT_GT(room, 256u * 1024);
  channel.send(Bytes(room), Priority::bulk);
  EXPECT_EQ(channel.bulk_room(), 0u);
  run_until([&] { return events.writable >= 1; });
  EXPECT_GT(channel.bulk_room(), 0u);
}

}  // namespace
}  // namespace sotto::runtime
