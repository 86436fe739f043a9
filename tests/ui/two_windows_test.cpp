// The real thing: sottod, two windows of sotto, real X input: accounts by invite link, chat both ways, a
// file, a video call, hang up, and a start with the account that is there.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sotto/proto/invite_link.hpp"
#include "support/server_process.hpp"
#include "ui/support/steps.hpp"

namespace sotto::desktop_test {
namespace {

class TwoWindows : public ::testing::Test {
 protected:
  TwoWindows() {
    const std::string link = proto::to_string(server.invite(2));
    alice = open("alice", "testsrc2=size=1280x720:rate=30", "440", 0);
    bob = open("bob", "smptehdbars=size=1280x720:rate=30", "660", 820);
    create_account(*alice, link, "alice", "Alice Meyer");
    create_account(*bob, link, "bob", "Bob Tanaka");
  }

  std::unique_ptr<Window> open(const std::string& who, const std::string& picture, const std::string& tone,
                               int x) {
    return std::make_unique<Window>(display, SOTTO_PROGRAM, person_arguments(folder, who, picture, tone),
                                    folder.path(), who, x);
  }

  // Alice finds Bob and writes; Bob opens the conversation.
  void say_hello() {
    write_first(*alice, "bob", "Hello Bob");
    open_conversation(*bob, "alice", "Hello Bob");
    // Both see at once that the other is there.
    for (Window* w : {alice.get(), bob.get()}) w->wait_for("header.status", labelled("online"));
  }

  void shot(const std::string& name) {
    std::filesystem::create_directories(SOTTO_UI_SHOTS);
    display.screenshot(std::string(SOTTO_UI_SHOTS) + "/" + name + ".png");
  }

  test::ServerProcess server{SOTTOD_PROGRAM};
  Display display{"1640x820"};
  test::TempDir folder;
  std::unique_ptr<Window> alice, bob;
};

TEST_F(TwoWindows, chat_and_send_a_file) {
  shot("two-signed-in");
  say_hello();
  bob->paste("Hi Alice, grün 你好 שלום 😀");
  bob->wait_for("composer.edit", [](const Json& e) { return e.at("value") == "Hi Alice, grün 你好 שלום 😀"; });
  bob->key("Return");
  alice->wait_prefix("message.", labelled("Hi Alice, grün 你好 שלום 😀"));
  alice->wait_prefix("message.",
                     [](const Json& e) { return e.at("label") == "Hello Bob" && e.at("value") == "read"; });
  shot("two-chat");

  // By path in the dialog; fetched with a click, and the same bytes.
  std::string content;
  while (content.size() < 3'000'000) content += std::to_string(content.size()) + " lines of a file\n";
  { std::ofstream(folder.file("report.txt"), std::ios::binary) << content; }
  send_file(*alice, folder.file("report.txt"), "as promised");
  download_file(*bob);
  std::ifstream fetched(folder.file("bob-downloads") + "/report.txt", std::ios::binary);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(fetched)), {}), content);
  shot("two-file");

  // Closed and opened again: signed in, with its history.
  EXPECT_EQ(alice->quit(), 0);
  alice = open("alice", "testsrc2=size=1280x720:rate=30", "440", 0);
  alice->take_focus();
  alice->click("sidebar.row.bob");
  alice->wait_prefix("message.", labelled("report.txt"));
  EXPECT_EQ(alice->quit(), 0);
  EXPECT_EQ(bob->quit(), 0);
}

