#include "desktop/text/text_engine.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {
namespace {

class Text : public ::testing::Test {
 protected:
  TextEngine engine{1.0};
  TextBlockPtr lay(const std::string& text, double width = 420) {
    return engine.get({.text = text, .role = TextRole::body, .width = width});
  }
};

TEST_F(Text, lines_have_the_height_of_their_role) {
  EXPECT_EQ(lay("one line")->height(), 20);
  EXPECT_EQ(lay("one\ntwo")->height(), 40);
  EXPECT_EQ(lay("mixed 你好 line")->line_count(), 1);
}

TEST_F(Text, wraps_within_the_width) {
  const auto block = lay("a sentence that is long enough to need several lines in a narrow column", 120);
  EXPECT_GT(block->line_count(), 2);
  EXPECT_LE(block->width(), 120);
  const auto word = lay(std::string(200, 'w'), 120);
  EXPECT_GT(word->line_count(), 2);
  EXPECT_LE(word->width(), 120.5);
}

TEST_F(Text, is_cut_with_an_ellipsis) {
  const auto block =
      engine.get({.text = std::string(300, 'm'), .role = TextRole::body, .width = 100, .max_lines = 1});
  EXPECT_EQ(block->line_count(), 1);
  EXPECT_TRUE(block->truncated());
  EXPECT_LE(block->width(), 100.5);
}

TEST_F(Text, right_to_left_lines_do_not_hang_at_the_far_side) {
  const auto block = lay("שלום", 420);
  EXPECT_LT(block->width(), 100);
  EXPECT_LT(block->caret(0).x, 100);
  EXPECT_TRUE(block->last_line_rtl());
  // The first letter stands at the right.
  EXPECT_GT(block->caret(0).x, block->caret(block->width() > 0 ? 8 : 0).x);
}

TEST_F(Text, a_click_finds_the_letter_it_hits) {
  const std::string text = "hello wörld 你好";
  const auto block = lay(text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    const Rect caret = block->caret(at);
    EXPECT_EQ(block->index_at({caret.x + 0.6, caret.y + 10}), at) << at;
  }
}

TEST_F(Text, selection_covers_the_lines_between) {
  const auto block = lay("one\ntwo\nthree");
  const auto rects = block->selection(1, 9);
  ASSERT_EQ(rects.size(), 3u);
  EXPECT_EQ(rects[1].y, 20);
  EXPECT_TRUE(block->selection(4, 4).empty());
}

TEST_F(Text, selection_of_right_to_left_text_lies_over_its_glyphs) {
  const std::string text = "שלום עולם";
  const auto block = lay(text, 400);
  const auto rects = block->selection(0, text.size());
  ASSERT_EQ(rects.size(), 1u);
  EXPECT_NEAR(rects[0].x, 0, 1.5);
  EXPECT_NEAR(rects[0].w, block->width(), 2.5);
}

TEST_F(Text, arrows_walk_through_both_directions) {
  const std::string text = "abc שלום xyz";
  const auto block = lay(text);
  std::size_t at = 0;
  int steps = 0;
  while (steps < 40) {
    const auto [next, left] = block->visual_move(at, 1);
    if (left != 0) break;
    at = next;
    ++steps;
  }
  EXPECT_GE(steps, 11);
  EXPECT_LE(steps, 14);
}

TEST_F(Text, the_same_text_is_laid_out_once) {
  lay("again");
  const auto made = engine.layouts_made();
  lay("again");
  EXPECT_EQ(engine.layouts_made(), made);
  for (std::size_t i = 0; i < TextEngine::kMaxCached + 500; ++i) lay(std::to_string(i));
  EXPECT_LE(engine.cached(), TextEngine::kMaxCached);
}

// Bounds are wide because other tests share the machine; what they catch is growth with the square.
TEST_F(Text, hostile_messages_do_not_stall_the_window) {
  const auto timed = [&](const std::string& raw) {
    const auto begin = std::chrono::steady_clock::now();
    const auto block = lay(message_text(raw));
    EXPECT_GT(block->height(), 0);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  };
  timed("warm 你好 😀");
  std::string words, marks = "x", emoji, brackets;
  while (words.size() < 64 * 1024) words += "lorem ipsum dolor ";
  for (int i = 0; i < 10000; ++i) marks += "\xCC\x81";
  while (emoji.size() < 64 * 1024) emoji += "😀";
  while (brackets.size() < 64 * 1024) brackets += "\xE2\x80\xAE(";
  EXPECT_LT(timed(words), 1500);
  EXPECT_LT(timed(marks), 200);
  EXPECT_LT(timed(std::string(64 * 1024, 'a')), 1500);
  EXPECT_LT(timed(emoji), 1500);
  EXPECT_LT(timed(brackets), 1500);
}

}  // namespace
}  // namespace sotto::desktop
