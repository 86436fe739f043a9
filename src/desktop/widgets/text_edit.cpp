#include "desktop/widgets/text_edit.hpp"

#include <algorithm>
#include <chrono>

#include "desktop/text/breaks.hpp"
#include "desktop/text/sanitize.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::desktop {
namespace {

constexpr std::string_view kDisc = "•";
constexpr Duration kImeGrace = std::chrono::milliseconds(50);  // Enter that ended a composition must not send
constexpr double kCaretWidth = 1.5;

}  // namespace

void TextEdit::layout(TextEngine& engine, double width) {
  paragraphs_.clear();
  height_ = 0;
  lines_ = 0;
  const std::string& text = model_.text();
  const std::size_t caret = model_.caret();
  std::size_t at = 0;
  while (true) {
    const std::size_t end = paragraph_end(text, at);
    TextSpec spec{
        .text = text.substr(at, end - at), .role = TextRole::body, .width = model_.multi_line() ? width : -1};
    if (hidden_) {
      const std::size_t count = utf8_length(spec.text);
      spec.text.clear();
      for (std::size_t i = 0; i < count; ++i) spec.text += kDisc;
    } else if (!preedit_.empty() && caret >= at && caret <= end) {
      spec.text.insert(caret - at, preedit_);
      spec.underline = {caret - at, caret - at + preedit_.size()};
    }
    spec.secret = style_.password && !hidden_;
    Paragraph paragraph{at, end - at, engine.get(spec), height_};
    if (spec.secret) secure_wipe(spec.text.data(), spec.text.size());
    height_ += paragraph.block->height();
    lines_ += paragraph.block->line_count();
    paragraphs_.push_back(std::move(paragraph));
    if (end >= text.size()) break;
    at = end + 1;
  }
}

void TextEdit::wipe() {
  model_.wipe();
  paragraphs_.clear();
}

const TextEdit::Paragraph& TextEdit::paragraph_of(std::size_t index) const {
  std::size_t i = 0;
  while (i + 1 < paragraphs_.size() && paragraphs_[i + 1].start <= index) ++i;
  return paragraphs_[i];
}

std::size_t TextEdit::to_display(const Paragraph& paragraph, std::size_t index) const {
  const std::size_t local = std::min(index - paragraph.start, paragraph.size);
  if (hidden_)
    return utf8_length(std::string_view(model_.text()).substr(paragraph.start, local)) * kDisc.size();
  if (!preedit_.empty() && &paragraph == &paragraph_of(model_.caret()) && index >= model_.caret()) {
    return local + preedit_.size();
  }
  return local;
}

std::size_t TextEdit::from_display(const Paragraph& paragraph, std::size_t index) const {
  if (hidden_) {
    return paragraph.start +
           utf8_offset(std::string_view(model_.text()).substr(paragraph.start, paragraph.size),
                       index / kDisc.size());
  }
  if (!preedit_.empty() && &paragraph == &paragraph_of(model_.caret())) {
    const std::size_t begin = model_.caret() - paragraph.start;
    if (index > begin) index = std::max(begin, index - std::min(index, preedit_.size()));
  }
  return paragraph.start + std::min(index, paragraph.size);
}

Rect TextEdit::caret_rect() const {
  if (paragraphs_.empty()) return {};
  const Paragraph& paragraph = paragraph_of(model_.caret());
  return paragraph.block->caret(to_display(paragraph, model_.caret())).moved(0, paragraph.y);
}

std::size_t TextEdit::index_at(Point content) const {
  if (paragraphs_.empty()) return 0;
  std::size_t i = 0;
  while (i + 1 < paragraphs_.size() && content.y >= paragraphs_[i + 1].y) ++i;
  const Paragraph& paragraph = paragraphs_[i];
  return from_display(paragraph, paragraph.block->index_at({content.x, content.y - paragraph.y}));
}

