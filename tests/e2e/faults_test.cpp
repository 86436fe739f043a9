// Killed programs, full disks, broken peers: nothing that was shown as sent is lost, nothing comes twice.
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "harness/pair.hpp"

namespace sotto::e2e {
namespace {

// A small file system of its own; needs root.
class TinyDisk {
 public:
  explicit TinyDisk(std::size_t megabytes) {
    const std::string options = "size=" + std::to_string(megabytes) + "m,mode=0700";
    mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~TinyDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::string file(const std::string& name) const { return folder_.file(name); }
  // Leaves at most `left` bytes.
  void fill(std::size_t left) {
    struct statvfs info {};
    ::statvfs(folder_.path().c_str(), &info);
    const auto room = static_cast<std::size_t>(info.f_bavail) * info.f_frsize;
    if (room <= left) return;
    std::ofstream ballast(file("ballast"), std::ios::binary | std::ios::app);
    const std::vector<char> block(room - left);
    ballast.write(block.data(), static_cast<std::streamsize>(block.size()));
  }
  void empty() { ::unlink(file("ballast").c_str()); }

 private:
  test::TempDir folder_;
  bool mounted_ = false;
};

// A plain TCP connection to the server, for bytes that no client would send.
class Intruder {
 public:
  explicit Intruder(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket API
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Intruder() { ::close(fd_); }
  Intruder(const Intruder&) = delete;
  Intruder& operator=(const Intruder&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    [[maybe_unused]] const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // Until the server hangs up; false when it does not.
  bool hung_up() {
    char bytes[4096];
    while (true) {
      const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
      if (count > 0) continue;
      return count == 0 || errno == ECONNRESET;
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

struct Faults : PairTest {
  std::vector<std::string> numbered(const std::string& what, int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) out.push_back(what + " " + std::to_string(i));
    return out;
  }
};

TEST_F(Faults, a_server_killed_in_the_middle_of_a_conversation_loses_nothing) {
  constexpr int kCount = 60;
  const auto from_alice = numbered("alice", kCount);
  const auto from_bob = numbered("bob", kCount);
  for (int i = 0; i < kCount; ++i) {
    alice.send("messages.send",
               {{"conversation", conversation}, {"text", from_alice[static_cast<std::size_t>(i)]}});
    bob.send("messages.send",
             {{"conversation", conversation}, {"text", from_bob[static_cast<std::size_t>(i)]}});
    if (i % 20 == 10) {
      server.kill_hard();
      server.start();
      alice.expect("account.reconnect");
      bob.expect("account.reconnect");
    }
  }
  alice.wait_message(from_bob.back());
  bob.wait_message(from_alice.back());
  for (RpcClient* client : {&alice, &bob}) {
    auto texts = client->history_texts(conversation);
    EXPECT_EQ(texts.size(), static_cast<std::size_t>(2 * kCount)) << client->name();
    const auto only = [&](const std::string& who) {
      std::vector<std::string> out;
      std::ranges::copy_if(texts, std::back_inserter(out),
                           [&](const std::string& t) { return t.starts_with(who); });
      return out;
    };
    EXPECT_EQ(only("alice"), from_alice) << client->name();
    EXPECT_EQ(only("bob"), from_bob) << client->name();
  }
  EXPECT_EQ(alice.history_texts(conversation), bob.history_texts(conversation))
      << "the same order on both sides";
}

TEST_F(Faults, clients_come_back_by_themselves_when_the_server_does) {
  server.kill_hard();
  alice.wait("connection.state", [](const Json& p) { return p["state"] == "offline"; });
  server.start();
  alice.wait("connection.state", [](const Json& p) { return p["state"] == "online"; });
  alice.send_text(conversation, "are you back?");
  bob.wait_message("are you back?");
}

TEST_F(Faults, a_client_killed_while_sending_has_sent_what_it_confirmed_and_nothing_twice) {
  std::mt19937 random(20261121);
  std::vector<std::string> confirmed;
  for (int round = 0; round < 8; ++round) {
    const auto texts = numbered("round " + std::to_string(round), 25);
    std::vector<int> requests;
    for (const std::string& text : texts) {
      requests.push_back(alice.send("messages.send", {{"conversation", conversation}, {"text", text}}));
    }
    // Some replies are awaited, so that the kill comes anywhere between the first and the last.
    const auto answered = std::uniform_int_distribution<std::size_t>(0, texts.size())(random);
    for (std::size_t i = 0; i < answered; ++i) {
      if (alice.take(requests[i]).ok()) confirmed.push_back(texts[i]);
    }
    alice.kill_hard();
    alice.start();
    alice.wait_online();
  }
  const auto last = alice.send_text(conversation, "the end");
  alice.wait_state(last, "delivered");
  const auto received = bob.history_texts(conversation);
  for (const std::string& text : confirmed) {
    EXPECT_EQ(std::ranges::count(received, text), 1) << text;
  }
  for (const std::string& text : received) EXPECT_EQ(std::ranges::count(received, text), 1) << text;
  EXPECT_EQ(received, alice.history_texts(conversation));
}

TEST_F(Faults, a_client_killed_while_receiving_shows_everything_once_afterwards) {
  const auto texts = numbered("message", 120);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    alice.send("messages.send", {{"conversation", conversation}, {"text", texts[i]}});
    if (i % 40 == 20) {
      bob.kill_hard();
      bob.start();
    }
  }
  bob.wait_online();
  // The last one may have arrived before the last kill: look at the history, not only at notifications.
  const auto id = alice.send_text(conversation, "the end");
  alice.wait_state(id, "delivered");
  auto expected = texts;
  expected.push_back("the end");
  EXPECT_EQ(bob.history_texts(conversation), expected);
}

TEST_F(Faults, garbage_on_other_connections_disturbs_nobody) {
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Intruder>> intruders;
  for (int i = 0; i < 20; ++i) {
    auto intruder = std::make_unique<Intruder>(server.port());
    ASSERT_TRUE(intruder->connected());
    std::string bytes(2000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    // Some look like TLS at first.
    if (i % 2 == 0) bytes.replace(0, 5, std::string("\x16\x03\x01\x07\x00", 5));
    intruder->send(i % 5 == 4 ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n" : bytes);
    intruders.push_back(std::move(intruder));
  }
  const auto message = alice.send_text(conversation, "in the storm");
  bob.wait_message("in the storm");
  alice.wait_state(message, "delivered");
  for (auto& intruder : intruders) EXPECT_TRUE(intruder->hung_up());
}

TEST_F(Faults, connections_cut_in_the_middle_of_the_handshake_disturb_nobody) {
  // The beginning of a real ClientHello: a record that announces more than ever comes.
  const std::string begun("\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03", 11);
  for (std::size_t cut = 0; cut <= begun.size(); ++cut) {
    Intruder intruder(server.port());
    ASSERT_TRUE(intruder.connected());
    intruder.send(begun.substr(0, cut));
  }
  alice.send_text(conversation, "still here");
  bob.wait_message("still here");
}

TEST(FullDisk, of_a_client_refuses_a_message_and_keeps_the_history_readable) {
  TinyDisk disk(4);
  if (!disk.mounted()) GTEST_SKIP() << "a small file system needs root";
  Server server;
  RpcClient alice("alice", {}, disk.file("profile"));
  RpcClient bob("bob");
  const std::string link = server.invite(2);
  for (RpcClient* client : {&alice, &bob}) {
    client->start();
    client->register_account(link);
  }
  const std::string conversation = alice.conversation_with("bob");
  std::vector<std::string> confirmed;
  const auto first = alice.send_text(conversation, "there is room");
  alice.wait_state(first, "delivered");
  confirmed.emplace_back("there is room");

  disk.fill(0);
  Reply refused;
  for (int i = 0; i < 200; ++i) {
    const std::string text = "message " + std::to_string(i) + std::string(3000, '.');
    const Reply reply = alice.call("messages.send", {{"conversation", conversation}, {"text", text}});
    if (!reply.ok()) {
      refused = reply;
      break;
    }
    confirmed.push_back(text);
  }
  ASSERT_FALSE(refused.ok()) << "the disk never became full";
  EXPECT_EQ(refused.code(), "storage") << refused.message();
  EXPECT_NE(refused.message().find("disk"), std::string::npos) << refused.message();
  EXPECT_EQ(alice.history_texts(conversation), confirmed) << "reading goes on";

  disk.empty();
  const auto last = alice.send_text(conversation, "room again");
  alice.wait_state(last, "delivered");
  confirmed.emplace_back("room again");
  EXPECT_EQ(bob.history_texts(conversation), confirmed);
}

TEST(FullDisk, of_the_server_confirms_nothing_it_could_not_keep) {
  TinyDisk disk(6);
  if (!disk.mounted()) GTEST_SKIP() << "a small file system needs root";
  Server server(disk.file("data"));
  RpcClient alice("alice"), bob("bob");
  const std::string link = server.invite(2);
  for (RpcClient* client : {&alice, &bob}) {
    client->start();
    client->register_account(link);
  }
  const std::string conversation = alice.conversation_with("bob");
  const auto first = alice.send_text(conversation, "there is room");
  alice.wait_state(first, "delivered");
  bob.stop();

  disk.fill(0);
  std::vector<std::string> texts{"there is room"};
  std::string newest;
  for (int i = 0; i < 100; ++i) {
    texts.push_back("message " + std::to_string(i) + std::string(8000, '.'));
    newest = alice.send_text(conversation, texts.back());
  }
  // The server is alive, says no to what it cannot store, and still answers what needs no room.
  EXPECT_EQ(alice.expect("contacts.find", {{"username", "bob"}})["users"].size(), 1u);
  disk.empty();
  // What was refused for want of room is tried again by itself, or told as failed: never shown as sent and
  // lost.
  alice.expect("account.reconnect");
  bob.start();
  bob.wait_online();
  const Json history = alice.expect("messages.history", {{"conversation", conversation}, {"limit", 500}});
  for (const Json& message : history["messages"]) {
    if (message["state"] == "failed") alice.expect("messages.retry", {{"message", message["id"]}});
  }
  alice.wait_state(newest, "delivered");
  EXPECT_EQ(bob.history_texts(conversation), texts);
}

}  // namespace
}  // namespace sotto::e2e
