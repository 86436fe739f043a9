#include "desktop/text/edit_model.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "desktop/text/breaks.hpp"

namespace sotto::desktop {
namespace {

using std::chrono::milliseconds;

class Editing : public ::testing::Test {
 protected:
  void type(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t next = next_grapheme(text, at);
      model.insert(text.substr(at, next - at), EditModel::Kind::typing, now);
      now += milliseconds(50);
      at = next;
    }
  }
  EditModel model{true};
  TimePoint now{};
};

TEST_F(Editing, undo_goes_back_word_by_word) {
  type("hello big world");
  EXPECT_TRUE(model.undo());
  EXPECT_EQ(model.text(), "hello big ");
  model.undo();
  EXPECT_EQ(model.text(), "hello ");
  model.undo();
  EXPECT_EQ(model.text(), "");
  EXPECT_FALSE(model.undo());
  model.redo();
  model.redo();
  EXPECT_EQ(model.text(), "hello big ");
  EXPECT_EQ(model.caret(), model.text().size());
}

TEST_F(Editing, a_pause_begins_a_new_step) {
  type("one");
  now += milliseconds(1500);
  type("two");
  model.undo();
  EXPECT_EQ(model.text(), "one");
}

TEST_F(Editing, moving_the_caret_begins_a_new_step) {
  type("ab");
  model.set_caret(0, false);
  type("x");
  model.undo();
  EXPECT_EQ(model.text(), "ab");
  EXPECT_EQ(model.caret(), 0u);
}

TEST_F(Editing, typing_after_undo_forgets_what_was_undone) {
  type("one two");
  model.undo();
  type("x");
  EXPECT_FALSE(model.redo());
  EXPECT_EQ(model.text(), "one x");
}

TEST_F(Editing, undo_restores_a_replaced_selection) {
  type("hello world");
  model.select(6, 11);
  model.insert("there", EditModel::Kind::paste, now);
  EXPECT_EQ(model.text(), "hello there");
  model.undo();
  EXPECT_EQ(model.text(), "hello world");
  EXPECT_EQ(model.selection(), (std::pair<std::size_t, std::size_t>{6, 11}));
}

TEST_F(Editing, deleting_in_one_direction_is_one_step) {
  type("abcdef");
  for (int i = 0; i < 3; ++i) model.backspace(now);
  EXPECT_EQ(model.text(), "abc");
  model.set_caret(0, false);
  model.delete_forward(now);
  model.delete_forward(now);
  EXPECT_EQ(model.text(), "c");
  model.undo();
  EXPECT_EQ(model.text(), "abc");
  model.undo();
  EXPECT_EQ(model.text(), "abcdef");
}

TEST_F(Editing, backspace_removes_whole_emoji) {
  type("a👨‍👩‍👧‍👦🏳️‍🌈");
  model.backspace(now);
  EXPECT_EQ(model.text(), "a👨‍👩‍👧‍👦");
  model.backspace(now);
  EXPECT_EQ(model.text(), "a");
}

TEST_F(Editing, the_caret_never_stands_inside_a_character) {
  model.set_text("e\xCC\x81🇩🇪न्दी");
  model.set_caret(0, false);
  std::size_t steps = 0;
  while (model.caret() < model.text().size()) {
    const std::size_t before = model.caret();
    model.move_grapheme(1, false);
    ASSERT_GT(model.caret(), before);
    ++steps;
  }
  EXPECT_LE(steps, 5u);
  while (model.caret() > 0) {
    const std::size_t before = model.caret();
    model.move_grapheme(-1, false);
    ASSERT_LT(model.caret(), before);
  }
}

TEST_F(Editing, words_are_deleted_and_jumped_over) {
  type("one two  three");
  model.delete_word_back(now);
  EXPECT_EQ(model.text(), "one two  ");
  model.delete_word_back(now);
  EXPECT_EQ(model.text(), "one ");
  model.set_caret(0, false);
  model.move_word(1, true);
  EXPECT_EQ(model.selected_text(), "one");
  model.set_caret(0, false);
  model.delete_word_forward(now);
  EXPECT_EQ(model.text(), " ");
}

TEST_F(Editing, words_are_found_across_lines) {
  model.set_text("first\nsecond");
  model.set_caret(6, false);
  model.move_word(-1, false);
  EXPECT_EQ(model.caret(), 0u);
  model.set_caret(5, false);
  model.move_word(1, false);
  EXPECT_EQ(model.caret(), 12u);
}

TEST_F(Editing, double_click_takes_the_word_and_triple_the_paragraph) {
  model.set_text("one two\nthree");
  model.select_word_at(5);
  EXPECT_EQ(model.selected_text(), "two");
  model.select_paragraph_at(2);
  EXPECT_EQ(model.selected_text(), "one two");
}

TEST_F(Editing, a_single_line_takes_no_line_breaks) {
  EditModel line(false);
  line.insert("a\r\nb\nc", EditModel::Kind::paste, now);
  EXPECT_EQ(line.text(), "a b c");
}

TEST_F(Editing, the_limit_cuts_at_a_character) {
  EditModel small(true, 5);
  EXPECT_FALSE(small.insert("ab😀😀", EditModel::Kind::paste, now));
  EXPECT_EQ(small.text(), "ab");
  EXPECT_TRUE(small.insert("cde", EditModel::Kind::paste, now));
  EXPECT_EQ(small.text(), "abcde");
}

TEST_F(Editing, cut_gives_the_selection_and_removes_it) {
  type("hello world");
  model.select(0, 6);
  EXPECT_EQ(model.cut(now), "hello ");
  EXPECT_EQ(model.text(), "world");
}

TEST_F(Editing, history_is_bounded) {
  for (std::size_t i = 0; i < EditModel::kMaxSteps + 50; ++i)
    model.insert("x\n", EditModel::Kind::paste, now);
  std::size_t undone = 0;
  while (model.undo()) ++undone;
  EXPECT_EQ(undone, EditModel::kMaxSteps);
}

TEST_F(Editing, setting_the_text_starts_fresh) {
  type("secret");
  model.set_text("other");
  EXPECT_FALSE(model.can_undo());
  EXPECT_EQ(model.caret(), 5u);
}

}  // namespace
}  // namespace sotto::desktop
