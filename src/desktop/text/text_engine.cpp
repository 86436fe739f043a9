#include "desktop/text/text_engine.hpp"

#include <algorithm>
#include <cmath>

#include "sotto/base/secret_bytes.hpp"

namespace sotto::desktop {
namespace {

constexpr std::string_view kSans = "Noto Sans", kMono = "Noto Sans Mono";

int ceil_px(int pango_units) { return (pango_units + PANGO_SCALE - 1) / PANGO_SCALE; }
int floor_px(int pango_units) {
  return pango_units >= 0 ? pango_units / PANGO_SCALE : -((-pango_units + PANGO_SCALE - 1) / PANGO_SCALE);
}

PangoWeight weight_of(int css) {
  // Debian's Noto Sans has Regular and Bold: semi-bold roles take Bold, medium Regular, as fontconfig would.
  return css >= 600 ? PANGO_WEIGHT_SEMIBOLD : css >= 500 ? PANGO_WEIGHT_MEDIUM : PANGO_WEIGHT_NORMAL;
}

}  // namespace

TextBlock::TextBlock(PangoLayout* layout, const TextSpec& spec, int line_height, int base_baseline,
                     double scale, int available)
    : layout_(layout), secret_(spec.secret), scale_(scale) {
  const char* text = pango_layout_get_text(layout);
  bytes_ = std::string_view(text).size();
  PangoLayoutIter* it = pango_layout_get_iter(layout_);
  int top = 0;
  do {
    PangoLayoutLine* line = pango_layout_iter_get_line_readonly(it);
    PangoRectangle ink, logical;
    pango_layout_iter_get_line_extents(it, &ink, &logical);
    PangoRectangle line_ink;
    pango_layout_line_get_extents(line, &line_ink, nullptr);  // relative to the baseline
    const int above = line_ink.height > 0 ? -floor_px(line_ink.y) : 0;
    const int below = line_ink.height > 0 ? ceil_px(line_ink.y + line_ink.height) : 0;
    // Taller only if a glyph would leave the box by more than a pixel or two (stacked marks, some scripts);
    // how tall is bounded, so that no text can grow over its neighbours.
    const int slack = std::max(1, line_height / 10);
    int baseline = base_baseline, height = line_height;
    if (above > baseline + slack) {
      const int more = std::min(above - baseline, line_height);
      baseline += more;
      height += more;
    }
    if (below > height - baseline + slack) height += std::min(below - (height - baseline), line_height);
    const auto start = static_cast<std::size_t>(line->start_index);
    lines_.push_back({line, floor_px(logical.x), top, height, baseline, ceil_px(logical.width), logical.x,
                      start, start + static_cast<std::size_t>(line->length)});
    pango_layout_line_ref(line);
    top += height;
    width_ = std::max(width_, ceil_px(logical.width));
  } while (pango_layout_iter_next_line(it) != 0);
  pango_layout_iter_free(it);
  height_ = top;
  if (available >= 0 && spec.align != Align::start) {
    for (Line& line : lines_)
      line.x = spec.align == Align::center ? (available - line.width) / 2 : available - line.width;
    width_ = available;
  }
}

TextBlock::~TextBlock() {
  // Pango's own copy of the text; it has no call for this. The positions of the glyphs stay.
  if (secret_) secure_wipe(const_cast<char*>(pango_layout_get_text(layout_)), bytes_);
  for (const Line& line : lines_) pango_layout_line_unref(line.line);
  g_object_unref(layout_);
}

double TextBlock::height_of(int lines) const {
  if (lines <= 0 || lines >= line_count()) return height();
  return lines_[static_cast<std::size_t>(lines)].top / scale_;
}

double TextBlock::last_line_width() const { return lines_.empty() ? 0 : lines_.back().width / scale_; }

bool TextBlock::last_line_rtl() const {
  return !lines_.empty() &&
         pango_layout_line_get_resolved_direction(lines_.back().line) == PANGO_DIRECTION_RTL;
}

bool TextBlock::truncated() const { return pango_layout_is_ellipsized(layout_) != 0; }

std::size_t TextBlock::snap(std::size_t index) const { return std::min(index, bytes_); }

int TextBlock::line_of(std::size_t index) const {
  index = snap(index);
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const bool last = i + 1 == lines_.size();
    if (last || index < lines_[i + 1].start) return static_cast<int>(i);
  }
  return 0;
}

std::size_t TextBlock::index_at(Point p) const {
  if (lines_.empty()) return 0;
  const double y = p.y * scale_;
  std::size_t i = 0;
  while (i + 1 < lines_.size() && y >= lines_[i + 1].top) ++i;
  const Line& line = lines_[i];
  int index = 0, trailing = 0;
  const double x = p.x * scale_ - line.x;
  pango_layout_line_x_to_index(line.line, static_cast<int>(x * PANGO_SCALE), &index, &trailing);
  const char* text = pango_layout_get_text(layout_);
  const char* at = text + index;
  while (trailing-- > 0) at = g_utf8_find_next_char(at, nullptr);
  auto result = static_cast<std::size_t>(at - text);
  // Past the end of a wrapped line the position belongs to the next line: stay on this one.
  if (i + 1 < lines_.size() && result >= lines_[i + 1].start && result > line.start) {
    result = static_cast<std::size_t>(g_utf8_find_prev_char(text, text + result) - text);
    result = std::max(result, line.start);
  }
  return snap(result);
}

