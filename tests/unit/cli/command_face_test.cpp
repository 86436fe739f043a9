// The plain commands and the chat against a fake core: what they ask, print and exit with.
#include "cli/command_face.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "cli/chat_face.hpp"
#include "fake_commands.hpp"

namespace sotto::cli {
namespace {

using namespace client;
using test::FakeCommands;
using test::id_of;

struct CommandTest : testing::Test {
  FaceLoop loop;
  FakeCommands commands;
  std::vector<std::string> out, err;
  std::unique_ptr<Face> face;

  CommandTest() {
    commands.users = {{id_of<UserId>(3), "bob", "Bob", true, false, false}};
    commands.status.account = FakeCommands::account();
    commands.status.connection.state = ConnectionState::online;
  }
  Output output() {
    return {[this](std::string_view line) { out.emplace_back(line); },
            [this](std::string_view line) { err.emplace_back(line); }};
  }
  // Starts the face; `later` runs from the loop, as events of the core would.
  int run(std::unique_ptr<Face> made, std::function<void()> later = nullptr) {
    face = std::move(made);
    face->start(commands);
    if (later) loop.executor()(std::move(later));
    loop.after(std::chrono::seconds(30), [this] {
      ADD_FAILURE() << "the command did not end";
      loop.stop(99);
    });
    return loop.run();
  }
  void message_state(unsigned char id, MessageState state, const std::string& failure = "") {
    MessageView message;
    message.id = id_of<MessageId>(id);
    message.own = true;
    message.state = state;
    message.failure = failure;
    face->on_event(MessageUpdated{message});
  }
};

TEST_F(CommandTest, register_hands_everything_over_and_says_who_one_is) {
  RegisterParams params;
  params.server = "sotto://x";
  params.username = "alice";
  params.password = SecretBytes::from_text("pw");
  EXPECT_EQ(run(make_register(loop, output(), std::move(params))), kExitDone);
  EXPECT_EQ(commands.asked.back(), "register sotto://x  alice pw  ");
  EXPECT_EQ(out, std::vector<std::string>{"Registered as alice on localhost:7443, device laptop."});
}

TEST_F(CommandTest, a_refusal_is_a_sentence_and_exit_code_1) {
  commands.failure = fail(ErrorCode::denied, "The password is wrong.");
  LoginParams params;
  EXPECT_EQ(run(make_login(loop, output(), std::move(params))), kExitFailed);
  EXPECT_EQ(err, std::vector<std::string>{"The password is wrong."});
  EXPECT_TRUE(out.empty());
}

TEST_F(CommandTest, status_without_an_account_fails) {
  commands.status.account.reset();
  EXPECT_EQ(run(make_status(loop, output())), kExitFailed);
}

TEST_F(CommandTest, status_waits_for_the_connection) {
  commands.status.connection.state = ConnectionState::connecting;
  const int code = run(make_status(loop, output()), [this] {
    face->on_event(ConnectionChanged{{ConnectionState::online, "", ErrorCode::offline, 0}});
  });
  EXPECT_EQ(code, kExitDone);
  EXPECT_EQ(out.back(), "online");
}

TEST_F(CommandTest, status_gives_up_at_once_when_the_server_is_not_the_right_one) {
  commands.status.connection = {ConnectionState::offline, "This is not the server.", ErrorCode::untrusted, 0};
  EXPECT_EQ(run(make_status(loop, output())), kExitFailed);
  EXPECT_EQ(err.back(), "This is not the server.");
}

TEST_F(CommandTest, send_ends_when_the_server_has_the_message) {
  const int code = run(make_send(loop, output(), "bob", "hello"), [this] {
    const auto sent = static_cast<unsigned char>(commands.asked.size());
    message_state(250, MessageState::sent);  // another message
    message_state(sent, MessageState::sent);
  });
  EXPECT_EQ(code, kExitDone);
  EXPECT_EQ(commands.asked.back(), "send " + id_of<ConversationId>(7).str() + " hello");
  EXPECT_TRUE(err.empty());
}

TEST_F(CommandTest, send_says_why_a_message_was_refused) {
  const int code = run(make_send(loop, output(), "bob", "hello"), [this] {
    message_state(static_cast<unsigned char>(commands.asked.size()), MessageState::failed,
                  "Bob's identity changed.");
  });
  EXPECT_EQ(code, kExitFailed);
  EXPECT_EQ(err.back(), "Not sent: Bob's identity changed.");
}

TEST_F(CommandTest, send_to_nobody_names_the_name) {
  EXPECT_EQ(run(make_send(loop, output(), "carol", "hello")), kExitFailed);
  EXPECT_EQ(err.back(), "There is no user named carol on this server.");
}

TEST_F(CommandTest, history_works_offline_for_people_one_knows) {
  commands.status.connection.state = ConnectionState::offline;
  MessageView message;
  message.text = "old news";
  message.sender_username = "bob";
  commands.messages = {message};
  EXPECT_EQ(run(make_history(loop, output(), "bob", 5)), kExitDone);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_NE(out[0].find("bob: old news"), std::string::npos);
  ASSERT_EQ(err.size(), 1u);
  EXPECT_EQ(err[0].find("Offline (the server does not answer). "), 0u) << err[0];
}

TEST_F(CommandTest, history_comes_after_what_waited_on_the_server) {
  commands.status.connection.state = ConnectionState::connecting;
  const int code = run(make_history(loop, output(), "bob", 5), [this] {
    face->on_event(ConnectionChanged{{ConnectionState::online, "", ErrorCode::offline, 0}});
    loop.after(std::chrono::milliseconds(600), [this] {
      EXPECT_TRUE(out.empty()) << "printed before everything was here";
      MessageView message;
      message.text = "the news";
      message.sender_username = "bob";
      commands.messages = {message};
      face->on_event(CaughtUp{});
    });
  });
  EXPECT_EQ(code, kExitDone);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_NE(out[0].find("bob: the news"), std::string::npos);
  EXPECT_TRUE(err.empty());
}

TEST_F(CommandTest, history_shows_what_is_here_when_the_connection_does_not_come) {
  commands.status.connection.state = ConnectionState::connecting;
  const int code = run(make_history(loop, output(), "bob", 5), [this] {
    face->on_event(
        ConnectionChanged{{ConnectionState::offline, "Connection refused.", ErrorCode::offline, 1000}});
  });
  EXPECT_EQ(code, kExitDone);
  EXPECT_NE(err.at(0).find("(Connection refused). "), std::string::npos) << err.at(0);
}

TEST_F(CommandTest, a_file_counts_as_sent_when_both_its_bytes_and_its_message_arrived) {
  const int code = run(make_send_file(loop, output(), "bob", "/tmp/a"), [this] {
    TransferView transfer;
    transfer.id = id_of<TransferId>(4);
    transfer.state = TransferState::done;
    face->on_event(TransferProgress{transfer});
    EXPECT_TRUE(out.empty());
    message_state(3, MessageState::sent);
  });
  EXPECT_EQ(code, kExitDone);
  EXPECT_EQ(out, std::vector<std::string>{"Sent."});
}

TEST_F(CommandTest, a_fetched_file_prints_where_it_is_and_a_failure_why) {
  commands.transfer.id = id_of<TransferId>(4);
  commands.transfer.state = TransferState::done;
  commands.transfer.path = "/home/a/Downloads/x";
  EXPECT_EQ(run(make_fetch_file(loop, output(), id_of<MessageId>(1), "")), kExitDone);
  EXPECT_EQ(out, std::vector<std::string>{"/home/a/Downloads/x"});
}

TEST_F(CommandTest, a_failed_fetch_says_why) {
  commands.transfer.state = TransferState::failed;
  commands.transfer.failure = "The disk is full.";
  EXPECT_EQ(run(make_fetch_file(loop, output(), id_of<MessageId>(1), "")), kExitFailed);
  EXPECT_EQ(err.back(), "The disk is full.");
}

TEST_F(CommandTest, a_call_that_was_never_answered_is_a_failure_with_its_reason) {
  commands.call.id = id_of<CallId>(5);
  const int code = run(make_call(loop, output(), {"bob", true, 0}), [this] {
    CallView call = commands.call;
    call.state = CallState::ended;
    call.reason = EndReason::busy;
    face->on_event(CallChanged{call});
  });
  EXPECT_EQ(code, kExitFailed);
  EXPECT_EQ(commands.asked.back(), "call " + id_of<ConversationId>(7).str() + " video");
  EXPECT_NE(err.back().find("busy"), std::string::npos);
}

TEST_F(CommandTest, a_call_shows_the_security_code_and_ends_well) {
  commands.call.id = id_of<CallId>(5);
  const int code = run(make_call(loop, output(), {"bob", false, 0}), [this] {
    CallView call = commands.call;
    call.state = CallState::active;
    call.security_code = "123456";
    face->on_event(CallChanged{call});
    call.state = CallState::ended;
    call.reason = EndReason::remote_hangup;
    face->on_event(CallChanged{call});
  });
  EXPECT_EQ(code, kExitDone);
  EXPECT_NE(std::ranges::find(err, "Connected. Security code: 123456"), err.end());
}

struct ChatTest : CommandTest {
  int pipe_[2] = {-1, -1};
  ChatTest() { EXPECT_EQ(pipe(pipe_), 0); }
  ~ChatTest() override {
    ::close(pipe_[0]);
    hang_up();
  }
  void type(std::string_view text) { write_all(pipe_[1], text); }
  void hang_up() {
    if (pipe_[1] >= 0) ::close(pipe_[1]);
    pipe_[1] = -1;
  }
  std::unique_ptr<Face> chat(const std::string& username) {
    return std::make_unique<ChatFace>(loop, output(), pipe_[0], username);
  }
};

TEST_F(ChatTest, sends_typed_lines_and_leaves_with_quit) {
  type("hello\n\n//me too\n/quit\n");
  loop.after(std::chrono::milliseconds(20), [this] {
    for (unsigned char id = 0; id < 20; ++id) message_state(id, MessageState::sent);
  });
  EXPECT_EQ(run(chat("bob")), kExitDone);
  const auto conversation = id_of<ConversationId>(7).str();
  EXPECT_NE(std::ranges::find(commands.asked, "send " + conversation + " hello"), commands.asked.end());
  EXPECT_NE(std::ranges::find(commands.asked, "send " + conversation + " /me too"), commands.asked.end());
}

TEST_F(ChatTest, prints_what_arrives_and_marks_it_read) {
  const int code = run(chat("bob"), [this] {
    MessageView message;
    message.id = id_of<MessageId>(77);
    message.conversation = id_of<ConversationId>(7);
    message.sender_username = "bob";
    message.text = "good morning";
    face->on_event(MessageAdded{message});
    face->on_event(MessageAdded{message});  // twice shown would be wrong
    type("/quit\n");
  });
  EXPECT_EQ(code, kExitDone);
  EXPECT_EQ(
      std::ranges::count_if(out, [](const std::string& line) { return line.ends_with("bob: good morning"); }),
      1);
  EXPECT_NE(std::ranges::find(commands.asked, "read " + id_of<MessageId>(77).str()), commands.asked.end());
}

TEST_F(ChatTest, at_the_end_of_piped_input_waits_until_the_server_has_the_messages) {
  type("one\n");
  hang_up();
  bool released = false;
  loop.after(std::chrono::milliseconds(20), [&] {
    released = true;
    for (unsigned char id = 0; id < 20; ++id) message_state(id, MessageState::sent);
  });
  EXPECT_EQ(run(chat("bob")), kExitDone);
  EXPECT_TRUE(released) << "left before the message was sent";
}

TEST_F(ChatTest, quit_waits_for_what_is_being_sent_and_tells_what_did_not_get_out) {
  type("hello there\n/quit\n");
  const auto begun = FaceLoop::Clock::now();
  EXPECT_EQ(run(chat("bob")), kExitFailed);
  EXPECT_GT(FaceLoop::Clock::now() - begun, std::chrono::seconds(2));
  EXPECT_NE(std::ranges::find(err, "! Not sent yet: hello there"), err.end());
  EXPECT_NE(err.back().find("goes out the next time"), std::string::npos);
}

TEST_F(ChatTest, quit_said_twice_does_not_wait) {
  type("hello\n/quit\n/quit\n");
  const auto begun = FaceLoop::Clock::now();
  EXPECT_EQ(run(chat("bob")), kExitFailed);
  EXPECT_NE(std::ranges::find(err, "! Not sent yet: hello"), err.end());
  EXPECT_LT(FaceLoop::Clock::now() - begun, std::chrono::seconds(2));
}

TEST_F(ChatTest, piped_lines_and_quit_leave_nothing_behind) {
  commands.hold_sends = true;
  type("hello\n/quit\n");
  hang_up();
  loop.after(std::chrono::milliseconds(50), [this] {
    for (const auto& answer : commands.held) answer();
    for (unsigned char id = 0; id < 20; ++id) message_state(id, MessageState::sent);
  });
  EXPECT_EQ(run(chat("bob")), kExitDone);
  for (const std::string& line : err) EXPECT_EQ(line.find("Not sent"), std::string::npos) << line;
}

TEST_F(ChatTest, quit_does_not_wait_without_a_connection) {
  commands.status.connection.state = ConnectionState::offline;
  loop.after(std::chrono::milliseconds(100), [this] { type("/quit\n"); });
  type("hello\n");
  const auto begun = FaceLoop::Clock::now();
  EXPECT_EQ(run(chat("bob")), kExitFailed);
  EXPECT_NE(std::ranges::find(err, "! Not sent yet: hello"), err.end());
  EXPECT_LT(FaceLoop::Clock::now() - begun, std::chrono::seconds(2));
}

TEST_F(ChatTest, answers_a_call_and_complains_about_unknown_commands) {
  CallView call;
  call.id = id_of<CallId>(5);
  call.peer.username = "bob";
  const int code = run(chat(""), [&] {
    face->on_event(CallIncoming{call});
    type("/dance\n/accept\n/quit\n");
  });
  EXPECT_EQ(code, kExitDone);
  EXPECT_NE(std::ranges::find(out, "bob calls. /accept or /decline"), out.end());
  EXPECT_NE(std::ranges::find(commands.asked, "accept " + call.id.str()), commands.asked.end());
  EXPECT_NE(std::ranges::find(err, "! There is no command /dance. /help shows them all."), err.end());
}

TEST_F(ChatTest, a_chat_without_an_account_says_how_to_get_one) {
  commands.status.account.reset();
  EXPECT_EQ(run(chat("bob")), kExitFailed);
  EXPECT_NE(err.back().find("register"), std::string::npos);
}

}  // namespace
}  // namespace sotto::cli
