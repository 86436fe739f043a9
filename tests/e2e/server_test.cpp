// The real server, spoken to by hand.
#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "e2e/blocking_client.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/net/udp_socket.hpp"
#include "support/server_process.hpp"
#include "support/temp_dir.hpp"

namespace sotto::test {
namespace {

using proto::Envelope;

Envelope open_direct(UserId peer) {
  Envelope envelope;
  envelope.mutable_open_direct()->set_peer(to_string(peer.bytes()));
  return envelope;
}

Envelope append_entry(const std::string& conversation, MessageId message, std::string_view payload) {
  Envelope envelope;
  envelope.mutable_append()->set_conversation(conversation);
  envelope.mutable_append()->set_message(to_string(message.bytes()));
  envelope.mutable_append()->set_payload(std::string(payload));
  return envelope;
}

Envelope fetch(const std::string& conversation, std::uint64_t after) {
  Envelope envelope;
  envelope.mutable_fetch()->set_conversation(conversation);
  envelope.mutable_fetch()->set_after_seq(after);
  envelope.mutable_fetch()->set_limit(100);
  return envelope;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ServerE2e : public testing::Test {
 protected:
  void SetUp() override {
    link_ = server_.invite(10);
    alice_ = make_account(link_, "alice");
    bob_ = make_account(link_, "bob");
    ASSERT_TRUE(alice_ && bob_) << server_.output();
  }
  std::string conversation_of(BlockingClient& client, UserId peer) {
    const Result<Envelope> opened = client.ask(open_direct(peer));
    return opened ? opened->open_direct_reply().conversation().conversation() : std::string();
  }

  ServerProcess server_{SOTTOD_PROGRAM};
  proto::InviteLink link_;
  std::unique_ptr<RawAccount> alice_;
  std::unique_ptr<RawAccount> bob_;
};

TEST_F(ServerE2e, delivers_to_a_device_that_is_there_and_keeps_for_one_that_is_not) {
  BlockingClient alice(link_);
  ASSERT_TRUE(alice.connect(alice_.get()));
  const std::string conversation = conversation_of(alice, bob_->user);
  Random& random = crypto::system_random();
  EXPECT_EQ(alice.ask(append_entry(conversation, random.id<MessageId>(), "one"))->append_reply().seq(), 1U);

  BlockingClient bob(link_);
  ASSERT_TRUE(bob.connect(bob_.get()));
  EXPECT_EQ(bob.hello().user(), to_string(bob_->user.bytes()));
  const Result<Envelope> page = bob.ask(fetch(conversation, 0));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->fetch_reply().entries_size(), 1);
  EXPECT_EQ(page->fetch_reply().entries(0).payload(), "one");

  EXPECT_EQ(alice.ask(append_entry(conversation, random.id<MessageId>(), "two"))->append_reply().seq(), 2U);
  const auto push = bob.next_push(Envelope::kEntry);
  ASSERT_TRUE(push);
  EXPECT_EQ(push->entry().entry().seq(), 2U);
  EXPECT_EQ(push->entry().entry().payload(), "two");
  EXPECT_EQ(push->entry().entry().sender_user(), to_string(alice_->user.bytes()));
  const auto presence = alice.next_push(Envelope::kPresence);
  ASSERT_TRUE(presence);
  EXPECT_TRUE(presence->presence().online());
}

TEST_F(ServerE2e, answers_all_who_ask_for_more_than_may_wait_for_a_network) {
  BlockingClient alice(link_);
  ASSERT_TRUE(alice.connect(alice_.get()));
  const std::string conversation = conversation_of(alice, bob_->user);
  Random& random = crypto::system_random();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(alice.ask(append_entry(conversation, random.id<MessageId>(), std::string(256 << 10, 'x'))));
  }
  std::vector<int> tickets;  // 40 MiB
  for (int i = 0; i < 80; ++i) tickets.push_back(alice.start(fetch(conversation, 0)));
  for (const int ticket : tickets) {
    const Result<Envelope> page = alice.finish(ticket);
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_EQ(page->fetch_reply().entries_size(), 2);
  }
}

TEST_F(ServerE2e, carries_a_file_from_one_to_the_other) {
  BlockingClient alice(link_);
  ASSERT_TRUE(alice.connect(alice_.get()));
  const std::string conversation = conversation_of(alice, bob_->user);
  Random& random = crypto::system_random();
  const std::string blob = to_string(random.id<BlobId>().bytes());
  std::string file(40U << 20, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(file.data()), file.size()});
  std::deque<int> under_way;
  for (std::size_t at = 0; at < file.size(); at += proto::kBlobChunkBytes) {
    Envelope envelope;
    envelope.mutable_put_blob()->set_blob(blob);
    envelope.mutable_put_blob()->set_conversation(conversation);
    envelope.mutable_put_blob()->set_offset(at);
    envelope.mutable_put_blob()->set_data(file.substr(at, proto::kBlobChunkBytes));
    under_way.push_back(alice.start(std::move(envelope)));
    if (under_way.size() < 8) continue;
    const Result<Envelope> reply = alice.finish(under_way.front());
    ASSERT_TRUE(reply) << reply.error().message;
    under_way.pop_front();
  }
  Envelope finish;
  finish.mutable_finish_blob()->set_blob(blob);
  finish.mutable_finish_blob()->set_size(file.size());
  const Result<Envelope> finished = alice.ask(std::move(finish));
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_TRUE(finished->blob_status_reply().complete());

