#include "desktop/widgets/ui.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {

using std::chrono::milliseconds;

Ui::Ui(TextEngine& text, Clipboard& clipboard, Animator& animator)
    : text_(text), clipboard_(clipboard), animator_(animator) {}

void Ui::begin(Canvas& canvas, Rect window, const Theme& theme, TimePoint now, WallTime wall) {
  canvas_ = &canvas;
  window_ = window;
  theme_ = &theme;
  now_ = now;
  wall_ = wall;
  wake_ = kNever;
  regions_.clear();
  videos_.clear();
  deferred_.clear();
  edit_views_.clear();
  modal_from_ = 0;
}

void Ui::end() {
  draw_tooltip();
  // The focus follows what exists; a focus asked for by name is taken once its element appears.
  if (!wanted_focus_.empty()) {
    if (Region* r = find(wanted_focus_); r != nullptr && r->focusable) {
      focus_ = wanted_focus_;
      wanted_focus_.clear();
      if (r->edit != nullptr) r->edit->focus_gained(now_);
    }
  }
  if (const TextEdit* edit = active_edit(); edit != nullptr && window_focused_) {
    const Duration idle = now_ - std::max(edit->last_change(), TimePoint{});
    if (idle < milliseconds(ms::kCaretIdle)) {
      const auto phase = (now_ - edit->last_change()) / milliseconds(ms::kCaret);
      wake_at(edit->last_change() + (phase + 1) * milliseconds(ms::kCaret));
    }
  }
  if (animator_.moving(now_)) wake_in(16);
  canvas_ = nullptr;
}

void Ui::wake_in(int duration_ms) { wake_at(now_ + milliseconds(duration_ms)); }

bool Ui::caret_on(const TextEdit& edit) const {
  if (!window_focused_) return false;
  const Duration idle = now_ - edit.last_change();
  return idle >= milliseconds(ms::kCaretIdle) || (idle / milliseconds(ms::kCaret)) % 2 == 0;
}

void Ui::region(Region region) {
  region.rect = intersect(region.rect, canvas_->clip());
  if (region.rect.empty()) return;
  regions_.push_back(std::move(region));
}

void Ui::describe(std::string id, Role role, const Rect& rect, std::string label) {
  Region r;
  r.id = std::move(id);
  r.label = std::move(label);
  r.rect = rect;
  r.role = role;
  r.passive = true;
  region(std::move(r));
}

void Ui::modal() {
  Region block;
  block.id = "modal";
  block.rect = window_;
  regions_.push_back(block);
  modal_from_ = regions_.size() - 1;
}

// ---- text ----

double Ui::text(Point at, const std::string& text, TextRole role, Color color) {
  const TextBlockPtr block = text_.get({.text = text, .role = role});
  canvas_->text(at, *block, color);
  return block->width();
}

double Ui::line(const Rect& box, const std::string& text, TextRole role, Color color, Align align,
                bool tabular) {
  if (box.w < 4) return 0;
  const TextBlockPtr block =
      text_.get({.text = text, .role = role, .width = box.w, .max_lines = 1, .tabular = tabular});
  const double width = std::min(block->width(), box.w);
  const double x = align == Align::start    ? box.x
                   : align == Align::center ? box.x + (box.w - width) / 2
                                            : box.right() - width;
  canvas_->text({x, box.y + (box.h - block->height()) / 2}, *block, color);
  return width;
}

double Ui::paragraph(const Rect& box, const std::string& text, TextRole role, Color color, Align align,
                     int max_lines) {
  const TextBlockPtr block =
      text_.get({.text = text, .role = role, .width = box.w, .align = align, .max_lines = max_lines});
  canvas_->text({box.x, box.y}, *block, color);
  return block->height();
}

double Ui::paragraph_height(double width, const std::string& text, TextRole role, int max_lines) {
  return text_.get({.text = text, .role = role, .width = width, .max_lines = max_lines})->height();
}

double Ui::text_width(const std::string& text, TextRole role) {
  return text_.get({.text = text, .role = role})->width();
}

// ---- elements ----

