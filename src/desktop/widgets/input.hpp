// Input as the widgets see it, free of SDL's structures.
#pragma once

#include <cstdint>
#include <string>

#include "desktop/base/geometry.hpp"

namespace sotto::desktop {

// Keys that the program names; letters and digits come as their character.
enum class Key : int {
  none,
  enter,
  escape,
  tab,
  backspace,
  del,
  insert,
  left,
  right,
  up,
  down,
  home,
  end,
  page_up,
  page_down,
  space,
  menu,
  f1,
  f6,
  f11,
  comma,
  slash,
  plus,
  minus,
  a,
  b,
  c,
  d,
  e,
  f,
  g,
  h,
  i,
  j,
  k,
  l,
  m,
  n,
  o,
  p,
  q,
  r,
  s,
  t,
  u,
  v,
  w,
  x,
  y,
  z,
  digit0,
};

struct KeyEvent {
  Key key = Key::none;
  bool ctrl = false, shift = false, alt = false, repeat = false;
};

enum class PointerKind { press, drag, release };
enum class Button { left, middle, right };
struct PointerEvent {
  PointerKind kind = PointerKind::press;
  Button button = Button::left;
  Point at = {};  // dp, window
  int clicks = 1;
  bool shift = false, ctrl = false;
};

enum class Cursor { arrow, hand, text, size_we };

// What the widgets need of the desktop.
class Clipboard {
 public:
  virtual ~Clipboard() = default;
  virtual std::string text() = 0;
  virtual void set_text(const std::string& text) = 0;
  virtual std::string primary() = 0;
  virtual void set_primary(const std::string& text) = 0;
};

}  // namespace sotto::desktop