void TextEdit::reveal_caret(double view_width, double view_height) {
  const Rect caret = caret_rect();
  if (reveal_) {
    if (caret.y < scroll_.y) scroll_.y = caret.y;
    if (caret.bottom() > scroll_.y + view_height) scroll_.y = caret.bottom() - view_height;
    if (!model_.multi_line()) {
      if (caret.x < scroll_.x) scroll_.x = caret.x;
      if (caret.x + kCaretWidth > scroll_.x + view_width) scroll_.x = caret.x + kCaretWidth - view_width;
    }
    reveal_ = false;
  }
  scroll_.y = std::clamp(scroll_.y, 0.0, std::max(0.0, height_ - view_height));
  if (!model_.multi_line()) {
    const double width = paragraphs_.empty() ? 0 : paragraphs_.front().block->width();
    scroll_.x = std::clamp(scroll_.x, 0.0, std::max(0.0, width + kCaretWidth - view_width));
  }
}

void TextEdit::scroll_by(double dy, double view_height) {
  scroll_.y = std::clamp(scroll_.y + dy, 0.0, std::max(0.0, height_ - view_height));
}

void TextEdit::paint(Canvas& canvas, const Rect& view, const Theme& theme, bool focused, bool caret_on) {
  reveal_caret(view.w, view.h);
  canvas.push_clip(view.inset(-1, 0));
  const auto [from, to] = model_.selection();
  for (const Paragraph& paragraph : paragraphs_) {
    const Point at{view.x - scroll_.x, view.y + paragraph.y - scroll_.y};
    if (at.y > view.bottom() || at.y + paragraph.block->height() < view.y) continue;
    if (from < to && to > paragraph.start && from <= paragraph.start + paragraph.size && focused) {
      const std::size_t a = to_display(paragraph, std::max(from, paragraph.start));
      const std::size_t b = to_display(paragraph, std::min(to, paragraph.start + paragraph.size));
      for (const Rect& r : paragraph.block->selection(a, b))
        canvas.fill(r.moved(at.x, at.y), theme[Token::seltext_bg]);
    }
    canvas.text(at, *paragraph.block, theme[Token::text]);
  }
  if (focused && caret_on) {
    const Rect caret = caret_rect();
    canvas.fill({view.x + caret.x - scroll_.x, view.y + caret.y - scroll_.y + 1, kCaretWidth, caret.h - 2},
                theme[Token::text]);
  }
  canvas.pop_clip();
}

void TextEdit::move_visual(int direction, bool select) {
  if (model_.has_selection() && !select) return model_.move_grapheme(direction, false);
  const Paragraph& paragraph = paragraph_of(model_.caret());
  const auto [index, left] = paragraph.block->visual_move(to_display(paragraph, model_.caret()), direction);
  if (left == 0) return model_.set_caret(from_display(paragraph, index), select);
  model_.move_grapheme(direction, select);  // into the neighbouring paragraph
}

void TextEdit::move_line(int direction, bool select) {
  const Rect caret = caret_rect();
  if (wanted_x_ < 0) wanted_x_ = caret.x;
  const double y = direction < 0 ? caret.y - 2 : caret.bottom() + 2;
  if (y < 0) return model_.set_caret(0, select);
  if (y >= height_) return model_.set_caret(model_.text().size(), select);
  model_.set_caret(index_at({wanted_x_, y}), select);
}

void TextEdit::paste(const std::string& text, TimePoint now) {
  if (!text.empty()) model_.insert(text, EditModel::Kind::paste, now);
}