Rect TextBlock::caret(std::size_t index) const {
  if (lines_.empty()) return {};
  const Line& line = lines_[static_cast<std::size_t>(line_of(index))];
  PangoRectangle strong;
  pango_layout_get_cursor_pos(layout_, static_cast<int>(snap(index)), &strong, nullptr);
  return {(line.x + static_cast<double>(strong.x - line.pango_x) / PANGO_SCALE) / scale_, line.top / scale_,
          1, line.height / scale_};
}

std::vector<Rect> TextBlock::selection(std::size_t from, std::size_t to) const {
  std::vector<Rect> out;
  from = snap(from);
  to = snap(to);
  if (from >= to) return out;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    const std::size_t next = i + 1 < lines_.size() ? lines_[i + 1].start : bytes_ + 1;
    if (to <= line.start || from >= next) continue;
    int* ranges = nullptr;
    int count = 0;
    pango_layout_line_get_x_ranges(line.line, static_cast<int>(std::max(from, line.start)),
                                   static_cast<int>(std::min(to, line.end)), &ranges, &count);
    // Ranges are relative to the layout; our line offset may differ from Pango's when centred.
    const int base = line.pango_x;
    for (int r = 0; r < count; ++r) {
      const double x0 = static_cast<double>(ranges[2 * r] - base) / PANGO_SCALE + line.x;
      const double x1 = static_cast<double>(ranges[2 * r + 1] - base) / PANGO_SCALE + line.x;
      out.push_back({x0 / scale_, line.top / scale_, (x1 - x0) / scale_, line.height / scale_});
    }
    g_free(ranges);
    // A selected line break shows as a sliver, as editors do.
    if (to > line.end && from <= line.end && next > line.end && next <= bytes_ && count == 0) {
      out.push_back({line.x / scale_, line.top / scale_, 4, line.height / scale_});
    }
  }
  return out;
}

std::pair<std::size_t, int> TextBlock::visual_move(std::size_t index, int direction) const {
  int new_index = 0, trailing = 0;
  pango_layout_move_cursor_visually(layout_, 1, static_cast<int>(snap(index)), 0, direction, &new_index,
                                    &trailing);
  if (new_index < 0) return {0, -1};
  if (new_index == G_MAXINT) return {bytes_, 1};
  const char* text = pango_layout_get_text(layout_);
  const char* at = text + new_index;
  while (trailing-- > 0) at = g_utf8_find_next_char(at, nullptr);
  return {snap(static_cast<std::size_t>(at - text)), 0};
}

std::pair<std::size_t, std::size_t> TextBlock::line_range(std::size_t index) const {
  if (lines_.empty()) return {0, 0};
  const auto i = static_cast<std::size_t>(line_of(index));
  std::size_t end = lines_[i].end;
  if (i + 1 < lines_.size() && end == lines_[i + 1].start && end > lines_[i].start) {
    const char* text = pango_layout_get_text(layout_);
    end = static_cast<std::size_t>(g_utf8_find_prev_char(text, text + end) - text);
  }
  return {lines_[i].start, end};
}

void TextBlock::paint(cairo_t* cairo, double x_px, double y_px, int max_lines) const {
  int count = 0;
  for (const Line& line : lines_) {
    if (max_lines > 0 && count++ >= max_lines) break;
    cairo_move_to(cairo, x_px + line.x, y_px + line.top + line.baseline);
    pango_cairo_show_layout_line(cairo, line.line);
  }
}

TextEngine::TextEngine(double scale) : scale_(scale), fonts_(pango_cairo_font_map_new()) {
  context_ = pango_font_map_create_context(fonts_);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options(context_, options);
  cairo_font_options_destroy(options);
  pango_context_set_round_glyph_positions(context_, FALSE);
}

TextEngine::~TextEngine() {
  cache_.clear();
  order_.clear();
  for (auto& [key, description] : descriptions_) pango_font_description_free(description);
  g_object_unref(context_);
  g_object_unref(fonts_);
}

void TextEngine::set_scale(double scale) {
  if (scale == scale_) return;
  scale_ = scale;
  cache_.clear();
  order_.clear();
  cached_bytes_ = 0;
  for (auto& [key, description] : descriptions_) pango_font_description_free(description);
  descriptions_.clear();
  baselines_.clear();
}

PangoFontDescription* TextEngine::font(TextRole role, bool italic) {
  const int key = static_cast<int>(role) * 2 + (italic ? 1 : 0);
  const auto found = descriptions_.find(key);
  if (found != descriptions_.end()) return found->second;
  const TextMetrics m = metrics(role);
  PangoFontDescription* description = pango_font_description_new();
  pango_font_description_set_family(description, std::string(m.mono ? kMono : kSans).c_str());
  pango_font_description_set_absolute_size(description, m.size * scale_ * PANGO_SCALE);
  pango_font_description_set_weight(description, weight_of(m.weight));
  if (italic) pango_font_description_set_style(description, PANGO_STYLE_ITALIC);
  descriptions_.emplace(key, description);
  return description;
}

