// Two agents of the real library on this machine's loopback, and a STUN server made of our own core.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "sotto/ice/candidate.hpp"
#include "sotto/ice/stun_server.hpp"
#include "sotto/ice_nice/factory.hpp"
#include "unit/ice/listener.hpp"

namespace sotto::ice_nice {
namespace {

using ice::Path;
using ice::State;

struct Side {
  Listener listener;  // outlives the agent
  std::unique_ptr<ice::Agent> agent;

  explicit Side(bool controlling) {
    auto made = make_agent_factory()->create(
        {.controlling = controlling, .stun = {}, .turn = {}, .allow_loopback = true}, listener);
    EXPECT_TRUE(made.ok());
    agent = std::move(*made);
  }
  bool is_connected() {
    return listener.wait([&] { return listener.state == State::connected; });
  }
};

// Trickles the candidates of `from` to `to`: only those on loopback, as if there were no other network.
void introduce(Side& from, Side& to) {
  EXPECT_TRUE(from.listener.wait([&] { return from.listener.ended; }));
  EXPECT_TRUE(to.agent->set_remote(from.agent->local_ufrag(), from.agent->local_password()).ok());
  int given = 0;
  for (const std::string& text : from.listener.candidates) {
    if (ice::parse_candidate(text)->address != "127.0.0.1") continue;
    EXPECT_TRUE(to.agent->add_remote_candidate(text).ok());
    ++given;
  }
  EXPECT_GT(given, 0);
  to.agent->remote_candidates_end();
}

TEST(NiceAgent, connects_two_sides_over_loopback_and_carries_datagrams_both_ways) {
  Side alice(true), bob(false);
  introduce(alice, bob);
  introduce(bob, alice);
  ASSERT_TRUE(alice.is_connected());
  ASSERT_TRUE(bob.is_connected());
  for (Side* side : {&alice, &bob})
    side->listener.note([&] { EXPECT_EQ(side->listener.path, Path::direct); });

  const Bytes to_bob(1200, 0x80), to_alice = to_bytes("\x90 hello");
  EXPECT_TRUE(alice.agent->send(to_bob).ok());
  EXPECT_TRUE(bob.agent->send(to_alice).ok());
  EXPECT_TRUE(bob.listener.wait([&] { return bob.listener.datagrams.size() == 1; }));
  EXPECT_TRUE(alice.listener.wait([&] { return alice.listener.datagrams.size() == 1; }));
  EXPECT_EQ(bob.listener.datagrams[0], to_bob);
  EXPECT_EQ(alice.listener.datagrams[0], to_alice);
}

TEST(NiceAgent, loses_and_reorders_nothing_at_the_pace_of_a_call) {
  Side alice(true), bob(false);
  introduce(alice, bob);
  introduce(bob, alice);
  ASSERT_TRUE(alice.is_connected());
  ASSERT_TRUE(bob.is_connected());
  constexpr std::size_t kRounds = 20, kBurst = 50;  // a burst: a large key frame
  for (std::size_t round = 1; round <= kRounds; ++round) {
    for (std::size_t i = 0; i < kBurst; ++i) {
      Bytes datagram(1200, 0x80);
      const std::uint32_t number = static_cast<std::uint32_t>((round - 1) * kBurst + i);
      std::memcpy(&datagram[1], &number, sizeof number);
      ASSERT_TRUE(alice.agent->send(datagram).ok());
    }
    ASSERT_TRUE(bob.listener.wait([&] { return bob.listener.datagrams.size() == round * kBurst; }));
  }
  for (std::uint32_t i = 0; i < kRounds * kBurst; ++i) {
    EXPECT_EQ(std::memcmp(&bob.listener.datagrams[i][1], &i, sizeof i), 0);
  }
}

TEST(NiceAgent, takes_candidates_before_the_credentials) {
  Side alice(true), bob(false);
  EXPECT_TRUE(alice.listener.wait([&] { return alice.listener.ended; }));
  for (const std::string& text : alice.listener.candidates)
    EXPECT_TRUE(bob.agent->add_remote_candidate(text).ok());
  EXPECT_TRUE(bob.agent->set_remote(alice.agent->local_ufrag(), alice.agent->local_password()).ok());
  introduce(bob, alice);
  EXPECT_TRUE(alice.is_connected());
  EXPECT_TRUE(bob.is_connected());
}

TEST(NiceAgent, fails_when_the_far_side_has_no_candidate_that_works) {
  Side alice(true), bob(false);
  EXPECT_TRUE(alice.agent->set_remote(bob.agent->local_ufrag(), bob.agent->local_password()).ok());
  alice.agent->remote_candidates_end();
  EXPECT_TRUE(alice.listener.wait([&] { return alice.listener.state == State::failed; }));
}

TEST(NiceAgent, does_not_connect_with_wrong_credentials) {
  Side alice(true), bob(false);
  introduce(alice, bob);
  EXPECT_TRUE(bob.listener.wait([&] { return bob.listener.ended; }));
  EXPECT_TRUE(alice.agent->set_remote(bob.agent->local_ufrag(), std::string(22, 'x')).ok());
  for (const std::string& text : bob.listener.candidates)
    EXPECT_TRUE(alice.agent->add_remote_candidate(text).ok());
  alice.agent->remote_candidates_end();
  EXPECT_TRUE(alice.listener.wait([&] { return alice.listener.state == State::failed; }));
  bob.listener.note([&] { EXPECT_NE(bob.listener.state, State::connected); });
}

TEST(NiceAgent, sends_nothing_before_it_is_connected_nor_after_it_was_closed) {
  Side alice(true);
  EXPECT_EQ(alice.agent->send(to_bytes("x")).error().code, ErrorCode::unavailable);
  alice.agent->close();
  alice.agent->close();
  EXPECT_EQ(alice.agent->send(to_bytes("x")).error().code, ErrorCode::unavailable);
  EXPECT_EQ(alice.agent->set_remote("abcd", std::string(22, 'x')).error().code, ErrorCode::conflict);
  EXPECT_EQ(alice.agent->add_remote_candidate("candidate:1 1 UDP 1 192.0.2.1 9 typ host").error().code,
            ErrorCode::conflict);
}

TEST(NiceAgent, closes_while_it_is_connecting) {
  for (int i = 0; i < 5; ++i) {
    Side alice(true), bob(false);
    introduce(alice, bob);
    introduce(bob, alice);
    alice.agent->close();
  }
}

TEST(NiceAgent, refuses_malformed_input_before_the_library_sees_it) {
  Side alice(true);
  EXPECT_FALSE(alice.agent->set_remote("a", "b").ok());
  EXPECT_FALSE(alice.agent->add_remote_candidate("candidate:1 1 UDP 1 evil.example.org 9 typ host").ok());
  EXPECT_TRUE(alice.agent->set_remote("abcd", std::string(22, 'x')).ok());
  EXPECT_TRUE(alice.agent->set_remote("abcd", std::string(22, 'x')).ok());
  EXPECT_EQ(alice.agent->set_remote("abce", std::string(22, 'x')).error().code, ErrorCode::conflict);
}

TEST(NiceAgent, takes_no_more_candidates_than_the_limit) {
  Side alice(true);
  for (std::size_t i = 0; i < ice::kMaxRemoteCandidates; ++i) {
    EXPECT_TRUE(
        alice.agent
            ->add_remote_candidate("candidate:1 1 UDP 1 192.0.2.1 " + std::to_string(i + 1) + " typ host")
            .ok());
  }
  EXPECT_EQ(alice.agent->add_remote_candidate("candidate:1 1 UDP 1 192.0.2.1 999 typ host").error().code,
            ErrorCode::too_large);
}

TEST(NiceAgent, says_what_is_wrong_with_its_options) {
  Listener listener;
  const auto factory = make_agent_factory();
  EXPECT_EQ(factory->create({.stun = {}, .turn = {}, .relay_only = true}, listener).error().code,
            ErrorCode::unavailable);
  EXPECT_EQ(factory->create({.stun = ice::ServerAddress{"stun.example.org", 3478}, .turn = {}}, listener)
                .error()
                .code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(factory->create({.stun = ice::ServerAddress{"127.0.0.1", 0}, .turn = {}}, listener).error().code,
            ErrorCode::invalid_argument);
}

// A socket that answers with our STUN core, as the server does.
class StunOnLoopback {
 public:
  StunOnLoopback() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~StunOnLoopback() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::uint16_t port() const { return port_; }
  std::uint64_t stop_and_count() {
    shutdown(fd_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([] {});
    return server_.counters().answered;
  }

 private:
  void serve() {
    std::array<std::uint8_t, 2048> buffer{};
    for (;;) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got =
          recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got <= 0) return;
      ice::TransportAddress source;
      std::memcpy(source.ip.data(), &from.sin_addr, 4);
      source.port = ntohs(from.sin_port);
      const auto reply =
          server_.on_datagram(ByteView(buffer).first(static_cast<std::size_t>(got)), source, TimePoint{});
      if (reply) sendto(fd_, reply->data(), reply->size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  int fd_;
  std::uint16_t port_ = 0;
  ice::StunServer server_{7};
  std::thread thread_;
};

TEST(NiceAgent, understands_our_own_stun_server) {
  StunOnLoopback server;
  Listener listener;
  auto agent = make_agent_factory()->create(
      {.stun = ice::ServerAddress{"127.0.0.1", server.port()}, .turn = {}, .allow_loopback = true}, listener);
  ASSERT_TRUE(agent.ok());
  EXPECT_TRUE(listener.wait([&] { return listener.ended; }));
  (*agent)->close();
  EXPECT_GE(server.stop_and_count(), 1U);
}

}  // namespace
}  // namespace sotto::ice_nice
