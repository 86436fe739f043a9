// Where a virtual list stands: an item and its distance from an edge of the viewport, never a pixel
// offset into everything. What changes above the anchor cannot move what is on the screen.
//
//   auto rows = anchor.place(source, viewport_height);   // the rows to draw, with y
//   anchor.scroll_by(60, source, viewport_height);       // towards the end
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "desktop/main_view/items.hpp"

namespace sotto::desktop {

class ListSource {
 public:
  virtual ~ListSource() = default;
  virtual std::size_t count() const = 0;
  virtual ItemKey key(std::size_t index) const = 0;
  virtual double height(std::size_t index) = 0;  // with its gap above; > 0
  virtual std::optional<std::size_t> find(const ItemKey& key) const = 0;
};

struct Placed {
  std::size_t index;
  double y, height;
};

class ScrollAnchor {
 public:
  enum class Edge { top, bottom };

  // Rows that touch the viewport, top to bottom. Content shorter than the viewport stands at its end.
  std::vector<Placed> place(ListSource& source, double viewport);

  // Moves by `dy` (positive: towards the end) as far as there is content, then chooses the anchor anew.
  // Returns how far it went.
  double scroll_by(double dy, ListSource& source, double viewport);

  void to_end() { stuck_ = true; }
  void to_item(const ItemKey& key, Edge edge, double offset);
  bool at_end() const { return stuck_; }
  // Keeps what is shown but stays where it is when rows are appended.
  void unstick(ListSource& source, double viewport);

 private:
  struct Position {
    std::size_t index;
    double y;
  };
  Position resolve(ListSource& source, double viewport) const;
  void choose(const std::vector<Placed>& rows, ListSource& source, double viewport, bool may_stick);

  ItemKey anchor_{};
  std::size_t last_index_ = 0;  // where the anchor was, in case it disappears
  Edge edge_ = Edge::bottom;
  double offset_ = 0;
  bool stuck_ = true;
};

}  // namespace sotto::desktop