TEST_F(TwoWindows, call_with_picture_and_hang_up) {
  say_hello();
  alice->take_focus();
  alice->click("header.video_call");
  alice->wait_for("call.stage");
  bob->wait_for("call.incoming", {}, 20);
  shot("two-ringing");
  bob->take_focus();
  bob->click("call.accept_video");
  for (Window* w : {alice.get(), bob.get()}) {
    w->wait_for(
        "call.stage", [](const Json& e) { return e.at("value") == "active"; }, 30);
    w->wait_for("call.remote_video", {}, 30);
    w->wait_for("call.self_view", {}, 30);
  }
  EXPECT_EQ(alice->wait_for("call.badge").at("value"), bob->wait_for("call.badge").at("value"));
  EXPECT_EQ(alice->wait_for("call.badge").at("value").get<std::string>().size(), 6u);
  const auto pictures = [](Window& w) { return w.ask({{"q", "stats"}}).at("pictures").get<int>(); };
  const int before_a = pictures(*alice), before_b = pictures(*bob);
  const double cpu_a = alice->cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(5));
  // Two encoders, two decoders and two software renderers share the machine with other tests: this says
  // that pictures move, how many is the benchmark's matter.
  EXPECT_GT(pictures(*alice) - before_a, 40);
  EXPECT_GT(pictures(*bob) - before_b, 40);
  RecordProperty("pictures_in_5_s", pictures(*alice) - before_a);
  RecordProperty("cpu_percent", static_cast<int>((alice->cpu_seconds() - cpu_a) / 5 * 100));
  shot("two-call");

  alice->take_focus();
  alice->click("call.mic");
  alice->wait_for("call.muted");
  alice->click("call.badge");
  alice->wait_for("call.code.digits");
  shot("two-call-code");
  alice->click("call.code.ok");
  alice->wait_gone("call.code");
  alice->click("call.end");
  for (Window* w : {alice.get(), bob.get()}) w->wait_for("call.ended", {}, 20);
  shot("two-ended");
  alice->click("call.close");
  alice->wait_prefix("call_item.", {}, 20);
  EXPECT_EQ(alice->quit(), 0);
  EXPECT_EQ(bob->quit(), 0);
}

// The profile's passphrase: chosen at the first start, asked for at the next, or taken from the environment.
TEST(Passphrase, is_chosen_and_asked_for_in_the_window) {
  test::ServerProcess server{SOTTOD_PROGRAM};
  Display display{"900x760"};
  test::TempDir folder;
  const auto shot = [&](const std::string& name) {
    std::filesystem::create_directories(SOTTO_UI_SHOTS);
    display.screenshot(std::string(SOTTO_UI_SHOTS) + "/" + name + ".png");
  };
  const auto open = [&](const std::vector<std::string>& environment, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--profile", folder.file("alice"), "--size", "900x760"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto window =
        std::make_unique<Window>(display, SOTTO_PROGRAM, arguments, folder.path(), "alice", 0, environment);
    window->take_focus();
    return window;
  };
  const auto is = [](const std::string& text) {
    return [text](const Json& e) { return e.at("label") == text; };
  };

  auto w = open({});
  w->wait_for("unlock.title", is("Choose a passphrase"));
  w->wait_for("unlock.passphrase", focused);
  w->type("short");
  w->key("Tab");
  w->wait_for("unlock.passphrase.error", is("Use at least 10 characters."));
  EXPECT_FALSE(w->find("unlock.submit").at("enabled").get<bool>());
  w->click("unlock.passphrase");
  w->key("ctrl+a");
  w->type("four unrelated words");
  w->click("unlock.repeat");
  w->type("four unrelated word");
  EXPECT_FALSE(w->find("unlock.submit").at("enabled").get<bool>());
  w->type("s");
  shot("passphrase-new");
  w->key("Return");
  create_account(*w, proto::to_string(server.invite(1)), "alice", "Alice Meyer");
  EXPECT_EQ(w->quit(), 0);

  w = open({});
  w->wait_for("unlock.title", is("Unlock Sotto"));
  EXPECT_TRUE(w->find("unlock.repeat").is_null());
  EXPECT_TRUE(w->find("sidebar.new").is_null());
  w->wait_for("unlock.passphrase", focused);
  w->type("four unrelated swords");
  w->key("Return");
  w->wait_for("unlock.passphrase.error", is("The passphrase is wrong."));
  shot("passphrase-wrong");
  w->wait_for("unlock.passphrase", focused);
  EXPECT_EQ(w->find("unlock.passphrase").at("value"), "");
  w->type("four unrelated words");
  w->key("Return");
  w->wait_for("sidebar.new", {}, 30);
  EXPECT_EQ(w->quit(), 0);

  // From the environment: not asked for. A closed window while it is asked for ends the program.
  w = open({"SOTTO_PASSPHRASE=four unrelated words"});
  w->wait_for("sidebar.new", {}, 30);
  EXPECT_TRUE(w->find("unlock.title").is_null());
  EXPECT_EQ(w->quit(), 0);
  w = open({});
  w->wait_for("unlock.title");
  EXPECT_EQ(w->quit(), 0);

  // Neither a wrong one in the environment nor the flag for plain profiles opens it.
  for (const auto& [environment, flag] : {std::pair<std::vector<std::string>, std::vector<std::string>>{
                                              {"SOTTO_PASSPHRASE=something else"}, {}},
                                          {{}, {"--insecure-profile"}}}) {
    EXPECT_THROW(open(environment, flag), std::runtime_error);
  }
}

}  // namespace
}  // namespace sotto::desktop_test