void Ui::focus_ring(const std::string& id, const Rect& rect, double radius, bool inside) {
  if (!keyboard_ || focus_ != id || !window_focused_) return;
  const Rect ring = inside ? rect.inset(2) : rect.inset(-4);
  canvas_->stroke_round(ring, inside ? std::max(0.0, radius - 2) : radius + 4, 2, color(Token::focus));
}

double Ui::button_width(const std::string& label, bool icon, bool small) {
  const double text = text_width(label, small ? TextRole::small_strong : TextRole::strong);
  return std::max(small ? 64.0 : dp::kButtonMin, text + (icon ? 28 : 0) + 2 * (small ? 12 : dp::s5));
}

void Ui::button(const ButtonSpec& spec) {
  Region r;
  r.id = spec.id;
  r.label = spec.label;
  r.rect = spec.rect;
  r.role = Role::button;
  r.focusable = true;
  r.enabled = spec.enabled && !spec.busy;
  r.cursor = r.enabled ? Cursor::hand : Cursor::arrow;
  r.activate = spec.on;
  r.tooltip = spec.tooltip;
  region(std::move(r));

  const bool hot = spec.enabled && hovered(spec.id), down = spec.enabled && pressed(spec.id);
  Color fill{}, ink = color(Token::link);
  bool filled = true;
  switch (spec.kind) {
    case ButtonKind::filled:
      fill = color(down ? Token::accent_press : hot ? Token::accent_hover : Token::accent);
      ink = color(Token::on_accent);
      break;
    case ButtonKind::danger:
      fill = color(hot || down ? Token::danger_hover : Token::danger);
      ink = color(Token::on_accent);
      break;
    case ButtonKind::accept:
      fill = hot || down ? call_color::kAcceptHover : call_color::kAccept;
      ink = call_color::kText;
      break;
    case ButtonKind::outlined:
    case ButtonKind::text:
      filled = false;
      if (down)
        fill = color(Token::bg_sel), filled = true;
      else if (hot)
        fill = color(Token::bg_hover), filled = true;
      break;
  }
  if (!spec.enabled) {
    ink = color(Token::text_dis);
    if (spec.kind != ButtonKind::text && spec.kind != ButtonKind::outlined)
      fill = color(Token::bg_sunk), filled = true;
  }
  if (filled) canvas_->fill_round(spec.rect, dp::r2, fill);
  if (spec.kind == ButtonKind::outlined)
    canvas_->stroke_round(spec.rect, dp::r2, 1, color(spec.enabled ? Token::border_ctl : Token::border));
  const TextRole role = spec.small ? TextRole::small_strong : TextRole::strong;
  const double lead = spec.icon || spec.busy ? 28 : 0;
  const double width = std::min(text_width(spec.label, role), spec.rect.w - lead - 8);
  double x = spec.rect.x + (spec.rect.w - width - lead) / 2;
  if (spec.busy) {
    spinner({x + 8, spec.rect.center().y}, 16, ink);
  } else if (spec.icon) {
    canvas_->icon(*spec.icon, {x, spec.rect.center().y - 10}, 20, ink);
  }
  x += lead;
  line({x, spec.rect.y, width + 2, spec.rect.h}, spec.label, role, ink);
  focus_ring(spec.id, spec.rect, dp::r2);
}

void Ui::icon_button(const IconButtonSpec& spec) {
  Region r;
  r.id = spec.id;
  r.label = spec.label;
  r.rect = spec.rect;
  r.role = Role::button;
  r.focusable = spec.focusable;
  r.enabled = spec.enabled;
  r.cursor = spec.enabled ? Cursor::hand : Cursor::arrow;
  r.activate = spec.on;
  r.tooltip = spec.tooltip.empty() ? spec.label : spec.tooltip;
  region(std::move(r));
  if (spec.enabled && (hovered(spec.id) || pressed(spec.id))) {
    const Color hover = spec.hover.value_or(color(pressed(spec.id) ? Token::bg_sel : Token::bg_hover));
    canvas_->fill_round(spec.rect, dp::r2, hover);
  }
  canvas_->icon_in(spec.icon, spec.rect, spec.size,
                   spec.enabled ? spec.color.value_or(color(Token::text2)) : color(Token::text_dis));
  focus_ring(spec.id, spec.rect.inset(2), dp::r2, true);
}

