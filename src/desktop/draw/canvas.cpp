#include "desktop/draw/canvas.hpp"

#include <cmath>
#include <numbers>

namespace sotto::desktop {
namespace {

constexpr double kQuarter = std::numbers::pi / 2;

struct ShadowLook {
  double y, blur, alpha;
};
constexpr ShadowLook kShadows[]{{1, 3, .14}, {4, 12, .18}, {8, 32, .26}};

}  // namespace

Canvas::Canvas(cairo_surface_t* base, cairo_surface_t* over, double scale) : scale_(scale) {
  if (base != nullptr) base_ = cairo_create(base);
  if (over != nullptr) over_ = cairo_create(over);
  cairo_ = base_;
}

Canvas::~Canvas() {
  if (base_ != nullptr) cairo_destroy(base_);
  if (over_ != nullptr) cairo_destroy(over_);
}

void Canvas::begin_over() {
  in_over_ = over_ != nullptr;
  if (in_over_) cairo_ = over_;
}

void Canvas::end_over() {
  in_over_ = false;
  cairo_ = base_;
}

void Canvas::source(Color c) {
  cairo_set_source_rgba(cairo_, c.r / 255.0, c.g / 255.0, c.b / 255.0, c.a / 255.0);
}

Rect Canvas::to_px(const Rect& r) const {
  const double x0 = std::round(r.x * scale_), y0 = std::round(r.y * scale_);
  return {x0, y0, std::round(r.right() * scale_) - x0, std::round(r.bottom() * scale_) - y0};
}

double Canvas::snap(double dp) const { return std::round(dp * scale_) / scale_; }

void Canvas::touched(const Rect& px) {
  if (!in_over_) return;
  const Rect limit{clip().x * scale_, clip().y * scale_, clip().w * scale_, clip().h * scale_};
  over_bounds_ = unite(over_bounds_, intersect(px.inset(-1), limit));
}

void Canvas::path_round(const Rect& r, double tl, double tr, double br, double bl) {
  const double most = std::min(r.w, r.h) / 2;
  tl = std::min(tl, most);
  tr = std::min(tr, most);
  br = std::min(br, most);
  bl = std::min(bl, most);
  cairo_new_sub_path(cairo_);
  cairo_arc(cairo_, r.right() - tr, r.y + tr, tr, -kQuarter, 0);
  cairo_arc(cairo_, r.right() - br, r.bottom() - br, br, 0, kQuarter);
  cairo_arc(cairo_, r.x + bl, r.bottom() - bl, bl, kQuarter, 2 * kQuarter);
  cairo_arc(cairo_, r.x + tl, r.y + tl, tl, 2 * kQuarter, 3 * kQuarter);
  cairo_close_path(cairo_);
}

void Canvas::fill(const Rect& rect, Color color) {
  if (cairo_ == nullptr || rect.empty()) return;
  const Rect px = to_px(rect);
  touched(px);
  source(color);
  cairo_rectangle(cairo_, px.x, px.y, px.w, px.h);
  cairo_fill(cairo_);
}

void Canvas::fill_round(const Rect& rect, double radius, Color color) {
  fill_round(rect, radius, radius, radius, radius, color);
}

void Canvas::fill_round(const Rect& rect, double tl, double tr, double br, double bl, Color color) {
  if (cairo_ == nullptr || rect.empty()) return;
  const Rect px = to_px(rect);
  touched(px);
  source(color);
  path_round(px, tl * scale_, tr * scale_, br * scale_, bl * scale_);
  cairo_fill(cairo_);
}

void Canvas::stroke_round(const Rect& rect, double radius, double width, Color color) {
  if (cairo_ == nullptr || rect.empty()) return;
  const double w = std::max(1.0, std::round(width * scale_));
  const Rect px = to_px(rect).inset(w / 2);
  touched(px.inset(-w));
  source(color);
  const double r = std::max(0.0, radius * scale_ - w / 2);
  path_round(px, r, r, r, r);
  cairo_set_line_width(cairo_, w);
  cairo_stroke(cairo_);
}

void Canvas::dashed_round(const Rect& rect, double radius, double width, Color color) {
  if (cairo_ == nullptr) return;
  const double dashes[]{8 * scale_, 6 * scale_};
  cairo_set_dash(cairo_, dashes, 2, 0);
  stroke_round(rect, radius, width, color);
  cairo_set_dash(cairo_, nullptr, 0, 0);
}

void Canvas::circle(Point center, double radius, Color color) {
  if (cairo_ == nullptr) return;
  touched(
      {(center.x - radius) * scale_, (center.y - radius) * scale_, 2 * radius * scale_, 2 * radius * scale_});
  source(color);
  cairo_new_sub_path(cairo_);
  cairo_arc(cairo_, center.x * scale_, center.y * scale_, radius * scale_, 0, 4 * kQuarter);
  cairo_fill(cairo_);
}

void Canvas::ring(Point center, double radius, double width, Color color, double from, double turn) {
  if (cairo_ == nullptr || turn <= 0) return;
  const double w = width * scale_;
  const double r = radius * scale_ - w / 2;
  touched(
      {(center.x - radius) * scale_, (center.y - radius) * scale_, 2 * radius * scale_, 2 * radius * scale_});
  source(color);
  cairo_set_line_width(cairo_, w);
  cairo_set_line_cap(cairo_, turn < 1 ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
  cairo_new_sub_path(cairo_);
  const double start = -kQuarter + from * 4 * kQuarter;
  cairo_arc(cairo_, center.x * scale_, center.y * scale_, r, start,
            start + std::min(turn, 1.0) * 4 * kQuarter);
  cairo_stroke(cairo_);
}

void Canvas::hline(double x, double y, double w, Color color) {
  if (cairo_ == nullptr) return;
  const double thick = std::max(1.0, std::floor(scale_));
  source(color);
  const double x0 = std::round(x * scale_);
  cairo_rectangle(cairo_, x0, std::round(y * scale_), std::round((x + w) * scale_) - x0, thick);
  cairo_fill(cairo_);
}

void Canvas::vline(double x, double y, double h, Color color) {
  if (cairo_ == nullptr) return;
  const double thick = std::max(1.0, std::floor(scale_));
  source(color);
  const double y0 = std::round(y * scale_);
  cairo_rectangle(cairo_, std::round(x * scale_), y0, thick, std::round((y + h) * scale_) - y0);
  cairo_fill(cairo_);
}

void Canvas::shadow(const Rect& rect, double radius, int level) {
  if (cairo_ == nullptr) return;
  const ShadowLook look = kShadows[std::clamp(level, 1, 3) - 1];
  // Layers of growing boxes whose opacities add up to a soft edge: cheap, and exact enough to the eye. The
  // outer ones are the faintest, so that no edge of the last shows.
  constexpr int kLayers = 10;
  const Rect px = to_px(rect.moved(0, look.y));
  for (int i = kLayers; i >= 1; --i) {
    const double t = static_cast<double>(i) / kLayers;
    const double grow = look.blur * scale_ * (t - 0.3) * 0.75;
    const Rect layer = px.inset(-grow);
    if (layer.empty()) continue;
    touched(layer);
    source(kShadow.with_alpha(look.alpha * 2.2 / kLayers * (1 - t) * (1 - t) + 0.002));
    const double r = std::max(0.0, radius * scale_ + grow);
    path_round(layer, r, r, r, r);
    cairo_fill(cairo_);
  }
}

void Canvas::icon(Icon which, Point at, double size, Color color) {
  if (cairo_ == nullptr) return;
  const double x = std::round(at.x * scale_), y = std::round(at.y * scale_);
  touched({x, y, size * scale_, size * scale_});
  cairo_save(cairo_);
  cairo_translate(cairo_, x, y);
  source(color);
  draw_icon(cairo_, which, std::round(size * scale_));
  cairo_restore(cairo_);
}

void Canvas::icon_in(Icon which, const Rect& cell, double size, Color color) {
  icon(which, {cell.x + (cell.w - size) / 2, cell.y + (cell.h - size) / 2}, size, color);
}

void Canvas::text(Point at, const TextBlock& block, Color color, int max_lines) {
  if (cairo_ == nullptr) return;
  const double x = std::round(at.x * scale_), y = std::round(at.y * scale_);
  touched({x - 2, y - 2, block.width() * scale_ + 4, block.height() * scale_ + 4});
  source(color);
  block.paint(cairo_, x, y, max_lines);
}

void Canvas::push_clip(const Rect& rect) {
  clips_.push_back(intersect(clip(), rect));
  if (cairo_ == nullptr) return;
  const Rect px = to_px(rect);
  for (cairo_t* each : {base_, over_}) {
    if (each == nullptr) continue;
    cairo_save(each);
    cairo_rectangle(each, px.x, px.y, px.w, px.h);
    cairo_clip(each);
  }
}

void Canvas::push_clip_round(const Rect& rect, double radius) {
  clips_.push_back(intersect(clip(), rect));
  if (cairo_ == nullptr) return;
  const Rect px = to_px(rect);
  cairo_t* const current = cairo_;
  for (cairo_t* each : {base_, over_}) {
    if (each == nullptr) continue;
    cairo_save(each);
    cairo_ = each;
    path_round(px, radius * scale_, radius * scale_, radius * scale_, radius * scale_);
    cairo_clip(each);
  }
  cairo_ = current;
}

void Canvas::pop_clip() {
  clips_.pop_back();
  if (cairo_ == nullptr) return;
  for (cairo_t* each : {base_, over_}) {
    if (each != nullptr) cairo_restore(each);
  }
}

}  // namespace sotto::desktop