  BlockingClient bob(link_);
  ASSERT_TRUE(bob.connect(bob_.get()));
  std::string received;
  while (received.size() < file.size()) {
    Envelope envelope;
    envelope.mutable_get_blob()->set_blob(blob);
    envelope.mutable_get_blob()->set_offset(received.size());
    envelope.mutable_get_blob()->set_length(proto::kBlobChunkBytes);
    const Result<Envelope> reply = bob.ask(std::move(envelope));
    ASSERT_TRUE(reply) << reply.error().message;
    received += reply->get_blob_reply().data();
  }
  EXPECT_TRUE(received == file);

  Envelope release;
  release.mutable_release_blob()->set_blob(blob);
  EXPECT_TRUE(bob.ask(release));
  Envelope status;
  status.mutable_blob_status()->set_blob(blob);
  const Result<Envelope> gone = bob.ask(status);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::not_found);
}

TEST_F(ServerE2e, ends_cleanly_and_tells_everyone_why) {
  BlockingClient alice(link_);
  ASSERT_TRUE(alice.connect(alice_.get()));
  EXPECT_EQ(server_.stop(), 0);
  const auto goodbye = alice.next_push(Envelope::kGoodbye);
  ASSERT_TRUE(goodbye);
  EXPECT_EQ(goodbye->goodbye().code(), "restart");
  EXPECT_TRUE(alice.wait_closed());
}

TEST_F(ServerE2e, answers_stun_on_the_udp_port_of_the_same_number) {
  net::Loop loop;
  Bytes reply;
  const auto socket = net::UdpSocket::open(
      loop, "127.0.0.1", 0,
      [&](const net::SocketAddress&, ByteView bytes, TimePoint) { reply = to_bytes(bytes); });
  ASSERT_TRUE(socket);
  Bytes request{0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};  // RFC 8489: binding request, magic cookie
  append(request, Bytes(12, 7));
  const auto server = net::SocketAddress::from_ip("127.0.0.1", server_.port());
  for (int i = 0; i < 100 && reply.empty(); ++i) {
    (*socket)->send(*server, request);
    loop.run_once(std::chrono::milliseconds(100));
  }
  ASSERT_GE(reply.size(), 32U);
  EXPECT_EQ(reply[0], 0x01);
  EXPECT_EQ(reply[1], 0x01);
  // XOR-MAPPED-ADDRESS comes first: family 1, port and address under the cookie.
  const auto port = static_cast<std::uint16_t>((reply[26] << 8 | reply[27]) ^ 0x2112);
  EXPECT_EQ(port, (*socket)->local_port());
}

