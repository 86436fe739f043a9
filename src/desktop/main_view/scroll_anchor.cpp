#include "desktop/main_view/scroll_anchor.hpp"

#include <algorithm>

namespace sotto::desktop {

ScrollAnchor::Position ScrollAnchor::resolve(ListSource& source, double viewport) const {
  const std::size_t count = source.count();
  if (stuck_) return {count - 1, viewport - source.height(count - 1)};
  const auto found = source.find(anchor_);
  const std::size_t index = found.value_or(std::min(last_index_, count - 1));
  if (edge_ == Edge::top) return {index, offset_};
  return {index, viewport - offset_ - source.height(index)};
}

std::vector<Placed> ScrollAnchor::place(ListSource& source, double viewport) {
  const std::size_t count = source.count();
  if (count == 0) return {};
  const Position start_at = resolve(source, viewport);
  const std::size_t index = start_at.index;
  double y = start_at.y;
  last_index_ = index;

  // Down to the bottom edge; if the content ends above it, everything moves down.
  const auto bottom_from = [&](double start, double limit) {
    double bottom = start;
    for (std::size_t i = index; i < count && bottom < limit; ++i) bottom += source.height(i);
    return bottom;
  };
  const auto reaches_end = [&](double start, double limit) { return bottom_from(start, limit) < limit; };
  if (reaches_end(y, viewport)) y += viewport - bottom_from(y, viewport);

  // Up to the top edge; if the content begins below it, everything moves up, unless all of it fits.
  double top = y;
  std::size_t first = index;
  while (first > 0 && top > 0) top -= source.height(--first);
  if (first == 0 && top > 0) {
    const double bottom = bottom_from(y, viewport + top);
    const double shift = std::clamp(bottom - viewport, 0.0, top);
    y -= shift;
    top -= shift;
  }

  std::vector<Placed> rows;
  double at = top;
  for (std::size_t i = first; i < count && at < viewport; ++i) {
    const double h = source.height(i);
    if (at + h > 0) rows.push_back({i, at, h});
    at += h;
  }
  return rows;
}

void ScrollAnchor::choose(const std::vector<Placed>& rows, ListSource& source, double viewport,
                          bool may_stick) {
  if (rows.empty()) return;
  const Placed& last = rows.back();
  if (may_stick && last.index + 1 == source.count() && last.y + last.height <= viewport + 0.5) {
    stuck_ = true;
    return;
  }
  stuck_ = false;
  const auto inside = std::ranges::find_if(rows, [](const Placed& r) { return r.y >= 0; });
  const Placed& row = inside != rows.end() ? *inside : rows.front();
  anchor_ = source.key(row.index);
  last_index_ = row.index;
  edge_ = Edge::top;
  offset_ = row.y;
}

double ScrollAnchor::scroll_by(double dy, ListSource& source, double viewport) {
  const std::vector<Placed> before = place(source, viewport);
  if (before.empty()) return 0;
  const Placed reference = before.front();
  stuck_ = false;
  anchor_ = source.key(reference.index);
  last_index_ = reference.index;
  edge_ = Edge::top;
  offset_ = reference.y - dy;
  // Placing clamps at both ends; what was reached is the new position.
  const std::vector<Placed> after = place(source, viewport);
  double moved = dy;
  for (const Placed& row : after) {
    if (row.index == reference.index) moved = reference.y - row.y;
  }
  choose(after, source, viewport, true);
  return moved;
}

void ScrollAnchor::unstick(ListSource& source, double viewport) {
  choose(place(source, viewport), source, viewport, false);
}

void ScrollAnchor::to_item(const ItemKey& key, Edge edge, double offset) {
  stuck_ = false;
  anchor_ = key;
  edge_ = edge;
  offset_ = offset;
}

}  // namespace sotto::desktop
