// The window over a scripted core: every screen is reached by real X input and photographed.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ui/support/ui_driver.hpp"

namespace sotto::desktop_test {
namespace {

class Screens : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { display = new Display("1400x800"); }
  static void TearDownTestSuite() {
    delete display;
    display = nullptr;
  }
  std::unique_ptr<Window> open(std::vector<std::string> arguments, const std::string& size = "1080x720") {
    arguments.insert(arguments.end(), {"--size", size});
    auto window =
        std::make_unique<Window>(*display, SOTTO_FAKE_PROGRAM, std::move(arguments), folder.path(), "fake");
    window->take_focus();
    return window;
  }
  void shot(const std::string& name) {
    std::filesystem::create_directories(SOTTO_UI_SHOTS);
    display->screenshot(std::string(SOTTO_UI_SHOTS) + "/" + name + ".png");
  }
  static Display* display;
  test::TempDir folder;
};
Display* Screens::display = nullptr;

bool shows(const Json& element, const std::string& text) {
  return element.at("label").get<std::string>().find(text) != std::string::npos;
}

TEST_F(Screens, start_checks_the_address_and_creates_an_account) {
  auto w = open({"--start"});
  w->wait_for("start.server", [](const Json& e) { return e.at("focused").get<bool>(); });
  EXPECT_FALSE(w->wait_for("start.continue").at("enabled").get<bool>());
  w->type("http://x.org");
  w->key("Return");
  w->wait_for("start.server.error", [](const Json& e) { return shows(e, "Remove http://"); });
  shot("start-error");
  // The text is selected: pasting replaces it.
  w->paste("sotto://chat.example.org:7443/?ca=abc&token=def\n");
  w->key("Return");
  w->wait_for("register.username", [](const Json& e) { return e.at("focused").get<bool>(); });
  w->type("Alice");
  w->key("Tab");
  w->type("Alice Meyer");
  w->key("Tab");
  w->type("123");
  w->key("Tab");
  w->wait_for("register.password.error", [](const Json& e) { return shows(e, "at least 10"); });
  shot("start-register-error");
  w->click("register.password");
  w->key("ctrl+a");
  w->type("four unrelated words");
  w->click("register.repeat");
  w->type("four unrelated words");
  EXPECT_EQ(w->find("register.username").at("value"), "alice");
  shot("start-register");
  w->key("Return");
  w->wait_for("sidebar.row.dana");
  w->quit();
}

TEST_F(Screens, a_wrong_password_is_said_and_cleared) {
  auto w = open({"--start"});
  w->wait_for("start.server");
  w->type("chat.example.org");
  w->key("Return");
  w->wait_for("login.username", [](const Json& e) { return e.at("focused").get<bool>(); });
  w->type("alice");
  w->key("Tab");
  w->type("wrong");
  w->key("Return");
  w->wait_for("start.banner", [](const Json& e) { return shows(e, "wrong"); });
  EXPECT_EQ(w->find("login.password").at("value"), "");
  EXPECT_EQ(w->focus(), "login.password");
  shot("start-login-error");
}

TEST_F(Screens, writes_edits_and_sends) {
  auto w = open({});
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit", [](const Json& e) { return e.at("focused").get<bool>(); });
  shot("conversation-light");
  w->type("hello wrold");
  w->key("ctrl+BackSpace");
  w->type("world");
  w->key("shift+Return");
  w->type("second line");
  EXPECT_EQ(w->find("composer.edit").at("value"), "hello world\nsecond line");
  w->key("ctrl+z");
  w->key("ctrl+z");
  EXPECT_EQ(w->find("composer.edit").at("value"), "hello world\n");
  w->key("ctrl+shift+z");
  w->key("ctrl+shift+z");
  EXPECT_EQ(w->find("composer.edit").at("value"), "hello world\nsecond line");
  // Copied text can be read by others; what others copied can be pasted.
  w->key("ctrl+a");
  w->key("ctrl+x");
  EXPECT_EQ(run_program({"xclip", "-selection", "clipboard", "-o"}, display->name()),
            "hello world\nsecond line");
  EXPECT_EQ(w->find("composer.edit").at("value"), "");
  w->paste("grün 你好 שלום 😀");
  w->wait_for("composer.edit", [](const Json& e) { return e.at("value") == "grün 你好 שלום 😀"; });
  shot("composer");
  w->key("Return");
  w->wait_prefix("message.", [](const Json& e) {
    return e.at("label") == "grün 你好 שלום 😀" && e.at("value") == "read";
  });
  EXPECT_EQ(w->find("composer.edit").at("value"), "");
  EXPECT_EQ(w->focus(), "composer.edit");
  // A failed one can be tried again.
  w->type("fail");
  w->key("Return");
  const Json retry = w->wait_prefix(
      "message.", [](const Json& e) { return e.at("id").get<std::string>().ends_with(".retry"); });
  shot("message-failed");
  w->click_on(retry);
  w->wait_prefix("message.",
                 [](const Json& e) { return e.at("label") == "fail" && e.at("value") == "sent"; });
}

TEST_F(Screens, keeps_a_draft_for_each_conversation) {
  auto w = open({});
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit");
  w->type("half a thought");
  w->click("sidebar.row.lee");
  w->wait_for("composer.edit", [](const Json& e) { return e.at("value") == ""; });
  w->wait_for("messages.unread_marker");
  w->type("other");
  shot("draft");
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit", [](const Json& e) { return e.at("value") == "half a thought"; });
  w->click("sidebar.row.dana");
  EXPECT_EQ(w->wait_for("composer.edit").at("value"), "half a thought");
}

TEST_F(Screens, typing_anywhere_goes_to_the_composer) {
  auto w = open({});
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit");
  w->click("messages.list");
  w->type("x y");
  w->wait_for("composer.edit", [](const Json& e) { return e.at("value") == "x y"; });
}

TEST_F(Screens, the_keyboard_reaches_everything) {
  auto w = open({});
  w->click("sidebar.row.lee");
  w->wait_for("composer.edit", [](const Json& e) { return e.at("focused").get<bool>(); });
  std::vector<std::string> visited;
  for (int i = 0; i < 40; ++i) {
    w->key("Tab");
    visited.push_back(w->focus());
    if (visited.back() == "composer.edit") break;
    if (visited.back() == "header.video_call") shot("focus-ring");
  }
  for (const char* id :
       {"composer.send", "sidebar.menu", "sidebar.search", "sidebar.new", "sidebar.row.dana", "header.safety",
        "header.audio_call", "header.video_call", "messages.list", "composer.attach", "composer.edit"}) {
    EXPECT_NE(std::ranges::find(visited, id), visited.end()) << id;
  }
}

TEST_F(Screens, finds_people_by_user_name) {
  auto w = open({});
  w->wait_for("sidebar.new");
  w->key("ctrl+n");
  w->wait_for("new_chat.name", [](const Json& e) { return e.at("focused").get<bool>(); });
  w->type("nobody.here");
  w->wait_for("new_chat.note", [](const Json& e) { return shows(e, "No one named"); });
  shot("new-chat-none");
  w->key("ctrl+a");
  w->type("bob");
  w->wait_for("new_chat.user.bob");
  shot("new-chat");
  w->key("Return");
  w->wait_for("header.name", [](const Json& e) { return e.at("label") == "Bob Tanaka"; });
  w->wait_gone("new_chat");
}

TEST_F(Screens, attaches_files_by_the_dialog) {
  {
    std::ofstream(folder.file("report.pdf")) << std::string(300'000, 'x');
    std::ofstream(folder.file("empty.txt"));
    std::filesystem::create_directory(folder.file("folder"));
  }
  auto w = open({});
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit");
  w->click("composer.attach");
  w->wait_for("files.row.report.pdf");
  w->click("files.row.report.pdf");
  w->wait_for("files.row.report.pdf", [](const Json& e) { return e.at("value") == "selected"; });
  shot("file-chooser");
  w->click("files.attach");
  w->wait_for("composer.tray.0");
  w->type("the report");
  shot("tray");
  w->key("Return");
  const Json sent = w->wait_prefix("file.", [](const Json& e) { return shows(e, "Open"); });
  EXPECT_NE(sent.at("value").get<std::string>().find("300 kB"), std::string::npos);
  w->click("composer.attach");
  w->wait_for("files.path");
  w->paste(folder.file("empty.txt"));
  w->key("Return");
  w->wait_for("toast", [](const Json& e) { return shows(e, "is empty."); });
  shot("toast");
}

TEST_F(Screens, takes_files_that_are_dropped_on_the_window) {
  const std::string plain = folder.file("plan.txt"), odd = folder.file("Grüße & 100 %.txt");
  for (const std::string& path : {plain, odd}) std::ofstream(path) << std::string(2'000, 'x');
  std::filesystem::create_directory(folder.file("folder"));
  auto w = open({});
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit");
  w->type("see these");
  // Over the window: it says where they would go. Away again: nothing happened.
  const auto drag = [&](const std::string& verb, const std::string& signal, std::vector<std::string> paths) {
    std::vector<std::string> words{XDND_SOURCE_PROGRAM, "700", "300", verb, folder.file(signal)};
    words.insert(words.end(), paths.begin(), paths.end());
    Process source(words, {"DISPLAY=" + display->name()}, folder.file("drag.log"));
    w->wait_for("drop.overlay");
    if (verb == "drop") shot("drop");
    std::ofstream(folder.file(signal)) << "go";
    w->wait_gone("drop.overlay");
    while (source.running()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(source.status(), 0);
  };
  drag("leave", "away", {plain});
  EXPECT_TRUE(w->find("composer.tray.0").is_null());
  drag("drop", "drop", {plain, odd, folder.file("folder")});
  w->wait_for("composer.tray.0", [](const Json& e) { return e.at("label") == "plan.txt"; });
  w->wait_for("composer.tray.1", [](const Json& e) { return e.at("label") == "Grüße & 100 %.txt"; });
  EXPECT_TRUE(w->find("composer.tray.2").is_null());
  w->wait_for("toast", [](const Json& e) { return shows(e, "Folders can't be attached"); });
  // Dropping sends nothing; the text is still there and goes with the first.
  EXPECT_EQ(
      w->wait_for("composer.edit", [](const Json& e) { return e.at("focused").get<bool>(); }).at("value"),
      "see these");
  w->key("Return");
  w->wait_prefix("message.", [](const Json& e) { return e.at("label") == "Grüße & 100 %.txt"; });
  w->wait_prefix("message.", [](const Json& e) { return e.at("label") == "plan.txt"; });
}

TEST_F(Screens, scrolls_a_long_history_without_losing_the_place) {
  auto w = open({"--long", "2000"});
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit");
  w->move_to("messages.list");
  for (int i = 0; i < 10; ++i)
    run_program({"xdotool", "click", "--repeat", "20", "--delay", "10", "4"}, display->name());
  w->wait_for("messages.jump");
  shot("scrolled");
  w->click("messages.jump");
  w->wait_gone("messages.jump");
  w->wait_prefix("message.", [](const Json& e) { return e.at("label") == "and the adapter"; });
}

TEST_F(Screens, calls_and_hangs_up) {
  auto w = open({});
  w->click("sidebar.row.dana");
  w->click("header.video_call");
  w->wait_for("call.status", [](const Json& e) { return shows(e, "Ringing"); });
  shot("call-ringing");
  w->wait_for("call.stage", [](const Json& e) { return e.at("value") == "connecting"; });
  shot("call-connecting");
  w->wait_for("call.remote_video");
  w->wait_for("call.self_view");
  EXPECT_EQ(w->wait_for("call.badge").at("value"), "482913");
  shot("call-active");
  w->key("m");
  w->wait_for("call.muted");
  w->key("v");
  w->wait_gone("call.self_view");
  shot("call-muted");
  w->click("call.badge");
  w->wait_for("call.code.digits", [](const Json& e) { return e.at("label") == "482913"; });
  shot("call-code");
  w->key("Escape");
  w->wait_gone("call.code");
  w->key("Escape");
  w->wait_for("call.card");
  w->wait_for("composer.edit");
  shot("call-minimised");
  w->click("call.card.expand");
  w->wait_for("call.end");
  std::this_thread::sleep_for(
      std::chrono::milliseconds(350));  // the guard against clicks meant for what stood there before
  w->click("call.end");
  w->wait_for("call.ended", [](const Json& e) { return shows(e, "Call ended"); });
  shot("call-ended");
  w->click("call.close");
  w->wait_prefix("call_item.");
  EXPECT_EQ(w->focus(), "composer.edit");
}

TEST_F(Screens, an_incoming_call_never_takes_the_keyboard) {
  auto w = open({"--incoming", "video"});
  w->click("sidebar.row.lee");
  w->wait_for("composer.edit");
  std::string text;
  while (text.size() < 120) text += "typing with spaces ";
  w->type(text);
  w->wait_for("call.incoming");
  EXPECT_EQ(w->find("composer.edit").at("value"), text);
  EXPECT_EQ(w->focus(), "composer.edit");
  shot("call-incoming");
  w->key("ctrl+shift+v");
  w->wait_for("call.stage", [](const Json& e) { return e.at("value") == "active"; });
  w->key("ctrl+shift+h");
  w->wait_for("call.ended");
  w->key("Escape");
  w->wait_for("composer.edit", [&](const Json& e) { return e.at("value") == text; });
}

TEST_F(Screens, draws_nothing_when_nothing_changes) {
  auto w = open({});
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit");
  w->click("header.name");
  // The caret blinks for ten seconds after it was last used, then stays.
  std::this_thread::sleep_for(std::chrono::milliseconds(11500));
  const std::uint64_t before = w->frames();
  const double cpu = w->cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(5));
  EXPECT_EQ(w->frames(), before);
  EXPECT_LT((w->cpu_seconds() - cpu) / 5, 0.02);
}

TEST_F(Screens, has_a_dark_theme_and_narrow_and_dense_layouts) {
  {
    auto w = open({"--dark"});
    w->click("sidebar.row.dana");
    w->wait_for("composer.edit");
    shot("conversation-dark");
    w->click("sidebar.menu");
    w->wait_for("menu.theme");
    shot("menu-dark");
  }
  {
    auto w = open({}, "400x720");
    w->click("sidebar.row.dana");
    w->wait_for("header.back");
    shot("narrow");
    w->click("header.back");
    w->wait_for("sidebar.row.dana");
  }
  {
    auto w = open({"--offline"});
    w->wait_for("sidebar.banner");
    shot("offline");
  }
  {
    auto w = open({"--identity-changed"});
    w->click("sidebar.row.dana");
    w->click("banner.verify");
    w->wait_for("safety.digits");
    shot("safety-number");
  }
  {
    auto w = open({}, "360x640");
    w->click("sidebar.row.maximilian");
    w->wait_for("header.name");
    w->paste("Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikationsgeheimnis und weiter");
    w->wait_for("composer.edit", [](const Json& e) { return e.at("value") != ""; });
    shot("narrow-long");
    w->key("Return");
    w->click("header.back");
    w->click("sidebar.row.dana");
    w->click("header.video_call");
    w->wait_for("call.remote_video");
    shot("narrow-call");
    w->key("m");
    w->wait_for("call.muted");
    shot("narrow-call-muted");
    // Nothing is cut off, nothing lies over something else.
    const auto edges = [&](const std::string& id) { return w->find(id).at("rect").get<std::vector<int>>(); };
    EXPECT_LE(edges("call.end")[0] + edges("call.end")[2], 360);
    EXPECT_GE(edges("call.mic")[0], 0);
    EXPECT_GE(edges("call.muted")[1], edges("call.timer")[1] + edges("call.timer")[3]);
    w->click("call.badge");
    w->wait_for("call.code.digits");
    shot("narrow-code");
  }
  {
    auto w = open({"--incoming", "video", "--identity-changed"}, "360x640");
    w->click("sidebar.row.dana");
    w->wait_for("call.incoming");
    shot("narrow-incoming");
    w->key("ctrl+shift+d");
    w->wait_gone("call.incoming");
    shot("narrow-banner");
    w->click("composer.attach");
    w->wait_for("files.path");
    shot("narrow-files");
    w->key("Escape");
    w->click("header.safety");
    w->wait_for("safety.digits");
    shot("narrow-safety");
  }
  {
    auto w = open({"--start"}, "360x640");
    w->wait_for("start.server");
    w->paste("sotto://chat.example.org:7443/?ca=abc&token=def");
    w->key("Return");
    w->wait_for("register.username");
    shot("narrow-register");
  }
  {
    ::setenv("SOTTO_SCALE", "2", 1);
    auto w = open({}, "1400x800");
    w->click("sidebar.row.dana");
    w->wait_for("composer.edit");
    w->move_to("messages.list");
    run_program({"xdotool", "click", "--repeat", "8", "--delay", "10", "4"}, display->name());
    shot("scale-200");
    w->click("header.video_call");
    w->wait_for("call.remote_video");
    shot("scale-200-call");
  }
  ::setenv("SOTTO_SCALE", "1.5", 1);
  auto w = open({}, "1300x780");
  ::unsetenv("SOTTO_SCALE");
  w->click("sidebar.row.dana");
  w->wait_for("composer.edit");
  shot("scale-150");
}

}  // namespace
}  // namespace sotto::desktop_test
