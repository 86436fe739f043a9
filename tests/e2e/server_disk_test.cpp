// The real server on a disk that fails: every fdatasync of the running process is made to return EIO.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "e2e/blocking_client.hpp"
#include "sotto/crypto/random.hpp"
#include "support/server_process.hpp"
#include "support/temp_dir.hpp"

namespace sotto::test {
namespace {

using proto::Envelope;

// strace attached to a process, or nothing where it is missing or not allowed.
class FailingSync {
 public:
  explicit FailingSync(pid_t victim) {
    const std::string said = dir_.file("said");
    pid_ = ::fork();
    if (pid_ == 0) {
      const int fd = ::open(said.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      ::dup2(fd, STDERR_FILENO);
      ::execlp("strace", "strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
               "inject=fdatasync:error=EIO", "-p", std::to_string(victim).c_str(),
               static_cast<char*>(nullptr));
      ::_exit(127);
    }
    for (int i = 0; i < 5000 && !attached_; ++i) {
      std::ifstream in(said);
      const std::string text((std::istreambuf_iterator<char>(in)), {});
      attached_ = text.find("attached") != std::string::npos;
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        attached_ = false;
        return;
      }
      // Only its output tells when it is there.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  ~FailingSync() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  bool attached() const { return attached_; }

 private:
  TempDir dir_;
  pid_t pid_ = -1;
  bool attached_ = false;
};

TEST(ServerOnAFailingDisk, acknowledges_nothing_more_stops_and_has_everything_acknowledged_when_it_is_back) {
  ServerProcess server(SOTTOD_PROGRAM);
  proto::InviteLink link = server.invite(2);
  const std::unique_ptr<RawAccount> alice = make_account(link, "alice");
  const std::unique_ptr<RawAccount> bob = make_account(link, "bob");
  ASSERT_TRUE(alice && bob);
  std::string conversation;
  std::size_t acknowledged = 0;
  const auto append = [&](BlockingClient& client) {
    Envelope envelope;
    envelope.mutable_append()->set_conversation(conversation);
    envelope.mutable_append()->set_message(to_string(crypto::system_random().id<MessageId>().bytes()));
    envelope.mutable_append()->set_payload("text");
    const Result<Envelope> reply = client.ask(std::move(envelope));
    if (reply) ++acknowledged;
    return reply;
  };
  {
    BlockingClient client(link);
    ASSERT_TRUE(client.connect(alice.get()));
    Envelope open;
    open.mutable_open_direct()->set_peer(to_string(bob->user.bytes()));
    conversation = client.ask(open)->open_direct_reply().conversation().conversation();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(client));

    const FailingSync failing(server.pid());
    if (!failing.attached()) GTEST_SKIP() << "strace is missing or may not attach";
    const Result<Envelope> refused = append(client);
    ASSERT_FALSE(refused) << "acknowledged without being durable";
    EXPECT_TRUE(client.wait_closed());
  }
  EXPECT_EQ(server.stop(), 1) << server.output();
  EXPECT_NE(server.output().find("disk reported an error"), std::string::npos);

  server.start();
  link.port = server.port();
  BlockingClient reader(link);
  ASSERT_TRUE(reader.connect(bob.get()));
  Envelope fetch;
  fetch.mutable_fetch()->set_conversation(conversation);
  fetch.mutable_fetch()->set_limit(100);
  const Result<Envelope> page = reader.ask(fetch);
  ASSERT_TRUE(page);
  EXPECT_GE(static_cast<std::size_t>(page->fetch_reply().entries_size()), acknowledged);
  EXPECT_EQ(acknowledged, 10U);
}

}  // namespace
}  // namespace sotto::test
