// The frame under construction and the input router: views describe the window anew for every frame.
//
//   ui.begin(canvas, size, now, wall_now);
//   if (ui.button({.id = "start.continue", .label = "Continue", .rect = r, .on = [&] { go(); }}));
//   ui.end();
//
// Painting and hit regions come from the same call, so they cannot disagree. A frame may be built without
// painting (canvas without surfaces) to renew the regions between two input events. Handlers run between
// frames, never inside one. Ids are the contract with the tests (area.name).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "desktop/base/anim.hpp"
#include "desktop/base/geometry.hpp"
#include "desktop/base/tokens.hpp"
#include "desktop/draw/canvas.hpp"
#include "desktop/text/text_engine.hpp"
#include "desktop/widgets/input.hpp"
#include "desktop/widgets/text_edit.hpp"
#include "sotto/base/time.hpp"

namespace sotto::desktop {

enum class Role { button, field, list_item, text, region, dialog, image, toggle };

struct Region {
  std::string id;
  std::string label;  // the text shown or the name of an icon button
  std::string value;  // of a field
  Rect rect;
  Role role = Role::region;
  bool focusable = false;
  bool enabled = true;
  bool passive = false;  // only described (tests, accessibility): the pointer goes through it
  std::string tooltip;
  Cursor cursor = Cursor::arrow;
  std::function<void()> activate;
  std::function<void(const PointerEvent&)> pointer;
  std::function<bool(const KeyEvent&)> key;
  std::function<void(double)> wheel;  // dp; positive: towards the end
  TextEdit* edit = nullptr;
};

enum class ButtonKind { filled, outlined, text, danger, accept };
enum class Stream { remote, local };

// Where the compositor shows a picture of the call.
struct VideoPlace {
  Stream stream = Stream::remote;
  Rect rect = {};  // dp
  bool mirrored = false;
  double radius = 0;  // > 0: a small view with round corners, drawn above the other
  bool crop = false;  // fill the rectangle, cutting what stands over
  double dim = 1;     // brightness
};

class Ui {
 public:
  Ui(TextEngine& text, Clipboard& clipboard, Animator& animator);

  // ---- frame ----
  void begin(Canvas& canvas, Rect window, const Theme& theme, TimePoint now, WallTime wall);
  void end();
  Canvas& canvas() { return *canvas_; }
  TextEngine& engine() { return text_; }
  Animator& animator() { return animator_; }
  const Theme& theme() const { return *theme_; }
  Color color(Token token) const { return (*theme_)[token]; }
  Rect window() const { return window_; }
  TimePoint now() const { return now_; }
  WallTime wall() const { return wall_; }
  Clipboard& clipboard() { return clipboard_; }
  // The frame must be drawn again at this time.
  void wake_at(TimePoint when) { wake_ = std::min(wake_, when); }
  void wake_in(int milliseconds);
  TimePoint next_wake() const { return wake_; }

  // ---- elements ----
  void region(Region region);
  // Everything described so far can no longer be reached until the next frame: a dialog begins.
  void modal();
  void describe(std::string id, Role role, const Rect& rect, std::string label);

  double text(Point at, const std::string& text, TextRole role, Color color);  // returns its width
  // One line in a width, ellipsised; right- or centre-aligned in the box when asked.
  double line(const Rect& box, const std::string& text, TextRole role, Color color,
              Align align = Align::start, bool tabular = false);
  // Wrapped; returns the height used.
  double paragraph(const Rect& box, const std::string& text, TextRole role, Color color,
                   Align align = Align::start, int max_lines = 0);
  double paragraph_height(double width, const std::string& text, TextRole role, int max_lines = 0);
  double text_width(const std::string& text, TextRole role);

  struct ButtonSpec {
    std::string id = {}, label = {};
    Rect rect = {};
    ButtonKind kind = ButtonKind::filled;
    bool enabled = true;
    bool busy = false;
    std::optional<Icon> icon = {};
    std::function<void()> on = {};
    std::string tooltip = {};
    bool small = false;
  };
  void button(const ButtonSpec& spec);
  double button_width(const std::string& label, bool icon = false, bool small = false);
  struct IconButtonSpec {
    std::string id = {}, label = {};
    Icon icon = Icon::close;
    Rect rect = {};
    bool enabled = true;
    std::function<void()> on = {};
    std::string tooltip = {};
    std::optional<Color> color = {}, hover = {};  // instead of the theme's
    double size = 20;
    bool focusable = true;
  };
  void icon_button(const IconButtonSpec& spec);

