// kill -9 of the real server at random points: what it acknowledged is there once it is back, once, in order.
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <thread>

#include "e2e/blocking_client.hpp"
#include "sotto/crypto/random.hpp"
#include "support/server_process.hpp"

namespace sotto::test {
namespace {

using proto::Envelope;

constexpr int kRuns = 50;
constexpr int kMessages = 200;
constexpr std::size_t kWindow = 8;  // requests under way

struct Sent {
  MessageId message;
  std::uint64_t seq = 0;  // 0: never acknowledged
};

Envelope append(const std::string& conversation, MessageId message, int number) {
  Envelope envelope;
  envelope.mutable_append()->set_conversation(conversation);
  envelope.mutable_append()->set_message(to_string(message.bytes()));
  envelope.mutable_append()->set_payload("message " + std::to_string(number));
  return envelope;
}

std::vector<proto::Entry> everything(BlockingClient& client, const std::string& conversation,
                                     std::uint64_t after) {
  std::vector<proto::Entry> entries;
  while (true) {
    Envelope envelope;
    envelope.mutable_fetch()->set_conversation(conversation);
    envelope.mutable_fetch()->set_after_seq(after);
    envelope.mutable_fetch()->set_limit(500);
    const Result<Envelope> page = client.ask(std::move(envelope));
    if (!page) return {};
    for (const proto::Entry& entry : page->fetch_reply().entries()) entries.push_back(entry);
    if (!page->fetch_reply().more()) return entries;
    after = entries.back().seq();
  }
}

TEST(ServerKilled, at_random_points_loses_nothing_it_acknowledged_and_repeats_nothing) {
  const char* given = std::getenv("SOTTO_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261121;
  SeededRandom random(seed);
  SCOPED_TRACE("SOTTO_TEST_SEED=" + std::to_string(seed));
  ServerProcess server(SOTTOD_PROGRAM);
  proto::InviteLink link = server.invite(2);
  const std::unique_ptr<RawAccount> alice = make_account(link, "alice");
  const std::unique_ptr<RawAccount> bob = make_account(link, "bob");
  ASSERT_TRUE(alice && bob);
  std::string conversation;
  {
    BlockingClient client(link);
    ASSERT_TRUE(client.connect(alice.get()));
    Envelope open;
    open.mutable_open_direct()->set_peer(to_string(bob->user.bytes()));
    conversation = client.ask(open)->open_direct_reply().conversation().conversation();
  }

  int killed_early = 0;
  std::uint64_t duration_us = 0;
  std::uint64_t last_seq = 0;
  for (int run = 0; run < kRuns; ++run) {
    SCOPED_TRACE("run " + std::to_string(run));
    BlockingClient client(link);
    ASSERT_TRUE(client.connect(alice.get()));
    std::vector<Sent> sent(kMessages);
    // Run 0 is not disturbed and shows how long a run takes here. The others are killed anywhere in that
    // time, so some before the first message and some after the last.
    const auto delay = std::chrono::microseconds(run == 0 ? 0 : random.below(duration_us));
    const pid_t victim = server.pid();
    const TimePoint begin = net::monotonic_now();
    std::thread killer([&] {
      if (run == 0) return;
      std::this_thread::sleep_for(delay);
      ::kill(victim, SIGKILL);
    });
    std::deque<std::pair<int, int>> under_way;
    int acknowledged = 0;
    const auto take_one = [&] {
      const auto [ticket, i] = under_way.front();
      under_way.pop_front();
      const Result<Envelope> reply = client.finish(ticket);
      if (!reply) return;
      sent[static_cast<std::size_t>(i)].seq = reply->append_reply().seq();
      ++acknowledged;
    };
    for (int i = 0; i < kMessages; ++i) {
      Sent& one = sent[static_cast<std::size_t>(i)];
      one.message = random.id<MessageId>();
      under_way.emplace_back(client.start(append(conversation, one.message, i)), i);
      if (under_way.size() >= kWindow) take_one();
    }
    while (!under_way.empty()) take_one();
    killer.join();
    if (run == 0) {
      ASSERT_EQ(acknowledged, kMessages);
      duration_us = static_cast<std::uint64_t>((net::monotonic_now() - begin) / std::chrono::microseconds(1));
    }
    server.kill_hard();
    if (acknowledged < kMessages) ++killed_early;

    server.start();
    link.port = server.port();
    BlockingClient again(link);
    ASSERT_TRUE(again.connect(alice.get()));
    // What a client does: everything that was not acknowledged is sent once more, under the same id.
    for (int i = 0; i < kMessages; ++i) {
      Sent& one = sent[static_cast<std::size_t>(i)];
      const Result<Envelope> reply = again.ask(append(conversation, one.message, i));
      ASSERT_TRUE(reply) << reply.error().message;
      if (one.seq != 0) {
        ASSERT_EQ(reply->append_reply().seq(), one.seq) << "message " << i << " got another place";
      }
      one.seq = reply->append_reply().seq();
    }
    BlockingClient reader(link);
    ASSERT_TRUE(reader.connect(bob.get()));
    const std::vector<proto::Entry> log = everything(reader, conversation, last_seq);
    ASSERT_EQ(log.size(), static_cast<std::size_t>(kMessages));
    for (int i = 0; i < kMessages; ++i) {
      const auto at = static_cast<std::size_t>(i);
      ASSERT_EQ(log[at].seq(), last_seq + at + 1);
      ASSERT_EQ(log[at].message(), to_string(sent[at].message.bytes())) << "out of order";
      ASSERT_EQ(log[at].payload(), "message " + std::to_string(i));
    }
    last_seq += kMessages;
  }
  // Otherwise the test would not have tested anything.
  EXPECT_GT(killed_early, kRuns / 5);
}

}  // namespace
}  // namespace sotto::test
