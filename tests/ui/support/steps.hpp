// What people do in Sotto's windows, step by step and by real input: shared by the tests and the demo. Each
// step throws what ui_driver.hpp throws.
#pragma once

#include "ui/support/ui_driver.hpp"

namespace sotto::desktop_test {

// How long a step waits for what another program or the server has to do first.
inline constexpr int kPatienceSeconds = 30;

bool focused(const Json& element);
std::function<bool(const Json&)> labelled(std::string label);

// A window whose profile, downloads and camera log lie in `folder` under the person's name.
std::vector<std::string> person_arguments(const test::TempDir& folder, const std::string& who,
                                          const std::string& picture, const std::string& tone);

// From the first screen to the conversations.
void create_account(Window& window, const std::string& invite_link, const std::string& username,
                    const std::string& display_name);
// Finds somebody by user name and writes.
void write_first(Window& window, const std::string& to, const std::string& text);
// Opens what somebody wrote; the composer has the focus then.
void open_conversation(Window& window, const std::string& from, const std::string& text);
void send_file(Window& window, const std::string& path, const std::string& text);
// Clicks the file that came, and waits until it is there.
void download_file(Window& window);

}  // namespace sotto::desktop_test