double Ui::field(const FieldSpec& spec) {
  const bool focused_now = focused(spec.id) && spec.enabled && window_focused_;
  const bool bad = !spec.error.empty();
  if (!spec.label.empty()) {
    line({spec.rect.x, spec.rect.y - 20, spec.rect.w, 16}, spec.label, TextRole::caption_strong,
         color(Token::text2));
  }
  canvas_->fill_round(spec.rect, dp::r2, color(Token::bg_sunk));
  const Color outline = bad           ? color(Token::err)
                        : focused_now ? color(Token::focus)
                                      : color(Token::border_ctl);
  canvas_->stroke_round(spec.rect, dp::r2, focused_now ? 2 : 1,
                        spec.enabled ? outline : color(Token::border));

  Rect inner = spec.rect.inset(12, 0);
  if (spec.leading) {
    canvas_->icon(*spec.leading, {inner.x - 2, inner.center().y - 9}, 18, color(Token::text3));
    inner.take_left(24);
  }
  if (spec.reveal_button)
    inner.take_right(28);
  else if (spec.good)
    canvas_->icon(Icon::check, {inner.take_right(22).x + 4, inner.center().y - 9}, 18, color(Token::ok));
  const double line_height = metrics(TextRole::body).line;
  const Rect view{inner.x, inner.y + (inner.h - line_height) / 2, inner.w, line_height};

  Region r;
  r.id = spec.id;
  r.label = spec.label.empty() ? spec.placeholder : spec.label;
  r.value = spec.edit->password() ? std::string(spec.edit->text().size(), '*') : spec.edit->text();
  r.rect = spec.rect;
  r.role = Role::field;
  r.focusable = true;
  r.enabled = spec.enabled;
  r.cursor = Cursor::text;
  r.edit = spec.edit;
  r.pointer = [this, edit = spec.edit, view](const PointerEvent& e) {
    edit->pointer(e, {e.at.x - view.x, e.at.y - view.y}, clipboard_, now_);
  };
  r.key = [enter = spec.enter, escape = spec.escape](const KeyEvent& e) {
    if (e.key == Key::enter && enter && !e.repeat) return enter(), true;
    if (e.key == Key::escape && escape) return escape(), true;
    return false;
  };
  region(std::move(r));
  edit_view(spec.id, view);

  spec.edit->layout(text_, view.w);
  if (spec.edit->text().empty() && spec.edit->preedit().empty() && !spec.placeholder.empty()) {
    line(view.inset(2, 0), spec.placeholder, TextRole::body, color(Token::text3));
  }
  spec.edit->paint(*canvas_, view, *theme_, focused_now, caret_on(*spec.edit));
  if (spec.reveal_button) {
    TextEdit* edit = spec.edit;
    icon_button({.id = spec.id + ".reveal",
                 .label = edit->hidden() ? "Show password" : "Hide password",
                 .icon = edit->hidden() ? Icon::eye : Icon::eye_off,
                 .rect = {spec.rect.right() - 36, spec.rect.y + 4, 32, 32},
                 .on = [edit] { edit->set_hidden(!edit->hidden()); },
                 .size = 18,
                 .focusable = false});
  }
  double y = spec.rect.bottom();
  const std::string& below = bad ? spec.error : spec.help;
  if (!below.empty()) {
    Rect box{spec.rect.x, y + 4, spec.rect.w, 1000};
    const Color ink = color(bad ? Token::err : Token::text3);
    if (bad) {
      canvas_->icon(Icon::alert, {box.x, box.y + 1}, 14, ink);
      box.take_left(20);
    }
    const double height = paragraph(box, below, TextRole::caption, ink);
    describe(spec.id + (bad ? ".error" : ".help"), Role::text, {box.x, box.y, box.w, height}, below);
    y = box.y + height;
  }
  return y;
}

void Ui::avatar(Point center, double size, const std::string& name, std::size_t identity) {
  canvas_->circle(center, size / 2, kIdentity[identity % kIdentity.size()]);
  const TextRole role = size >= 90   ? TextRole::display
                        : size >= 60 ? TextRole::heading
                        : size >= 40 ? TextRole::title
                                     : TextRole::caption_strong;
  const TextBlockPtr block = text_.get({.text = initials(name), .role = role});
  canvas_->text({center.x - block->width() / 2, center.y - block->height() / 2}, *block,
                color(Token::on_accent));
}