int TextEngine::baseline(TextRole role, PangoFontDescription* description) {
  const int key = static_cast<int>(role);
  const auto found = baselines_.find(key);
  if (found != baselines_.end()) return found->second;
  PangoFontMetrics* font_metrics =
      pango_context_get_metrics(context_, description, pango_language_get_default());
  const double ascent = static_cast<double>(pango_font_metrics_get_ascent(font_metrics)) / PANGO_SCALE;
  const double descent = static_cast<double>(pango_font_metrics_get_descent(font_metrics)) / PANGO_SCALE;
  pango_font_metrics_unref(font_metrics);
  const double line = metrics(role).line * scale_;
  const int value = static_cast<int>(std::lround((line - (ascent + descent)) / 2 + ascent));
  baselines_.emplace(key, value);
  return value;
}

TextBlockPtr TextEngine::get(const TextSpec& spec) {
  if (spec.secret) return make(spec);
  std::string key;
  key.reserve(spec.text.size() + 40);
  key += std::to_string(static_cast<int>(spec.role));
  key += '/';
  key += std::to_string(static_cast<int>(std::lround(spec.width * scale_)));
  key += '/';
  key += std::to_string(static_cast<int>(spec.align) + 4 * spec.max_lines);
  key += spec.tabular ? 't' : '-';
  key += spec.italic ? 'i' : '-';
  if (spec.underline.second > spec.underline.first) {
    key += std::to_string(spec.underline.first) + "," + std::to_string(spec.underline.second);
  }
  key += '/';
  key += spec.text;

  const auto found = cache_.find(key);
  if (found != cache_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    return found->second->block;
  }
  TextBlockPtr block = make(spec);
  cached_bytes_ += key.size();
  order_.push_front({key, block});
  cache_.emplace(std::move(key), order_.begin());
  while (order_.size() > 1 && (cache_.size() > kMaxCached || cached_bytes_ > kMaxCachedBytes)) {
    cached_bytes_ -= order_.back().key.size();
    cache_.erase(order_.back().key);
    order_.pop_back();
  }
  return block;
}

TextBlockPtr TextEngine::make(const TextSpec& spec) {
  ++layouts_made_;
  PangoFontDescription* description = font(spec.role, spec.italic);
  PangoLayout* layout = pango_layout_new(context_);
  pango_layout_set_font_description(layout, description);
  pango_layout_set_auto_dir(layout, TRUE);
  pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_text(layout, spec.text.data(), static_cast<int>(spec.text.size()));
  PangoAttrList* attributes = pango_attr_list_new();
  // A long word is cut at the edge; a hyphen that nobody wrote would change it.
  pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
  if (spec.tabular) pango_attr_list_insert(attributes, pango_attr_font_features_new("tnum=1"));
  if (spec.underline.second > spec.underline.first) {
    PangoAttribute* underline = pango_attr_underline_new(PANGO_UNDERLINE_SINGLE);
    underline->start_index = static_cast<guint>(spec.underline.first);
    underline->end_index = static_cast<guint>(spec.underline.second);
    pango_attr_list_insert(attributes, underline);
  }
  pango_layout_set_attributes(layout, attributes);
  pango_attr_list_unref(attributes);
  int available = -1;
  if (spec.width >= 0) {
    available = std::max(1, static_cast<int>(std::floor(spec.width * scale_)));
    pango_layout_set_width(layout, available * PANGO_SCALE);
    if (spec.max_lines > 0) {
      pango_layout_set_height(layout, -spec.max_lines);
      pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    }
    // A right-to-left line would hang at the far right of the width offered: give it its natural width.
    int natural = 0;
    bool rtl = false;
    PangoLayoutIter* it = pango_layout_get_iter(layout);
    do {
      PangoRectangle logical;
      pango_layout_iter_get_line_extents(it, nullptr, &logical);
      natural = std::max(natural, logical.width);
      rtl |= pango_layout_line_get_resolved_direction(pango_layout_iter_get_line_readonly(it)) ==
             PANGO_DIRECTION_RTL;
    } while (pango_layout_iter_next_line(it) != 0);
    pango_layout_iter_free(it);
    if (rtl && natural < available * PANGO_SCALE)
      pango_layout_set_width(layout, ceil_px(natural) * PANGO_SCALE);
  }
  const int line_height = static_cast<int>(std::lround(metrics(spec.role).line * scale_));
  return std::make_shared<TextBlock>(layout, spec, line_height, baseline(spec.role, description), scale_,
                                     available);
}

void TextEngine::prewarm() {
  for (const TextRole role : {TextRole::body, TextRole::preview}) {
    get({.text = "Aa Яя Ωω 你好 こんにちは 안녕 שלום مرحبا नमस्ते ไทย ✓ 👍 😀", .role = role, .width = 400});
  }
}

}  // namespace sotto::desktop
