// A text field's behaviour: an EditModel with layout, caret, mouse, keys, clipboard and IME pre-edit.
// One object per field, kept by its view; Ui draws its frame and routes input to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "desktop/draw/canvas.hpp"
#include "desktop/text/edit_model.hpp"
#include "desktop/text/text_engine.hpp"
#include "desktop/widgets/input.hpp"
#include "sotto/base/time.hpp"

namespace sotto::desktop {

class TextEdit {
 public:
  struct Style {
    bool multi_line = false;
    bool password = false;  // shows discs, gives nothing to the clipboard
    std::size_t max_bytes = EditModel::kDefaultMax;
  };
  explicit TextEdit(Style style)
      : model_(style.multi_line, style.max_bytes), style_(style), hidden_(style.password) {}
  TextEdit() : TextEdit(Style{}) {}

  EditModel& model() { return model_; }
  const EditModel& model() const { return model_; }
  const std::string& text() const { return model_.text(); }
  void wipe();  // the text, what undoes it and what shows it
  bool password() const { return style_.password; }
  bool hidden() const { return hidden_; }
  void set_hidden(bool hidden) { hidden_ = hidden; }
  const std::string& preedit() const { return preedit_; }

  // Lays out for a width (dp). Call before the queries below and before paint.
  void layout(TextEngine& engine, double width);
  double content_height() const { return height_; }
  int line_count() const { return lines_; }
  Rect caret_rect() const;  // relative to the content
  std::size_t index_at(Point content) const;

  // Content is scrolled so that the caret is inside `view`; dp.
  void paint(Canvas& canvas, const Rect& view, const Theme& theme, bool focused, bool caret_on);
  Point scroll() const { return scroll_; }
  void scroll_by(double dy, double view_height);
  void reveal_caret(double view_width, double view_height);

  // True when the key was used. Enter, Escape and Tab are the view's.
  bool key(const KeyEvent& event, Clipboard& clipboard, TimePoint now);
  void input(std::string_view text, TimePoint now);
  void editing(std::string_view preedit, std::size_t cursor_chars);
  // `local`: relative to the content's visible corner.
  void pointer(const PointerEvent& event, Point local, Clipboard& clipboard, TimePoint now);
  void focus_lost();
  void focus_gained(TimePoint now) { touched(now); }  // the caret begins its blink lit

  TimePoint last_change() const { return last_change_; }

 private:
  struct Paragraph {
    std::size_t start, size;  // in the model's text
    TextBlockPtr block;
    double y;
  };
  const Paragraph& paragraph_of(std::size_t index) const;
  std::size_t to_display(const Paragraph& paragraph, std::size_t index) const;
  std::size_t from_display(const Paragraph& paragraph, std::size_t index) const;
  void move_visual(int direction, bool select);
  void move_line(int direction, bool select);
  void paste(const std::string& text, TimePoint now);
  void touched(TimePoint now) { last_change_ = now; }

  EditModel model_;
  Style style_;
  bool hidden_ = false;
  std::string preedit_;
  std::vector<Paragraph> paragraphs_;
  double height_ = 0;
  int lines_ = 1;
  Point scroll_{};
  double wanted_x_ = -1;
  std::pair<std::size_t, std::size_t> press_range_{0, 0};
  int press_clicks_ = 1;
  bool reveal_ = true;
  TimePoint last_change_{}, ime_commit_{};
};

}  // namespace sotto::desktop