void Ui::spinner(Point center, double size, Color ink) {
  if (animator_.reduced()) {
    const auto step = now_.time_since_epoch() / milliseconds(1000) % 3;
    for (int i = 0; i <= step; ++i)
      canvas_->circle({center.x + (i - 1) * size / 3, center.y}, size / 10, ink);
    return wake_in(1000);
  }
  const auto step = static_cast<double>(now_.time_since_epoch() / milliseconds(ms::kSpinnerStep) % 12) / 12.0;
  canvas_->ring(center, size / 2, std::max(1.5, size / 9), ink.with_alpha(0.25));
  canvas_->ring(center, size / 2, std::max(1.5, size / 9), ink, step, 0.3);
  wake_in(ms::kSpinnerStep);
}

void Ui::draw_tooltip() {
  if (hovered_.empty() || captured_ || keyboard_) return;
  const Region* r = find(hovered_);
  if (r == nullptr || r->tooltip.empty()) return;
  const TimePoint due = hovered_since_ + milliseconds(ms::kTooltip);
  if (now_ < due) return wake_at(due);
  const TextBlockPtr block = text_.get({.text = r->tooltip, .role = TextRole::caption, .width = 320});
  Rect box{0, 0, block->width() + 16, block->height() + 8};
  box.x = std::clamp(r->rect.center().x - box.w / 2, 4.0, std::max(4.0, window_.w - box.w - 4));
  box.y = r->rect.bottom() + 6;
  if (box.bottom() > window_.h - 4) box.y = r->rect.y - box.h - 6;
  canvas_->begin_over();
  canvas_->fill_round(box, dp::r1, color(Token::tip_bg));
  canvas_->text({box.x + 8, box.y + 4}, *block, color(Token::tip_text));
  canvas_->end_over();
}

bool Ui::run_deferred() {
  if (deferred_.empty()) return false;
  for (const auto& work : std::exchange(deferred_, {})) work();
  return true;
}

// ---- state and input ----

Region* Ui::find(std::string_view id) {
  const auto it = std::ranges::find_if(regions_, [&](const Region& r) { return r.id == id && !r.passive; });
  return it == regions_.end() ? nullptr : &*it;
}

const Region* Ui::hit(Point at) const {
  for (std::size_t i = regions_.size(); i-- > modal_from_;) {
    if (!regions_[i].passive && regions_[i].rect.contains(at)) return &regions_[i];
  }
  return nullptr;
}

void Ui::focus(const std::string& id) {
  if (TextEdit* edit = active_edit(); edit != nullptr && focus_ != id) edit->focus_lost();
  wanted_focus_ = id;
  if (focus_ == id) return;
  focus_ = id;
  if (TextEdit* edit = active_edit()) edit->focus_gained(now_);
}

TextEdit* Ui::active_edit() const {
  if (focus_.empty()) return nullptr;
  const auto it = std::ranges::find_if(regions_, [&](const Region& r) { return r.id == focus_; });
  return it != regions_.end() && it->enabled ? it->edit : nullptr;
}

Rect Ui::caret_window_rect() const {
  const TextEdit* edit = active_edit();
  const auto view = edit_views_.find(focus_);
  if (edit == nullptr || view == edit_views_.end()) return {};
  const Rect caret = edit->caret_rect();
  return caret.moved(view->second.x - edit->scroll().x, view->second.y - edit->scroll().y);
}

bool Ui::pointer_moved(Point at) {
  pointer_ = at;
  pointer_in_ = true;
  if (captured_) {
    if (captured_->pointer && pressing_) {
      last_input_ = now_;
      captured_->pointer({.kind = PointerKind::drag, .button = captured_button_, .at = at});
      return true;
    }
    return false;
  }
  const Region* r = hit(at);
  const std::string id = r != nullptr ? r->id : "";
  if (id == hovered_) return false;
  hovered_ = id;
  hovered_since_ = now_;
  return true;
}

