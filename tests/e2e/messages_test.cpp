// Accounts and messages between real programs.
#include "harness/pair.hpp"

namespace sotto::e2e {
namespace {

struct Messages : PairTest {};

TEST_F(Messages, go_both_ways_and_their_state_is_told) {
  const auto hello = alice.send_text(conversation, "hello Bob");
  const Json received = bob.wait_message("hello Bob");
  EXPECT_EQ(received["sender"]["username"], "alice");
  EXPECT_EQ(received["id"], hello);
  EXPECT_EQ(received["conversation"], conversation);
  alice.wait_state(hello, "delivered");

  const auto answer = bob.send_text(conversation, "hello Alice");
  EXPECT_EQ(alice.wait_message("hello Alice")["sender"]["username"], "bob");
  bob.wait_state(answer, "delivered");

  bob.expect("messages.mark_read", {{"conversation", conversation}, {"message", hello}});
  alice.wait_state(hello, "read");
}

TEST_F(Messages, text_of_every_kind_arrives_unchanged) {
  for (const std::string& text :
       {std::string("Grüße 🙂 שלום 世界"), std::string("two\nlines\ttab \"quoted\" \\ \x1b[31m"),
        std::string(60000, 'x')}) {
    alice.send_text(conversation, text);
    bob.wait_message(text);
  }
}

TEST_F(Messages, hundreds_keep_their_order_on_both_sides) {
  constexpr int kCount = 300;
  std::vector<std::string> sent;
  for (int i = 0; i < kCount; ++i) {
    sent.push_back("message " + std::to_string(i));
    alice.send("messages.send", {{"conversation", conversation}, {"text", sent.back()}});
  }
  bob.wait_message(sent.back());
  EXPECT_EQ(bob.history_texts(conversation), sent);
  EXPECT_EQ(alice.history_texts(conversation), sent);
}

TEST_F(Messages, wait_for_somebody_who_is_offline) {
  EXPECT_EQ(bob.stop(), 0);
  const auto message = alice.send_text(conversation, "see this when you are back");
  alice.wait_state(message, "sent");
  EXPECT_FALSE(alice.seen("message.updated", [&](const Json& p) {
    return p["message"]["id"] == message && p["message"]["state"] == "delivered";
  })) << "delivered, although Bob is away";
  bob.start();
  bob.wait_message("see this when you are back");
  alice.wait_state(message, "delivered");
}

TEST_F(Messages, typed_while_offline_go_out_later) {
  server.stop();
  alice.wait("connection.state", [](const Json& p) { return p["state"] == "offline"; });
  const auto message = alice.send_text(conversation, "written on the train");
  server.start();
  alice.expect("account.reconnect");
  bob.expect("account.reconnect");
  bob.wait_message("written on the train");
  alice.wait_state(message, "delivered");
}

TEST_F(Messages, a_restarted_client_has_its_history_and_account) {
  const auto message = alice.send_text(conversation, "remember me");
  bob.wait_message("remember me");
  bob.send_text(conversation, "always");
  alice.wait_message("always");
  alice.wait_state(message, "delivered");
  const Json before = alice.expect("account.status");
  EXPECT_EQ(alice.stop(), 0);
  alice.start();
  const Json after = alice.expect("account.status");
  EXPECT_EQ(after["user"], before["user"]);
  EXPECT_EQ(after["device"], before["device"]);
  EXPECT_EQ(alice.history_texts(conversation), (std::vector<std::string>{"remember me", "always"}));
  alice.wait_online();
  alice.send_text(conversation, "again");
  bob.wait_message("again");
}

TEST_F(Messages, history_is_read_without_a_server) {
  alice.send_text(conversation, "one");
  bob.wait_message("one");
  EXPECT_EQ(bob.stop(), 0);
  server.stop();
  bob.start();
  EXPECT_EQ(bob.history_texts(conversation), std::vector<std::string>{"one"});
  const Json list = bob.expect("conversations.list");
  ASSERT_EQ(list["conversations"].size(), 1u);
  EXPECT_EQ(list["conversations"][0]["last_message"]["text"], "one");
  EXPECT_EQ(list["conversations"][0]["unread"], 1);
}

TEST_F(Messages, people_who_share_a_conversation_see_each_other_come_and_go) {
  const auto bob_is = [](bool online) {
    return [online](const Json& p) { return p["username"] == "bob" && p["online"] == online; };
  };
  alice.wait("presence.updated", bob_is(true));  // from opening the conversation on
  bob.stop();
  alice.wait("presence.updated", bob_is(false));
  bob.start();
  alice.wait("presence.updated", bob_is(true));
  bob.stop();
  alice.wait("presence.updated", bob_is(false));
}

TEST_F(Messages, both_sides_compute_the_same_safety_number) {
  alice.send_text(conversation, "hello");
  bob.wait_message("hello");
  const Json bob_seen = alice.expect("contacts.find", {{"username", "bob"}})["users"][0];
  const Json alice_seen = bob.expect("contacts.find", {{"username", "alice"}})["users"][0];
  const Json a = alice.expect("contacts.safety_number", {{"user", bob_seen["id"]}});
  const Json b = bob.expect("contacts.safety_number", {{"user", alice_seen["id"]}});
  EXPECT_EQ(a["digits"], b["digits"]);
  EXPECT_EQ(a["digits"].get<std::string>().size(), 60u);
  EXPECT_EQ(a["verified"], false);
  alice.expect("contacts.verify", {{"user", bob_seen["id"]}, {"digits", a["digits"]}});
  EXPECT_EQ(alice.expect("contacts.safety_number", {{"user", bob_seen["id"]}})["verified"], true);
}

TEST_F(Messages, a_reply_names_what_it_answers) {
  const auto question = alice.send_text(conversation, "tea or coffee?");
  bob.wait_message("tea or coffee?");
  bob.expect("messages.send", {{"conversation", conversation}, {"text", "tea"}, {"reply_to", question}});
  EXPECT_EQ(alice.wait_message("tea")["reply_to"], question);
}

}  // namespace
}  // namespace sotto::e2e
