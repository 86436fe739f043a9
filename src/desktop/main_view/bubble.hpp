// One message as a bubble: measures and paints. Cached by message; laid out again only when something that
// it shows or its width changed.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "desktop/main_view/items.hpp"
#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

struct BubbleLayout {
  std::size_t signature = 0;
  double width = 0, height = 0;  // of the box, dp
  double below = 0;              // the line of a failed message
  TextBlockPtr text;
  std::string shown;  // what `text` holds
  Point text_at{};
  int shown_lines = 0;  // > 0: collapsed to these
  bool collapsible = false, collapsed = false;
  bool plain_emoji = false;
  std::string time;
  double time_width = 0;
  Point time_at{};
};

// The part of a message's text a selection covers.
struct TextSelection {
  MessageId message;
  std::size_t from = 0, to = 0;
  bool empty() const { return from == to; }
};

inline constexpr std::size_t kCollapseChars = 2000;
inline constexpr int kCollapseLines = 24, kCollapsedShown = 20;

class Bubbles {
 public:
  explicit Bubbles(Model& model) : model_(model) {}

  // Column: where bubbles may be; one_pane widens them. The reference holds until the next call.
  const BubbleLayout& layout(Ui& ui, const MessageView& message, double column, bool one_pane);
  // Paints at the row's place and registers its regions. `selection` may be null.
  void paint(Ui& ui, const MessageView& message, const Item& item, const BubbleLayout& layout,
             const Rect& box, const TextSelection* selection);

  const BubbleLayout* cached(const MessageId& id) const {
    const auto it = cache_.find(id);
    return it == cache_.end() ? nullptr : &it->second;
  }
  void toggle_expanded(const MessageId& id);
  void clear() { cache_.clear(); }
  std::function<void(const PointerEvent&, const MessageView&, Point)>
      text_pointer;  // Point: in the text block
  std::function<void(const MessageView&)> open_file;
  std::function<void(const ConversationId&, bool)> call_back;
  std::function<void(const MessageView&)> cancel_transfer;

 private:
  void paint_file(Ui& ui, const MessageView& message, const BubbleLayout& layout, const Rect& box);
  void paint_call(Ui& ui, const MessageView& message, const BubbleLayout& layout, const Rect& box);
  void paint_time(Ui& ui, const MessageView& message, const BubbleLayout& layout, const Rect& box);

  Model& model_;
  std::unordered_map<MessageId, BubbleLayout> cache_;
  std::unordered_set<MessageId> expanded_;
};

// "Video call, 12 min", "Missed call", ...
std::string call_item_text(const client::CallSummary& call);

}  // namespace sotto::desktop