// What sottod says when it ends at once, which it must with an error.
std::string said_on_failing(const std::string& arguments) {
  FILE* server = ::popen((std::string(SOTTOD_PROGRAM) + " " + arguments + " 2>&1").c_str(), "r");
  if (server == nullptr) return "";
  std::string said;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, server) != nullptr) said += buffer;
  EXPECT_NE(::pclose(server), 0);
  return said;
}

TEST_F(ServerE2e, refuses_a_second_server_on_the_same_directory) {
  EXPECT_NE(said_on_failing("serve --data " + server_.data() + " --listen 127.0.0.1:0").find("runs on"),
            std::string::npos);
}

TEST_F(ServerE2e, refuses_a_folder_of_somebody_else_and_leaves_it_alone) {
  const TempDir folder;
  std::ofstream(folder.file("thesis.txt")) << "not ours";
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  EXPECT_NE(
      said_on_failing("serve --data " + folder.path() + " --listen 127.0.0.1:0").find("holds other files"),
      std::string::npos);
  EXPECT_NE(said_on_failing("invite --data " + folder.path()).find("There is no server in"),
            std::string::npos);
  EXPECT_EQ(std::filesystem::status(folder.path()).permissions(), std::filesystem::perms(0755));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST_F(ServerE2e, keeps_its_key_when_the_certificate_to_it_is_missing) {
  const std::string key = read_text(server_.data() + "/ca.key");
  ASSERT_FALSE(key.empty());
  EXPECT_EQ(server_.stop(), 0);
  std::filesystem::remove(server_.data() + "/ca.crt");
  EXPECT_NE(
      said_on_failing("serve --data " + server_.data() + " --listen 127.0.0.1:0").find("ca.crt is missing"),
      std::string::npos);
  EXPECT_EQ(read_text(server_.data() + "/ca.key"), key);
}

TEST_F(ServerE2e, closes_on_a_garbage_frame_and_on_an_oversized_one_and_goes_on_serving) {
  for (const Bytes& bytes : {Bytes{0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff}, Bytes{0xff, 0xff, 0xff, 0xff}}) {
    BlockingClient client(link_);
    ASSERT_TRUE(client.connect());
    client.send_raw(bytes);
    const auto goodbye = client.next_push(Envelope::kGoodbye);
    ASSERT_TRUE(goodbye);
    EXPECT_EQ(goodbye->goodbye().code(), "protocol");
    EXPECT_TRUE(client.wait_closed());
  }
  BlockingClient alice(link_);
  EXPECT_TRUE(alice.connect(alice_.get()));
}

TEST_F(ServerE2e, takes_a_spent_invite_and_a_taken_name_for_what_they_are) {
  const proto::InviteLink once = server_.invite(1);
  EXPECT_FALSE(make_account(once, "alice"));  // the name is taken; the invite stays good
  EXPECT_TRUE(make_account(once, "carol"));
  EXPECT_FALSE(make_account(once, "dave"));
}

TEST_F(ServerE2e, keeps_everything_private_on_the_disk_and_in_the_log) {
  const std::string command = "find " + server_.data() + " -perm /077";
  FILE* find = ::popen(command.c_str(), "r");
  ASSERT_NE(find, nullptr);
  char buffer[512];
  EXPECT_EQ(std::fgets(buffer, sizeof buffer, find), nullptr) << buffer;
  EXPECT_EQ(::pclose(find), 0);
  const std::string log = server_.output();
  EXPECT_NE(log.find("account.registered"), std::string::npos);
  EXPECT_EQ(log.find(to_base64url(link_.token)), std::string::npos);
  EXPECT_EQ(log.find("alice"), std::string::npos);
}

}  // namespace
}  // namespace sotto::test
