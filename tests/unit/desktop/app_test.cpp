// The whole window without a window: what keys, text and refusals do to it.
#include "desktop/app/app.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "../cli/fake_commands.hpp"

namespace sotto::desktop {
namespace {

using cli::test::id_of;

class NoClipboard final : public Clipboard {
 public:
  std::string text() override { return {}; }
  void set_text(const std::string&) override {}
  std::string primary() override { return {}; }
  void set_primary(const std::string&) override {}
};

class AppTest : public ::testing::Test {
 protected:
  AppTest() {
    commands.status.account = client::AccountView{};
    commands.status.connection.state = client::ConnectionState::online;
    for (unsigned char i = 1; i <= 2; ++i) {
      ConversationView chat;
      chat.id = id_of<ConversationId>(i);
      chat.name = chat.peer.username = i == 1 ? "bob" : "carol";
      chat.peer.id = id_of<UserId>(i);
      commands.conversations.push_back(chat);
    }
    app.start();
    frame();
    app.model().open_conversation(bob);
    frame();
  }
  void frame() {
    now += std::chrono::milliseconds(20);
    Canvas canvas(nullptr, nullptr, 1);
    app.build(canvas, {0, 0, 1000, 700}, {}, {});
    app.ui().run_deferred();
  }
  void type(std::string_view text) {
    app.text_input(text);
    frame();
  }
  void press(Key key, bool ctrl = false, bool alt = false) {
    app.key({.key = key, .ctrl = ctrl, .alt = alt});
    frame();
  }
  std::string written() {
    for (const Region& region : app.ui().regions()) {
      if (region.id == "composer.edit") return region.value;
    }
    return "no composer";
  }

  const ConversationId bob = id_of<ConversationId>(1);
  cli::test::FakeCommands commands;
  NoClipboard clipboard;
  TimePoint now{std::chrono::seconds(100)};
  App app{commands,
          clipboard,
          [](const std::function<void()>& work) { work(); },
          [this] { return now; },
          [] { return WallTime{1'795'262'400'000}; },
          1.0,
          {}};
};

TEST_F(AppTest, a_message_that_was_refused_is_in_the_composer_again) {
  type("precious words");
  commands.failure = fail(ErrorCode::storage, "The disk is full.");
  press(Key::enter);
  EXPECT_EQ(written(), "precious words");
  commands.failure.reset();
  commands.asked.clear();
  press(Key::enter);
  ASSERT_EQ(commands.asked.size(), 1u);
  EXPECT_EQ(commands.asked[0], "send " + bob.str() + " precious words");
  EXPECT_EQ(written(), "");
}

// Else the composed text stays behind in another conversation's field, which takes no key while it does.
TEST_F(AppTest, no_shortcut_works_while_an_input_method_composes) {
  type("a");
  app.ui().text_editing("nihon", 5);
  frame();
  press(Key::down, false, true);
  EXPECT_EQ(app.model().open, bob);
  press(Key::k, true);
  EXPECT_EQ(app.ui().focus_id(), "composer.edit");
  app.text_input("日本");
  frame();
  EXPECT_EQ(written(), "a日本");
  now += std::chrono::seconds(1);
  press(Key::k, true);
  EXPECT_EQ(app.ui().focus_id(), "sidebar.search");
}

TEST_F(AppTest, a_call_that_ends_while_it_is_small_says_why) {
  client::CallView call;
  call.id = id_of<CallId>(9);
  call.conversation = bob;
  call.peer.id = id_of<UserId>(1);
  call.peer.username = "bob";
  call.outgoing = true;
  call.state = client::CallState::active;
  const auto tell = [&](client::CallState state, client::EndReason reason) {
    call.state = state;
    call.reason = reason;
    app.model().on_event(client::CallChanged{call});
    frame();
  };
  tell(client::CallState::active, client::EndReason::none);
  press(Key::escape);
  tell(client::CallState::ended, client::EndReason::connection_lost);
  ASSERT_EQ(app.model().toasts.size(), 1u);
  EXPECT_EQ(app.model().toasts.front().text,
            "Connection lost. The call ended after 30 seconds without a connection.");
  EXPECT_FALSE(app.model().call) << "nothing is left that could come back on the stage";

  app.model().toasts.clear();
  call.id = id_of<CallId>(10);
  tell(client::CallState::active, client::EndReason::none);
  press(Key::escape);
  tell(client::CallState::ended, client::EndReason::local_hangup);
  EXPECT_TRUE(app.model().toasts.empty()) << "who hung up knows";

  call.id = id_of<CallId>(11);
  tell(client::CallState::active, client::EndReason::none);
  tell(client::CallState::ended, client::EndReason::remote_hangup);
  EXPECT_TRUE(app.model().call) << "the stage says it itself";
}

TEST_F(AppTest, the_banner_says_what_a_server_said_that_was_reached) {
  const auto banner = [&](ErrorCode code, std::string reason) {
    client::ConnectionView connection;
    connection.state = client::ConnectionState::offline;
    connection.code = code;
    connection.reason = std::move(reason);
    connection.retry_in_ms = 30'000;
    app.model().on_event(client::ConnectionChanged{connection});
    now += std::chrono::seconds(2);
    frame();
    for (const Region& region : app.ui().regions()) {
      if (region.id == "sidebar.banner") return region.label;
    }
    return std::string("no banner");
  };
  EXPECT_EQ(banner(ErrorCode::conflict, "This profile is connected from somewhere else."),
            "This profile is connected from somewhere else. Next try in 28 s.");
  app.model().on_event(client::ConnectionChanged{commands.status.connection});
  EXPECT_EQ(banner(ErrorCode::offline, "the connection was refused"), "Can't reach . Next try in 28 s.");
}

// The first search met a server that could not be reached.
TEST_F(AppTest, a_search_that_failed_is_made_again_by_enter) {
  press(Key::n, true);
  type("dora");
  commands.failure = fail(ErrorCode::offline, "There is no connection to the server.");
  now += std::chrono::milliseconds(400);
  frame();
  frame();
  commands.failure.reset();
  commands.asked.clear();
  now += std::chrono::seconds(5);
  frame();
  EXPECT_TRUE(commands.asked.empty()) << "not by itself";
  press(Key::enter);
  EXPECT_EQ(commands.asked, std::vector<std::string>{"find dora"});
}

TEST(Programs, are_known_by_every_spelling_of_their_ending) {
  for (const char* name : {"a.sh", "a.html", "a.htm", "a.XHTML", "a.svgz", "a.pyw", "a.pyzw", "photo.jpg.exe",
                           "a.flatpak", "A.Desktop"}) {
    EXPECT_TRUE(runs_programs(name)) << name;
  }
  for (const char* name : {"a.jpg", "report.pdf", "sh", "notes.txt", "a.tar.gz"}) {
    EXPECT_FALSE(runs_programs(name)) << name;
  }
}

}  // namespace
}  // namespace sotto::desktop
