// The window's copy of the core's state: what events and answers make of it.
#include "desktop/model/model.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "../cli/fake_commands.hpp"

namespace sotto::desktop {
namespace {

using cli::test::id_of;

class ModelTest : public ::testing::Test {
 protected:
  ModelTest() {
    model.not_sent = [this](const ConversationId&, const std::string& text) { returned.push_back(text); };
    commands.status.account = client::AccountView{};
    commands.conversations.push_back(view(0));
    model.start();
  }
  ConversationView view(int unread) {
    ConversationView out;
    out.id = chat;
    out.name = "Bob";
    out.peer.id = bob;
    out.unread = unread;
    return out;
  }
  // The n-th message of the conversation.
  MessageView message(std::uint64_t n, bool own = false) {
    MessageView m;
    m.id.mutable_bytes()[0] = static_cast<std::uint8_t>(n);
    m.id.mutable_bytes()[1] = static_cast<std::uint8_t>(n >> 8);
    m.conversation = chat;
    m.own = own;
    m.order = n;
    m.time.ms = static_cast<std::int64_t>(n) * 1000;
    m.state = MessageState::delivered;
    return m;
  }
  CallView talking() {
    CallView call;
    call.id = id_of<CallId>(9);
    call.conversation = chat;
    call.peer.id = bob;
    call.state = CallState::active;
    call.outgoing = true;
    call.security_code = "123456";
    return call;
  }

  const ConversationId chat = id_of<ConversationId>(1);
  const UserId bob = id_of<UserId>(2);
  cli::test::FakeCommands commands;
  TimePoint now{std::chrono::seconds(100)};
  Model model{commands, [](const std::function<void()>& work) { work(); }, [this] { return now; },
              [] { return WallTime{1'795'262'400'000}; }};
  std::vector<std::string> returned;
};

TEST_F(ModelTest, news_of_an_old_message_leaves_no_hole_in_the_history) {
  for (std::uint64_t n = 121; n <= 200; ++n) commands.messages.push_back(message(n));
  // A download of long ago ends before the conversation was looked at.
  model.on_event(client::MessageUpdated{message(50)});
  model.open_conversation(chat);
  ASSERT_EQ(model.log(chat)->messages.size(), 80u);
  EXPECT_EQ(model.log(chat)->messages.front().order, 121u);
  model.on_event(client::MessageUpdated{message(60)});
  EXPECT_EQ(model.log(chat)->messages.front().order, 121u) << "older ones are asked for before this one";
  MessageView known = message(150);
  known.text = "changed";
  model.on_event(client::MessageUpdated{known});
  EXPECT_EQ(model.message(chat, known.id)->text, "changed");
}

TEST_F(ModelTest, news_of_an_old_message_reaches_its_row_in_the_sidebar) {
  ConversationView row = view(0);
  row.last = message(7, true);
  model.on_event(client::ConversationUpdated{row});
  MessageView read = message(7, true);
  read.state = MessageState::read;
  model.on_event(client::MessageUpdated{read});
  EXPECT_EQ(model.conversation(chat)->last->state, MessageState::read);
}

TEST_F(ModelTest, a_running_call_shows_what_becomes_known_of_its_person) {
  model.on_event(client::CallChanged{talking()});
  UserView user;
  user.id = bob;
  user.verified = true;
  model.on_event(client::ContactUpdated{user});
  EXPECT_TRUE(model.call->verified);
  user.verified = false;
  user.identity_changed = true;
  model.on_event(client::IdentityChanged{user});
  EXPECT_FALSE(model.call->verified);
  EXPECT_TRUE(model.call->peer.identity_changed);
}

TEST_F(ModelTest, signing_out_leaves_no_call_for_the_next_account) {
  int told = 0;
  model.call_changed = [&] { ++told; };
  model.on_event(client::CallChanged{talking()});
  model.on_event(client::AccountChanged{std::nullopt});
  EXPECT_FALSE(model.call);
  EXPECT_EQ(told, 2);
}

TEST_F(ModelTest, what_could_not_be_sent_comes_back) {
  commands.failure = fail(ErrorCode::storage, "The disk is full.");
  model.send(chat, "a long thought", {});
  model.send(chat, "a caption", {"/a.bin", "/b.bin"});
  EXPECT_EQ(returned, (std::vector<std::string>{"a long thought", "a caption"}));
  EXPECT_EQ(model.toasts.front().text, "The disk is full.");
}

TEST_F(ModelTest, a_text_too_long_to_stand_beside_a_file_goes_before_it) {
  commands.asked.clear();
  const std::string text(client::kMaxCaptionBytes + 1, 'x');
  model.send(chat, text, {"/a.bin"});
  EXPECT_EQ(commands.asked, (std::vector<std::string>{"send " + chat.str() + " " + text, "file /a.bin "}));
}

TEST_F(ModelTest, the_unread_marker_counts_only_what_can_be_unread) {
  for (std::uint64_t n = 1; n <= 3; ++n) commands.messages.push_back(message(n));
  commands.messages.push_back(message(4));
  commands.messages.back().kind = MessageKind::event;
  commands.messages.push_back(message(5));
  commands.messages.back().kind = MessageKind::call;
  commands.messages.back().call = client::CallSummary{};
  commands.messages.back().call->answered = true;
  model.on_event(client::ConversationUpdated{view(2)});
  model.open_conversation(chat);
  EXPECT_EQ(model.log(chat)->unread_from, message(2).id);
}

TEST_F(ModelTest, a_history_that_failed_is_asked_for_again) {
  commands.failure = fail(ErrorCode::storage, "The disk can't be read.");
  model.open_conversation(chat);
  EXPECT_TRUE(model.log(chat)->failed);
  commands.failure.reset();
  commands.messages.push_back(message(1));
  model.load_older(chat);
  EXPECT_EQ(model.log(chat)->messages.size(), 1u);
}

}  // namespace
}  // namespace sotto::desktop
