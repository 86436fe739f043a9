// Laid-out text: Pango layouts with the type roles of tokens.hpp, in px, cached.
//
//   auto block = engine.get({.text = "Hello", .role = TextRole::body, .width = 420});
//   canvas.text({x, y}, *block, color);
//
// Line boxes are our own (the role's line height, more only where a glyph needs it), so a line of Latin
// next to a line of CJK keeps the rhythm. Thread: one (the window's).
#pragma once

#include <pango/pangocairo.h>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "desktop/base/geometry.hpp"
#include "desktop/base/tokens.hpp"

namespace sotto::desktop {

enum class Align { start, center, end };

struct TextSpec {
  std::string text = {};
  TextRole role = TextRole::body;
  double width = -1;  // dp; -1: one line, as long as it is
  Align align = Align::start;
  int max_lines = 0;     // > 0: ellipsised at the end of that line
  bool tabular = false;  // digits of equal width: timers
  bool italic = false;
  bool secret = false;  // a password being shown: never cached, wiped with the block that shows it
  // Bytes [first, second) underlined: IME pre-edit.
  std::pair<std::size_t, std::size_t> underline{0, 0};
};

// One laid-out text. All measures in px of the engine's scale.
class TextBlock {
 public:
  TextBlock(PangoLayout* layout, const TextSpec& spec, int line_height, int base_baseline, double scale,
            int available);
  ~TextBlock();
  TextBlock(const TextBlock&) = delete;
  TextBlock& operator=(const TextBlock&) = delete;

  double width() const { return width_ / scale_; }    // dp, natural
  double height() const { return height_ / scale_; }  // dp
  double height_of(int lines) const;                  // dp, of the first lines
  double last_line_width() const;                     // dp
  bool last_line_rtl() const;
  int line_count() const { return static_cast<int>(lines_.size()); }
  bool truncated() const;

  // dp relative to the block's corner.
  std::size_t index_at(Point p) const;
  Rect caret(std::size_t index) const;
  std::vector<Rect> selection(std::size_t from, std::size_t to) const;
  // Moves in visual order; returns {index, -1/0/+1 when it left the block}.
  std::pair<std::size_t, int> visual_move(std::size_t index, int direction) const;
  // Start and end of the visual line that holds the caret.
  std::pair<std::size_t, std::size_t> line_range(std::size_t index) const;
  int line_of(std::size_t index) const;

  void paint(cairo_t* cairo, double x_px, double y_px, int max_lines = 0) const;

 private:
  struct Line {
    PangoLayoutLine* line;
    int x, top, height, baseline, width;
    int pango_x;  // where Pango puts the line, in its units
    std::size_t start, end;
  };
  std::size_t snap(std::size_t index) const;

  PangoLayout* layout_;
  bool secret_;
  double scale_;
  std::size_t bytes_;
  int width_ = 0, height_ = 0;
  std::vector<Line> lines_;
};
using TextBlockPtr = std::shared_ptr<const TextBlock>;

class TextEngine {
 public:
  explicit TextEngine(double scale);
  ~TextEngine();
  TextEngine(const TextEngine&) = delete;
  TextEngine& operator=(const TextEngine&) = delete;

  void set_scale(double scale);
  double scale() const { return scale_; }
  TextBlockPtr get(const TextSpec& spec);
  // Opens the fallback fonts of the common scripts, so that the first message does not wait for them.
  void prewarm();

  std::size_t cached() const { return cache_.size(); }
  std::uint64_t layouts_made() const { return layouts_made_; }
  static constexpr std::size_t kMaxCached = 2000;
  static constexpr std::size_t kMaxCachedBytes = 8u << 20;  // of keys; layouts are about ten times that

 private:
  struct Entry {
    std::string key;
    TextBlockPtr block;
  };
  TextBlockPtr make(const TextSpec& spec);
  PangoFontDescription* font(TextRole role, bool italic);
  int baseline(TextRole role, PangoFontDescription* font);

  double scale_;
  PangoFontMap* fonts_;
  PangoContext* context_;
  std::unordered_map<std::string, std::list<Entry>::iterator> cache_;
  std::list<Entry> order_;  // newest first
  std::size_t cached_bytes_ = 0;
  std::unordered_map<int, PangoFontDescription*> descriptions_;
  std::unordered_map<int, int> baselines_;
  std::uint64_t layouts_made_ = 0;
};

}  // namespace sotto::desktop
