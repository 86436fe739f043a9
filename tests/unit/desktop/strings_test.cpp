#include "desktop/base/strings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <string>

namespace sotto::desktop {
namespace {

std::string source(const std::string& path) {
  std::ifstream in(std::string(SOTTO_DESKTOP_SOURCE) + "/" + path);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

TEST(Strings, are_plain_sentences) {
  const std::string table = source("base/strings.hpp");
  ASSERT_FALSE(table.empty());
  const std::regex literal("\"((?:[^\"\\\\]|\\\\.)*)\"");
  int count = 0;
  for (std::sregex_iterator it(table.begin(), table.end(), literal), end; it != end; ++it) {
    const std::string text = (*it)[1];
    if (text.ends_with(".hpp")) continue;
    ++count;
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text.find('!'), std::string::npos) << text;
    EXPECT_EQ(text.find("  "), std::string::npos) << text;
    EXPECT_EQ(std::ranges::count(text, '{'), std::ranges::count(text, '}')) << text;
  }
  EXPECT_GT(count, 100);
}

TEST(Strings, colours_stand_in_the_token_header_only) {
  const std::regex colour("rgb\\(0x|#[0-9A-Fa-f]{6}|SDL_Color\\{");
  for (const char* path :
       {"widgets/ui.cpp", "widgets/dialog.cpp", "main_view/bubble.cpp", "main_view/sidebar.cpp",
        "main_view/message_list.cpp", "main_view/composer.cpp", "main_view/conversation_view.cpp",
        "main_view/new_chat.cpp", "main_view/file_chooser.cpp", "call/call_screen.cpp",
        "start/start_view.cpp", "app/app.cpp", "draw/canvas.cpp"}) {
    const std::string text = source(path);
    ASSERT_FALSE(text.empty()) << path;
    EXPECT_FALSE(std::regex_search(text, colour)) << path;
  }
}

}  // namespace
}  // namespace sotto::desktop
