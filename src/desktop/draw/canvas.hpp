// Where views paint: dp in, whole pixels out, over Cairo.
//
// Two layers of the window's size. `base` is opaque and holds everything; while a picture of a call is
// shown, what must lie over it is painted to `over`, which the compositor puts on top of the video. Views
// say begin_over()/end_over(); without video both are the same layer.
// A canvas that does not paint (layout pass) ignores drawing calls.
#pragma once

#include <cairo.h>

#include <memory>
#include <vector>

#include "desktop/base/geometry.hpp"
#include "desktop/base/tokens.hpp"
#include "desktop/draw/icons.hpp"
#include "desktop/text/text_engine.hpp"

namespace sotto::desktop {

class Canvas {
 public:
  // Surfaces may be null: then nothing is painted. `over` null: over goes to base.
  Canvas(cairo_surface_t* base, cairo_surface_t* over, double scale);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  double scale() const { return scale_; }
  bool painting() const { return cairo_ != nullptr; }

  void begin_over();
  void end_over();
  Rect over_bounds_px() const { return over_bounds_; }

  void fill(const Rect& rect, Color color);
  void fill_round(const Rect& rect, double radius, Color color);
  void fill_round(const Rect& rect, double tl, double tr, double br, double bl, Color color);
  // Inside the edge.
  void stroke_round(const Rect& rect, double radius, double width, Color color);
  void dashed_round(const Rect& rect, double radius, double width, Color color);
  void circle(Point center, double radius, Color color);
  void ring(Point center, double radius, double width, Color color, double from = 0, double turn = 1);
  void hline(double x, double y, double w, Color color);
  void vline(double x, double y, double h, Color color);
  void shadow(const Rect& rect, double radius, int level);  // 1..3
  void icon(Icon icon, Point at, double size, Color color);
  void icon_in(Icon icon, const Rect& cell, double size, Color color);
  void text(Point at, const TextBlock& block, Color color, int max_lines = 0);
  // Clears the rectangle of the over layer, so that video shows through, or fills base with `color`.
  void push_clip(const Rect& rect);
  void push_clip_round(const Rect& rect, double radius);
  void pop_clip();
  Rect clip() const { return clips_.empty() ? Rect{-1e6, -1e6, 2e6, 2e6} : clips_.back(); }

  double snap(double dp) const;

 private:
  void source(Color color);
  void path_round(const Rect& px, double tl, double tr, double br, double bl);
  Rect to_px(const Rect& rect) const;
  void touched(const Rect& px);

  double scale_;
  cairo_t* base_ = nullptr;
  cairo_t* over_ = nullptr;
  cairo_t* cairo_ = nullptr;  // the one painted to now
  bool in_over_ = false;
  Rect over_bounds_{};
  std::vector<Rect> clips_;
};

}  // namespace sotto::desktop
