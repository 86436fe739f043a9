// Calls through a relay only, with coturn as the relay. Skipped where coturn is not installed.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "sotto/ice/candidate.hpp"
#include "sotto/ice_nice/factory.hpp"
#include "support/temp_dir.hpp"
#include "unit/ice/listener.hpp"

extern char** environ;

namespace sotto::ice_nice {
namespace {

constexpr const char* kProgram = "/usr/bin/turnserver";

std::uint16_t free_udp_port() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

class Coturn {
 public:
  Coturn() : port_(free_udp_port()) {
    std::vector<std::string> words{"turnserver",
                                   "-n",
                                   "--no-cli",
                                   "--no-tls",
                                   "--no-dtls",
                                   "--no-tcp",
                                   "--listening-ip=127.0.0.1",
                                   "--relay-ip=127.0.0.1",
                                   "--listening-port=" + std::to_string(port_),
                                   "--lt-cred-mech",
                                   "--user=alice:secret",
                                   "--realm=test",
                                   "--allow-loopback-peers",
                                   "--log-file=" + log(),
                                   "--simple-log",
                                   "--pidfile=" + dir_.file("pid"),
                                   "--userdb=" + dir_.file("db")};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid_, kProgram, &actions, nullptr, arguments.data(), environ) != 0) pid_ = 0;
    posix_spawn_file_actions_destroy(&actions);
    // It says so when it listens.
    for (int i = 0; i < 1000 && !has_logged("Relay address to use") && !has_logged("listener opened"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  ~Coturn() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  ice::TurnServer server(const std::string& password) const {
    return {{"127.0.0.1", port_}, "alice", password};
  }
  bool has_logged(const std::string& text) const {
    std::ifstream file(log());
    return std::string{std::istreambuf_iterator<char>(file), {}}.find(text) != std::string::npos;
  }

 private:
  std::string log() const { return dir_.file("log"); }

  test::TempDir dir_;
  std::uint16_t port_;
  pid_t pid_ = 0;
};

struct Side {
  Listener listener;
  std::unique_ptr<ice::Agent> agent;

  Side(bool controlling, const ice::TurnServer& turn) {
    auto made = make_agent_factory()->create(
        {.controlling = controlling, .stun = {}, .turn = {turn}, .relay_only = true, .allow_loopback = true},
        listener);
    EXPECT_TRUE(made.ok());
    agent = std::move(*made);
  }
};

void introduce(Side& from, Side& to) {
  EXPECT_TRUE(from.listener.wait([&] { return from.listener.ended; }));
  EXPECT_TRUE(to.agent->set_remote(from.agent->local_ufrag(), from.agent->local_password()).ok());
  for (const std::string& text : from.listener.candidates)
    EXPECT_TRUE(to.agent->add_remote_candidate(text).ok());
  to.agent->remote_candidates_end();
}

TEST(RelayOnly, connects_through_the_relay_and_shows_no_address_of_ours) {
  if (access(kProgram, X_OK) != 0) GTEST_SKIP() << "coturn is not installed";
  const Coturn coturn;
  Side alice(true, coturn.server("secret")), bob(false, coturn.server("secret"));
  introduce(alice, bob);
  introduce(bob, alice);
  ASSERT_FALSE(alice.listener.candidates.empty());
  for (const std::string& text : alice.listener.candidates) {
    const auto candidate = ice::parse_candidate(text);
    ASSERT_TRUE(candidate.ok()) << text;
    EXPECT_EQ(candidate->type, ice::CandidateType::relayed);
    EXPECT_EQ(candidate->related_address, "0.0.0.0");
  }
  for (Side* side : {&alice, &bob}) {
    ASSERT_TRUE(side->listener.wait([&] { return side->listener.state == ice::State::connected; }));
    side->listener.note([&] { EXPECT_EQ(side->listener.path, ice::Path::relay); });
  }
  EXPECT_TRUE(alice.agent->send(to_bytes("through the relay")).ok());
  ASSERT_TRUE(bob.listener.wait([&] { return !bob.listener.datagrams.empty(); }));
  EXPECT_EQ(to_string(bob.listener.datagrams[0]), "through the relay");
}

TEST(RelayOnly, offers_nothing_when_the_relay_refuses_the_password) {
  if (access(kProgram, X_OK) != 0) GTEST_SKIP() << "coturn is not installed";
  const Coturn coturn;
  Side alice(true, coturn.server("wrong"));
  EXPECT_TRUE(alice.listener.wait([&] { return alice.listener.ended; }));
  EXPECT_TRUE(alice.listener.candidates.empty());
}

}  // namespace
}  // namespace sotto::ice_nice
