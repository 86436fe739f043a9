#include "desktop/start/rules.hpp"

#include <gtest/gtest.h>

#include "desktop/base/strings.hpp"

namespace sotto::desktop {
namespace {

TEST(ServerField, takes_every_form_of_an_address) {
  EXPECT_EQ(parse_server("  chat.example.org\n")->server, "chat.example.org");
  EXPECT_EQ(parse_server("chat.example.org:7443")->host, "chat.example.org");
  EXPECT_EQ(parse_server("https://chat.example.org/")->server, "chat.example.org");
  EXPECT_EQ(parse_server("[2001:db8::1]:7443")->host, "[2001:db8::1]");
  EXPECT_EQ(parse_server("[::1]")->server, "[::1]");
}

TEST(ServerField, keeps_an_invite_link_whole) {
  const auto link = parse_server("sotto://chat.example.org:7443/?ca=abc&token=def");
  ASSERT_TRUE(link);
  EXPECT_TRUE(link->invite_link);
  EXPECT_EQ(link->server, "sotto://chat.example.org:7443/?ca=abc&token=def");
  EXPECT_EQ(link->host, "chat.example.org");
}

TEST(ServerField, says_what_is_wrong) {
  const auto why = [](std::string_view text) {
    auto parsed = parse_server(text);
    return parsed ? std::string("accepted") : parsed.error().message;
  };
  EXPECT_EQ(why(""), str::kBadAddress);
  EXPECT_EQ(why("   "), str::kBadAddress);
  EXPECT_EQ(why("two words"), str::kBadAddress);
  EXPECT_EQ(why("a..b"), str::kBadAddress);
  EXPECT_EQ(why("-x.org"), str::kBadAddress);
  EXPECT_EQ(why("[::1"), str::kBadAddress);
  EXPECT_EQ(why("sotto:///?token=x"), str::kBadAddress);
  EXPECT_EQ(why(std::string(5000, 'a')), str::kBadAddress);
  EXPECT_EQ(why("http://chat.example.org"), str::kHttpRefused);
  EXPECT_EQ(why("chat.example.org:0"), str::kBadPort);
  EXPECT_EQ(why("chat.example.org:70000"), str::kBadPort);
  EXPECT_EQ(why("chat.example.org:"), str::kBadPort);
  EXPECT_EQ(why("chat.example.org:port"), str::kBadPort);
}

TEST(UserName, follows_the_rule) {
  for (const auto* good : {"al", "alice", "a.b-c_9", "0zero"}) EXPECT_EQ(user_name_problem(good), "") << good;
  for (const auto* bad :
       {"", "a", "Alice", "-alice", ".x", "a b", "ünal", "a23456789012345678901234567890123"}) {
    EXPECT_EQ(user_name_problem(bad), str::kUserRule) << bad;
  }
}

TEST(DisplayName, counts_characters_not_bytes) {
  EXPECT_EQ(display_name_problem("נועה לוי"), "");
  std::string sixty_four;
  for (int i = 0; i < 64; ++i) sixty_four += "é";
  EXPECT_EQ(display_name_problem(sixty_four), "");
  EXPECT_NE(display_name_problem(sixty_four + "é"), "");
  EXPECT_NE(display_name_problem("   "), "");
  EXPECT_NE(display_name_problem("a\x01z"), "");
}

TEST(Password, is_judged_by_length_and_guessability) {
  EXPECT_EQ(password_problem("short", "alice"), str::kPasswordRule);
  EXPECT_EQ(password_problem("aaaaaaaaaaaa", "alice"), str::kPasswordEasy);
  EXPECT_EQ(password_problem("1234567890", "alice"), str::kPasswordEasy);
  EXPECT_EQ(password_problem("password123456", "alice"), str::kPasswordEasy);
  EXPECT_EQ(password_problem("alicealice", "alice"), str::kPasswordEasy);
  EXPECT_EQ(password_problem("correct horse battery", "alice"), "");
  EXPECT_GT(password_strength("correct horse battery staple", "alice"),
            password_strength("gf7hj2kq9w", "alice"));
}

}  // namespace
}  // namespace sotto::desktop
