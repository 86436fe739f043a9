// Points and rectangles in dp (logical pixels; px = dp x scale).
#pragma once

#include <algorithm>

namespace sotto::desktop {

struct Point {
  double x = 0, y = 0;
};

struct Rect {
  double x = 0, y = 0, w = 0, h = 0;

  double right() const { return x + w; }
  double bottom() const { return y + h; }
  Point center() const { return {x + w / 2, y + h / 2}; }
  bool empty() const { return w <= 0 || h <= 0; }
  bool contains(Point p) const { return p.x >= x && p.x < right() && p.y >= y && p.y < bottom(); }

  Rect inset(double d) const { return {x + d, y + d, w - 2 * d, h - 2 * d}; }
  Rect inset(double dx, double dy) const { return {x + dx, y + dy, w - 2 * dx, h - 2 * dy}; }
  Rect moved(double dx, double dy) const { return {x + dx, y + dy, w, h}; }

  // Cuts a strip off one side and returns it: the usual way to lay out bars and rows.
  Rect take_top(double d) {
    const Rect strip{x, y, w, d};
    y += d;
    h -= d;
    return strip;
  }
  Rect take_bottom(double d) {
    h -= d;
    return {x, y + h, w, d};
  }
  Rect take_left(double d) {
    const Rect strip{x, y, d, h};
    x += d;
    w -= d;
    return strip;
  }
  Rect take_right(double d) {
    w -= d;
    return {x + w, y, d, h};
  }
  Rect centered(double cw, double ch) const { return {x + (w - cw) / 2, y + (h - ch) / 2, cw, ch}; }

  friend bool operator==(const Rect&, const Rect&) = default;
};

inline Rect intersect(const Rect& a, const Rect& b) {
  const double x = std::max(a.x, b.x), y = std::max(a.y, b.y);
  return {x, y, std::max(0.0, std::min(a.right(), b.right()) - x),
          std::max(0.0, std::min(a.bottom(), b.bottom()) - y)};
}

inline Rect unite(const Rect& a, const Rect& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  const double x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.right(), b.right()) - x, std::max(a.bottom(), b.bottom()) - y};
}

}  // namespace sotto::desktop