  struct FieldSpec {
    std::string id = {}, label = {};  // label above
    Rect rect = {};                   // of the box
    TextEdit* edit = nullptr;
    std::string placeholder = {};
    std::string help = {}, error = {};  // below
    bool enabled = true;
    bool reveal_button = false;  // an eye, for passwords
    std::optional<Icon> leading = {};
    std::function<void()> enter = {};
    std::function<void()> escape = {};
    bool good = false;  // a tick at its end
  };
  // Returns the y below the help line.
  double field(const FieldSpec& spec);

  void avatar(Point center, double size, const std::string& name, std::size_t identity);
  void spinner(Point center, double size, Color color);
  void focus_ring(const std::string& id, const Rect& rect, double radius, bool inside = false);
  void video(const VideoPlace& place) { videos_.push_back(place); }
  // Runs after the frame: what changes the model must not run while it is drawn.
  void defer(std::function<void()> work) { deferred_.push_back(std::move(work)); }
  bool run_deferred();

  // ---- state ----
  bool hovered(std::string_view id) const { return hovered_ == id; }
  bool pressed(std::string_view id) const { return captured_ && captured_->id == id && pressing_; }
  bool focused(std::string_view id) const { return focus_ == id; }
  bool window_focused() const { return window_focused_; }
  void focus(const std::string& id);
  const std::string& focus_id() const { return focus_; }
  bool caret_on(const TextEdit& edit) const;
  Point pointer() const { return pointer_; }
  bool pointer_inside(const Rect& rect) const { return pointer_in_ && rect.contains(pointer_); }

  // ---- input; each returns true if something was done ----
  bool pointer_moved(Point at);
  bool pointer_event(const PointerEvent& event);
  void pointer_left();
  bool wheel(Point at, double dy);
  bool key(const KeyEvent& event);
  bool text_input(std::string_view text);
  bool text_editing(std::string_view text, std::size_t cursor);
  void window_focus(bool focused);
  bool move_focus(int direction);
  Cursor cursor() const;
  // The field that has the keyboard, and where its caret is (for the input method).
  TextEdit* active_edit() const;
  Rect caret_window_rect() const;

  const std::vector<Region>& regions() const { return regions_; }
  const std::vector<VideoPlace>& videos() const { return videos_; }
  TimePoint last_input() const { return last_input_; }
  void set_time(TimePoint now) { now_ = now; }
  bool keyboard_modality() const { return keyboard_; }

 private:
  Region* find(std::string_view id);
  const Region* hit(Point at) const;
  void draw_tooltip();

  TextEngine& text_;
  Clipboard& clipboard_;
  Animator& animator_;
  Canvas* canvas_ = nullptr;
  const Theme* theme_ = &kLight;
  Rect window_{};
  TimePoint now_{};
  WallTime wall_{};
  TimePoint wake_ = kNever;

  std::vector<Region> regions_;
  std::size_t modal_from_ = 0;
  std::vector<VideoPlace> videos_;
  std::vector<std::function<void()>> deferred_;
  std::unordered_map<std::string, Rect> edit_views_;  // inner boxes of fields

  std::string focus_, hovered_, wanted_focus_;
  TimePoint hovered_since_{};
  std::optional<Region> captured_;
  bool pressing_ = false;
  Button captured_button_ = Button::left;
  Point pointer_{-1, -1};
  bool pointer_in_ = false;
  bool keyboard_ = false, window_focused_ = true;
  TimePoint last_input_{};

  friend class FieldPainter;

 public:
  // For views that draw their own field (the composer): registers the inner box for the caret.
  void edit_view(const std::string& id, const Rect& inner) { edit_views_[id] = inner; }
};

}  // namespace sotto::desktop
