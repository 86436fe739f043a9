#include "ui/support/steps.hpp"

#include <utility>

namespace sotto::desktop_test {

bool focused(const Json& element) { return element.at("focused").get<bool>(); }

std::function<bool(const Json&)> labelled(std::string label) {
  return [label = std::move(label)](const Json& element) { return element.at("label") == label; };
}

std::vector<std::string> person_arguments(const test::TempDir& folder, const std::string& who,
                                          const std::string& picture, const std::string& tone) {
  return {"--profile",
          folder.file(who),
          "--insecure-profile",
          "--downloads",
          folder.file(who + "-downloads"),
          "--size",
          "820x820",
          "--camera",
          "lavfi:" + picture,
          "--camera-log",
          folder.file(who + ".camera.log"),
          "--microphone",
          "tone:" + tone,
          "--speaker",
          "none"};
}

void create_account(Window& window, const std::string& invite_link, const std::string& username,
                    const std::string& display_name) {
  const std::string password = "correct horse battery";
  window.take_focus();
  window.wait_for("start.server", focused, kPatienceSeconds);
  window.paste(invite_link);
  window.wait_for("start.server", [&](const Json& e) { return e.at("value") == invite_link; });
  window.key("Return");
  window.wait_for("register.username", focused);
  for (const std::string& text : {username, display_name, password, password}) {
    window.type(text);
    window.key("Tab");
  }
  window.click("register.submit");
  window.wait_for("sidebar.new", {}, kPatienceSeconds);
}

void write_first(Window& window, const std::string& to, const std::string& text) {
  window.take_focus();
  window.click("sidebar.new");
  window.wait_for("new_chat.name", focused);
  window.type(to);
  window.wait_for("new_chat.user." + to, {}, kPatienceSeconds);
  window.key("Return");
  window.wait_for("composer.edit", focused);
  window.type(text);
  window.key("Return");
}

void open_conversation(Window& window, const std::string& from, const std::string& text) {
  window.wait_for("sidebar.row." + from, {}, kPatienceSeconds);
  window.take_focus();
  window.click("sidebar.row." + from);
  window.wait_prefix("message.", labelled(text), kPatienceSeconds);
  window.wait_for("composer.edit", focused);
}

void send_file(Window& window, const std::string& path, const std::string& text) {
  window.take_focus();
  window.click("composer.attach");
  window.wait_for("files.path", focused);
  window.paste(path);
  window.wait_for("files.path", [&](const Json& e) { return e.at("value") == path; });
  window.key("Return");
  window.wait_for("composer.tray.0");
  window.wait_for("composer.edit", focused);
  window.type(text);
  window.key("Return");
}

void download_file(Window& window) {
  const Json download = window.wait_prefix("file.", labelled("Download"), kPatienceSeconds);
  window.take_focus();
  window.click_on(download);
  window.wait_prefix("file.", labelled("Open"), kPatienceSeconds);
}

}  // namespace sotto::desktop_test
