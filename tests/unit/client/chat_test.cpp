// Two people write to each other.
#include <gtest/gtest.h>

#include "support/client_world/world.hpp"

namespace sotto::testing {
namespace {

using namespace std::chrono_literals;
using client::Client;
using client::Done;
using client::MessageKind;
using client::MessageState;

struct Pair {
  explicit Pair(std::uint64_t seed) : world(seed), alice(world.add("alice")), bob(world.add("bob")) {
    world.sign_up(alice);
    world.sign_up(bob);
    conversation = world.open_direct(alice, bob);
  }
  World world;
  Person& alice;
  Person& bob;
  ConversationId conversation;
};

TEST(Chat, a_message_arrives_and_its_state_follows_the_reader) {
  Pair pair(1);
  const auto sent = pair.alice.send(pair.conversation, "hello");
  EXPECT_EQ(sent.state, MessageState::sending);
  ASSERT_TRUE(pair.world.run_until([&] { return pair.bob.texts(pair.conversation).size() == 1; }));
  const auto received = pair.bob.history(pair.conversation).back();
  EXPECT_EQ(received.text, "hello");
  EXPECT_EQ(received.id, sent.id);
  EXPECT_EQ(received.sender_username, "alice");
  EXPECT_FALSE(received.own);
  pair.world.run_for(2s);
  EXPECT_EQ(pair.alice.history(pair.conversation).back().state, MessageState::delivered);
  const auto read = pair.world.ask<Unit>(pair.bob, [&](Client& c, Done<Unit> done) {
    c.messages_mark_read(pair.conversation, received.id, std::move(done));
  });
  ASSERT_TRUE(read);
  pair.world.run_for(2s);
  EXPECT_EQ(pair.alice.history(pair.conversation).back().state, MessageState::read);
}

TEST(Chat, the_server_holds_no_readable_text) {
  Pair pair(2);
  pair.alice.send(pair.conversation, "the canary sings");
  pair.world.run_for(2s);
  for (const auto& entry : pair.world.server.logs.at(pair.conversation).entries) {
    EXPECT_EQ(entry.payload().find("canary"), std::string::npos);
  }
}

TEST(Chat, messages_wait_for_who_is_offline) {
  Pair pair(3);
  pair.bob.stop();
  for (int i = 0; i < 30; ++i) pair.alice.send(pair.conversation, std::to_string(i));
  pair.world.run_for(60s);
  pair.bob.start();
  ASSERT_TRUE(pair.world.run_until([&] { return pair.bob.texts(pair.conversation).size() == 30; }));
  const auto texts = pair.bob.texts(pair.conversation);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(texts[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST(Chat, nothing_is_lost_nothing_twice_and_order_kept_under_cuts_and_restarts) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Pair pair(1000 + seed);
    SeededRandom chaos(seed);
    std::vector<std::string> from_alice, from_bob;
    for (int i = 0; i < 60; ++i) {
      Person& person = chaos.below(2) == 0 ? pair.alice : pair.bob;
      auto& list = &person == &pair.alice ? from_alice : from_bob;
      list.push_back(person.name + " " + std::to_string(i));
      if (pair.world.server.logs.contains(pair.conversation) &&
          person.store->conversation(pair.conversation)) {
        person.send(pair.conversation, list.back());
      } else {
        list.pop_back();
      }
      pair.world.run_for(std::chrono::milliseconds(chaos.below(120)));
      switch (chaos.below(8)) {
        case 0: pair.alice.cut(); break;
        case 1: pair.bob.cut(); break;
        case 2: pair.alice.restart(); break;
        case 3: pair.bob.restart(); break;
        default: break;
      }
    }
    pair.world.run_for(120s);
    for (Person* reader : {&pair.alice, &pair.bob}) {
      std::vector<std::string> alices, bobs;
      for (const std::string& text : reader->texts(pair.conversation)) {
        (text.starts_with("alice") ? alices : bobs).push_back(text);
      }
      EXPECT_EQ(alices, from_alice) << "seed " << seed << " at " << reader->name;
      EXPECT_EQ(bobs, from_bob) << "seed " << seed << " at " << reader->name;
      for (const auto& message : reader->history(pair.conversation)) {
        EXPECT_NE(message.kind, MessageKind::event) << message.text;
        if (message.own) {
          EXPECT_EQ(message.state, MessageState::delivered) << message.text;
        }
      }
    }
    // Both see one order.
    EXPECT_EQ(pair.alice.texts(pair.conversation), pair.bob.texts(pair.conversation)) << "seed " << seed;
  }
}

TEST(Chat, a_permanent_refusal_is_shown_with_its_reason_and_later_messages_go_on) {
  Pair pair(4);
  int left = 1;
  pair.world.server.refuse = [&](const proto::Envelope& request) -> std::optional<Error> {
    if (request.has_append() && left-- > 0) return fail(ErrorCode::denied, "You are blocked.");
    return std::nullopt;
  };
  pair.alice.send(pair.conversation, "one");
  pair.alice.send(pair.conversation, "two");
  ASSERT_TRUE(pair.world.run_until([&] { return pair.bob.texts(pair.conversation).size() == 1; }));
  EXPECT_EQ(pair.bob.texts(pair.conversation).front(), "two");
  const auto history = pair.alice.history(pair.conversation);
  ASSERT_EQ(history.size(), 2U);
  const auto& failed = history[0].text == "one" ? history[0] : history[1];
  EXPECT_EQ(failed.state, MessageState::failed);
  EXPECT_EQ(failed.failure, "You are blocked.");
}

TEST(Chat, a_server_in_trouble_is_asked_again) {
  Pair pair(5);
  int left = 3;
  pair.world.server.refuse = [&](const proto::Envelope& request) -> std::optional<Error> {
    if (request.has_append() && left-- > 0) {
      return left % 2 == 0 ? fail(ErrorCode::rate_limited, "Slow down.")
                           : fail(ErrorCode::storage, "Disk full.");
    }
    return std::nullopt;
  };
  pair.alice.send(pair.conversation, "one");
  ASSERT_TRUE(pair.world.run_until([&] { return pair.bob.texts(pair.conversation).size() == 1; }));
}

TEST(Chat, reading_the_newest_reads_everything_before_however_much_it_is) {
  Pair pair(6);
  const std::uint64_t many = 1203;
  for (std::uint64_t i = 0; i < many; ++i) pair.alice.send(pair.conversation, std::to_string(i));
  ASSERT_TRUE(
      pair.world.run_until([&] { return pair.bob.store->unread_count(pair.conversation) == many; }, 30min));
  const auto newest = pair.bob.history(pair.conversation).back();
  ASSERT_TRUE(pair.world.ask<Unit>(pair.bob, [&](Client& c, Done<Unit> done) {
    c.messages_mark_read(pair.conversation, newest.id, std::move(done));
  }));
  EXPECT_EQ(pair.bob.store->unread_count(pair.conversation), 0U);
  pair.world.run_for(10s);
  EXPECT_EQ(pair.alice.history(pair.conversation).back().state, MessageState::read);
  EXPECT_EQ(pair.alice.store->history(pair.conversation, store::kAllPositions, 2000).front().state,
            static_cast<int>(MessageState::read));
}

}  // namespace
}  // namespace sotto::testing