void Ui::pointer_left() {
  pointer_in_ = false;
  hovered_.clear();
}

bool Ui::pointer_event(const PointerEvent& event) {
  last_input_ = now_;
  keyboard_ = false;
  pointer_ = event.at;
  pointer_in_ = true;
  if (event.kind == PointerKind::press) {
    const Region* r = hit(event.at);
    if (r == nullptr) return false;
    if (r->focusable && r->enabled && focus_ != r->id && (r->edit != nullptr || r->role == Role::list_item)) {
      focus(r->id);
    }
    captured_ = *r;
    captured_button_ = event.button;
    pressing_ = true;
    if (r->pointer && r->enabled) {
      const auto handler = r->pointer;
      handler(event);
    }
    return true;
  }
  if (event.kind == PointerKind::release && captured_) {
    const Region region = std::move(*captured_);
    captured_.reset();
    pressing_ = false;
    if (region.pointer && region.enabled) {
      PointerEvent release = event;
      release.button = captured_button_;
      region.pointer(release);
    }
    if (region.activate && region.enabled && event.button == Button::left && region.rect.contains(event.at))
      region.activate();
    pointer_moved(event.at);
    return true;
  }
  return false;
}

bool Ui::wheel(Point at, double dy) {
  last_input_ = now_;
  for (std::size_t i = regions_.size(); i-- > modal_from_;) {
    if (regions_[i].rect.contains(at) && regions_[i].wheel) {
      const auto handler = regions_[i].wheel;
      handler(dy);
      return true;
    }
    if (regions_[i].id == "modal") break;
  }
  return false;
}

bool Ui::key(const KeyEvent& event) {
  last_input_ = now_;
  keyboard_ = true;
  if (Region* r = find(focus_); r != nullptr && r->enabled) {
    // A copy: the handler may change what is drawn.
    const Region region = *r;
    if (region.edit != nullptr && region.edit->key(event, clipboard_, now_)) return true;
    if (region.key && region.key(event)) return true;
    const bool plain = !event.ctrl && !event.alt && !event.repeat;
    if (region.edit == nullptr && region.activate && plain &&
        (event.key == Key::enter || event.key == Key::space)) {
      region.activate();
      return true;
    }
  }
  if (event.key == Key::tab && !event.ctrl && !event.alt) return move_focus(event.shift ? -1 : 1);
  return false;
}

bool Ui::move_focus(int direction) {
  std::vector<const Region*> order;
  for (std::size_t i = modal_from_; i < regions_.size(); ++i) {
    if (regions_[i].focusable && !regions_[i].passive) order.push_back(&regions_[i]);
  }
  if (order.empty()) return false;
  const auto it = std::ranges::find_if(order, [&](const Region* r) { return r->id == focus_; });
  const auto count = static_cast<std::ptrdiff_t>(order.size());
  std::ptrdiff_t next = 0;
  if (it == order.end())
    next = direction > 0 ? 0 : count - 1;
  else
    next = (it - order.begin() + direction + count) % count;
  focus(order[static_cast<std::size_t>(next)]->id);
  return true;
}

bool Ui::text_input(std::string_view text) {
  last_input_ = now_;
  keyboard_ = true;
  TextEdit* edit = active_edit();
  if (edit == nullptr) return false;
  edit->input(text, now_);
  return true;
}

bool Ui::text_editing(std::string_view text, std::size_t cursor) {
  TextEdit* edit = active_edit();
  if (edit == nullptr) return false;
  edit->editing(text, cursor);
  return true;
}

void Ui::window_focus(bool focused_now) {
  window_focused_ = focused_now;
  if (!focused_now) {
    if (TextEdit* edit = active_edit()) edit->focus_lost();
    for (Region& r : regions_) {
      if (r.edit != nullptr && r.edit->password()) r.edit->set_hidden(true);
    }
  }
}

Cursor Ui::cursor() const {
  if (captured_) return captured_->cursor;
  const Region* r = pointer_in_ ? hit(pointer_) : nullptr;
  return r != nullptr && r->enabled ? r->cursor : Cursor::arrow;
}

}  // namespace sotto::desktop