bool TextEdit::key(const KeyEvent& event, Clipboard& clipboard, TimePoint now) {
  if (!preedit_.empty()) return true;  // the input method has the keyboard
  if ((event.key == Key::enter || event.key == Key::escape) && ime_commit_ != TimePoint{} &&
      now - ime_commit_ < kImeGrace) {
    return true;
  }
  if (paragraphs_.empty() || event.alt) return false;
  const bool vertical = event.key == Key::up || event.key == Key::down;
  if (!vertical) wanted_x_ = -1;
  const bool shift = event.shift;
  bool used = true;
  switch (event.key) {
    case Key::left: event.ctrl ? model_.move_word(-1, shift) : move_visual(-1, shift); break;
    case Key::right: event.ctrl ? model_.move_word(1, shift) : move_visual(1, shift); break;
    case Key::up:
    case Key::down:
      if (!model_.multi_line() || event.ctrl) return false;
      move_line(event.key == Key::up ? -1 : 1, shift);
      break;
    case Key::home:
    case Key::end: {
      const bool home = event.key == Key::home;
      if (event.ctrl) {
        model_.set_caret(home ? 0 : model_.text().size(), shift);
      } else {
        const Paragraph& paragraph = paragraph_of(model_.caret());
        const auto [from, to] = paragraph.block->line_range(to_display(paragraph, model_.caret()));
        model_.set_caret(from_display(paragraph, home ? from : to), shift);
      }
      break;
    }
    case Key::backspace: event.ctrl ? model_.delete_word_back(now) : model_.backspace(now); break;
    case Key::del:
      if (shift && !event.ctrl) {
        if (!style_.password && model_.has_selection()) clipboard.set_text(model_.cut(now));
      } else {
        event.ctrl ? model_.delete_word_forward(now) : model_.delete_forward(now);
      }
      break;
    case Key::insert:
      if (event.ctrl && !style_.password && model_.has_selection())
        clipboard.set_text(model_.selected_text());
      else if (shift)
        paste(clipboard.text(), now);
      else
        used = false;
      break;
    case Key::a:
      if (event.ctrl && !shift)
        model_.select_all();
      else
        used = false;
      break;
    case Key::c:
    case Key::x:
      if (event.ctrl && !shift) {
        if (!style_.password && model_.has_selection()) {
          clipboard.set_text(event.key == Key::x ? model_.cut(now) : model_.selected_text());
        }
      } else {
        used = false;
      }
      break;
    case Key::v:
      if (event.ctrl)
        paste(clipboard.text(), now);
      else
        used = false;
      break;
    case Key::z:
      // A password keeps no history that could be walked through.
      if (event.ctrl && !style_.password)
        shift ? model_.redo() : model_.undo();
      else
        used = false;
      break;
    case Key::y:
      if (event.ctrl && !style_.password)
        model_.redo();
      else
        used = false;
      break;
    default: used = false;
  }
  if (used) {
    reveal_ = true;
    touched(now);
    if (shift && model_.has_selection() && !style_.password) clipboard.set_primary(model_.selected_text());
  }
  return used;
}

void TextEdit::input(std::string_view text, TimePoint now) {
  if (!preedit_.empty()) ime_commit_ = now;
  model_.insert(text, preedit_.empty() ? EditModel::Kind::typing : EditModel::Kind::ime, now);
  preedit_.clear();
  wanted_x_ = -1;
  reveal_ = true;
  touched(now);
}

void TextEdit::editing(std::string_view preedit, std::size_t) {
  if (style_.password) return;
  preedit_ = one_line(preedit, 256);
  reveal_ = true;
}

void TextEdit::focus_lost() { preedit_.clear(); }

void TextEdit::pointer(const PointerEvent& event, Point local, Clipboard& clipboard, TimePoint now) {
  if (paragraphs_.empty()) return;
  const Point content{local.x + scroll_.x, local.y + scroll_.y};
  const std::size_t at = index_at(content);
  wanted_x_ = -1;
  touched(now);
  if (event.kind == PointerKind::press && event.button == Button::middle) {
    model_.set_caret(at, false);
    paste(clipboard.primary(), now);
    reveal_ = true;
    return;
  }
  if (event.button != Button::left) return;
  switch (event.kind) {
    case PointerKind::press:
      press_clicks_ = event.clicks;
      if (event.clicks >= 3)
        model_.select_paragraph_at(at);
      else if (event.clicks == 2)
        model_.select_word_at(at);
      else
        model_.set_caret(at, event.shift);
      press_range_ = model_.selection();
      break;
    case PointerKind::drag:
      if (press_clicks_ == 1) {
        model_.set_caret(at, true);
      } else {
        const auto range = press_clicks_ == 2 ? word_around(model_.text(), at)
                                              : std::pair(paragraph_start(model_.text(), at),
                                                          paragraph_end(model_.text(), at));
        if (at < press_range_.first)
          model_.select(press_range_.second, range.first);
        else
          model_.select(press_range_.first, std::max(range.second, press_range_.second));
      }
      reveal_ = true;
      break;
    case PointerKind::release:
      if (model_.has_selection() && !style_.password) clipboard.set_primary(model_.selected_text());
      break;
  }
}

}  // namespace sotto::desktop
