#include "desktop/widgets/text_edit.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace sotto::desktop {
namespace {

using std::chrono::milliseconds;

class FakeClipboard final : public Clipboard {
 public:
  std::string text() override { return text_; }
  void set_text(const std::string& text) override { text_ = text; }
  std::string primary() override { return primary_; }
  void set_primary(const std::string& text) override { primary_ = text; }
  std::string text_, primary_;
};

class Field : public ::testing::Test {
 protected:
  void press(Key key, bool ctrl = false, bool shift = false) {
    edit.layout(engine, 200);
    edit.key({.key = key, .ctrl = ctrl, .shift = shift}, clipboard, now);
    now += milliseconds(100);
  }
  void type(std::string_view text) {
    edit.layout(engine, 200);
    edit.input(text, now);
    now += milliseconds(100);
  }
  TextEngine engine{1.0};
  FakeClipboard clipboard;
  TimePoint now{milliseconds(1000)};
  TextEdit edit{TextEdit::Style{.multi_line = true}};
};

TEST_F(Field, copies_cuts_and_pastes) {
  type("hello world");
  press(Key::left, true, true);
  press(Key::c, true);
  EXPECT_EQ(clipboard.text_, "world");
  EXPECT_EQ(clipboard.primary_, "world");
  press(Key::x, true);
  EXPECT_EQ(edit.text(), "hello ");
  press(Key::v, true);
  press(Key::insert, false, true);
  EXPECT_EQ(edit.text(), "hello worldworld");
  press(Key::z, true);
  press(Key::z, true);
  EXPECT_EQ(edit.text(), "hello ");
  press(Key::z, true, true);
  EXPECT_EQ(edit.text(), "hello world");
}

TEST_F(Field, moves_between_wrapped_lines_and_keeps_its_column) {
  edit.model().set_text("aaaaaaaaaa\nx\naaaaaaaaaa");
  edit.model().set_caret(8, false);
  press(Key::down);
  EXPECT_EQ(edit.model().caret(), 12u);  // the end of the short line
  press(Key::down);
  EXPECT_EQ(edit.model().caret(), 21u);  // back in the old column
  press(Key::home);
  EXPECT_EQ(edit.model().caret(), 13u);
  press(Key::end);
  EXPECT_EQ(edit.model().caret(), 23u);
  press(Key::home, true);
  EXPECT_EQ(edit.model().caret(), 0u);
}

TEST_F(Field, pre_edit_is_shown_but_is_not_text) {
  type("ab");
  edit.editing("にほ", 2);
  edit.layout(engine, 200);
  EXPECT_EQ(edit.text(), "ab");
  EXPECT_EQ(edit.preedit(), "にほ");
  // While it is there no key is ours.
  EXPECT_TRUE(edit.key({.key = Key::backspace}, clipboard, now));
  EXPECT_EQ(edit.text(), "ab");
  type("日本");
  EXPECT_EQ(edit.text(), "ab日本");
  EXPECT_TRUE(edit.preedit().empty());
}

TEST_F(Field, the_enter_that_ends_a_composition_is_not_ours) {
  edit.editing("にほ", 2);
  edit.layout(engine, 200);
  edit.input("日本", now);
  edit.layout(engine, 200);
  EXPECT_TRUE(edit.key({.key = Key::enter}, clipboard, now + milliseconds(20)));
  EXPECT_FALSE(edit.key({.key = Key::enter}, clipboard, now + milliseconds(200)));
}

TEST_F(Field, losing_the_focus_drops_the_pre_edit) {
  edit.editing("にほ", 2);
  edit.focus_lost();
  EXPECT_TRUE(edit.preedit().empty());
  EXPECT_TRUE(edit.text().empty());
}

TEST_F(Field, a_password_gives_nothing_away) {
  TextEdit secret(TextEdit::Style{.password = true});
  secret.layout(engine, 200);
  secret.input("correct horse", now);
  secret.layout(engine, 200);
  secret.key({.key = Key::a, .ctrl = true}, clipboard, now);
  secret.key({.key = Key::c, .ctrl = true}, clipboard, now);
  secret.key({.key = Key::x, .ctrl = true}, clipboard, now);
  secret.pointer({.kind = PointerKind::release}, {10, 10}, clipboard, now);
  EXPECT_EQ(clipboard.text_, "");
  EXPECT_EQ(clipboard.primary_, "");
  EXPECT_EQ(secret.text(), "correct horse");
  secret.wipe();
  EXPECT_TRUE(secret.text().empty());
}

TEST_F(Field, a_password_shown_is_not_kept_by_the_cache) {
  TextEdit secret(TextEdit::Style{.password = true});
  secret.set_hidden(false);
  secret.input("correct horse", now);
  const std::size_t before = engine.cached();
  secret.layout(engine, 200);
  EXPECT_GT(secret.caret_rect().x, 0);
  EXPECT_EQ(engine.cached(), before);
}

TEST_F(Field, the_mouse_selects) {
  edit.model().set_text("one two three");
  edit.layout(engine, 200);
  const double two = engine.get({.text = "one t", .role = TextRole::body})->width();
  edit.pointer({.kind = PointerKind::press, .clicks = 2}, {two, 10}, clipboard, now);
  edit.pointer({.kind = PointerKind::release}, {two, 10}, clipboard, now);
  EXPECT_EQ(edit.model().selected_text(), "two");
  EXPECT_EQ(clipboard.primary_, "two");
  clipboard.primary_ = "X";
  edit.pointer({.kind = PointerKind::press, .button = Button::middle}, {0, 10}, clipboard, now);
  EXPECT_EQ(edit.text(), "Xone two three");
}

TEST_F(Field, a_long_text_stays_quick) {
  std::string text;
  while (text.size() < 64 * 1024) text += "a line of ordinary length\n";
  edit.model().set_text(text);
  edit.layout(engine, 200);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) type("x");
  edit.layout(engine, 200);
  const double each =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count() / 5;
  EXPECT_LT(each, 200);
}

}  // namespace
}  // namespace sotto::desktop
