#include "desktop/text/sanitize.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sotto::desktop {
namespace {

TEST(Sanitize, repairs_broken_utf8) {
  EXPECT_EQ(valid_utf8("a\xC3\x28z"), "a\xEF\xBF\xBD(z");
  EXPECT_EQ(valid_utf8("\xF0\x9F\x98"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(valid_utf8("grün 你好 😀"), "grün 你好 😀");
  EXPECT_EQ(valid_utf8(std::string("a\0b", 3)).size(), 5u);  // NUL is not text
}

TEST(Sanitize, cleans_what_is_pasted) { EXPECT_EQ(clean_input("a\r\nb\rc\x07\td\x7f"), "a\nb\nc\td"); }

TEST(Sanitize, shows_control_characters_of_messages) {
  EXPECT_EQ(message_text("a\x1b[31mz\x7f"), "a␛[31mz␡");
  EXPECT_EQ(message_text("one\ntwo\tthree\r"), "one\ntwo\tthree");
}

TEST(Sanitize, limits_stacked_marks) {
  std::string zalgo = "x";
  for (int i = 0; i < 10000; ++i) zalgo += "\xCC\x81";
  EXPECT_EQ(message_text(zalgo).size(), 1u + kMarksShown * 2u);
  // Ordinary marks stay.
  EXPECT_EQ(message_text("e\xCC\x81"), "e\xCC\x81");
}

TEST(Sanitize, breaks_up_endless_words) {
  const std::string shown = message_text(std::string(5000, 'a'));
  EXPECT_GT(shown.size(), 5000u);
  EXPECT_NE(shown.find("\xE2\x80\x8B"), std::string::npos);
}

TEST(Sanitize, names_cannot_turn_our_sentences_around) {
  const std::string evil =
      "Bob\xE2\x80\xAE"
      "gnp.exe\xE2\x81\xA9\n\x07";
  EXPECT_EQ(one_line(evil), "Bobgnp.exe");
  EXPECT_EQ(isolated(evil),
            "\xE2\x81\xA8"
            "Bobgnp.exe\xE2\x81\xA9");
}

TEST(Sanitize, one_line_is_short_and_flat) {
  EXPECT_EQ(one_line("  a\n\n b\t c "), "a b c");
  EXPECT_EQ(one_line("abcdef", 3), "abc…");
}

TEST(Sanitize, counts_emoji_only_messages) {
  EXPECT_EQ(emoji_count("👍"), 1);
  EXPECT_EQ(emoji_count("👍🏽❤️🏳️‍🌈"), 3);
  EXPECT_EQ(emoji_count("👨‍👩‍👧‍👦"), 1);
  EXPECT_EQ(emoji_count("👍👍👍👍👍👍👍"), 0);
  EXPECT_EQ(emoji_count("👍 ok"), 0);
  EXPECT_EQ(emoji_count(""), 0);
  EXPECT_EQ(emoji_count("5"), 0);
}

TEST(Sanitize, takes_initials) {
  EXPECT_EQ(initials("Dana Ruiz"), "DR");
  EXPECT_EQ(initials("lee"), "L");
  EXPECT_EQ(initials("נועה לוי"), "נל");
  EXPECT_EQ(initials("Maximilian von und zu Lichtenstein"), "ML");
  EXPECT_EQ(initials("  "), "?");
  EXPECT_EQ(initials("😀"), "😀");
}

}  // namespace
}  // namespace sotto::desktop
