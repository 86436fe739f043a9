// The scrolling list of one conversation: anchor-based, virtual, with text selection and the read rule.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "desktop/main_view/bubble.hpp"
#include "desktop/main_view/scroll_anchor.hpp"

namespace sotto::desktop {

class MessageList {
 public:
  explicit MessageList(Model& model);

  Bubbles& bubbles() { return bubbles_; }
  // `covered`: a dialog or the call hides it, so nothing in it counts as read.
  void build(Ui& ui, const ConversationView& conversation, const Rect& area, bool one_pane, bool covered);

  void opened(const ConversationId& id);
  void sent();  // an own message was sent: go to the end
  void to_latest(Ui& ui);
  void page(int direction);
  bool copy_selection(Clipboard& clipboard);
  void clear();
  void clear_selection() { selection_ = {}; }
  bool at_end() const { return current_ == nullptr || current_->anchor.at_end(); }

 private:
  struct State {
    ScrollAnchor anchor;
    std::vector<Item> items;
    std::unordered_map<MessageId, std::size_t> by_message;
    std::uint64_t revision = ~0ULL;
    std::optional<MessageId> unread_from;
    bool complete = false;
    bool positioned = false;
  };
  class Source;

  void refresh_items(State& state, const Log& log);
  void paint_separator(Ui& ui, const Item& item, const Rect& row, const Log& log);
  void paint_edges(Ui& ui, const ConversationView& conversation, const Rect& area, Log& log,
                   const std::vector<Placed>& rows);
  void older_failed(Ui& ui, const ConversationView& conversation, const Rect& bar);
  void jump_button(Ui& ui, const ConversationView& conversation, const Rect& area,
                   const std::vector<Placed>& rows, const State& state);
  void note_read(Ui& ui, const ConversationView& conversation, const Rect& area,
                 const std::vector<Placed>& rows, const State& state, const Log& log, double list_top);
  void drag_selection(const PointerEvent& event, const MessageView& message, Point at, Ui& ui);

  Model& model_;
  Bubbles bubbles_;
  std::unordered_map<ConversationId, State> states_;
  State* current_ = nullptr;
  double pending_ = 0;  // wheel distance not yet scrolled
  double page_ = 0;
  TimePoint last_scroll_{}, last_frame_{};
  TextSelection selection_;
  std::string selection_text_;
  std::size_t press_from_ = 0, press_to_ = 0;
  int press_clicks_ = 1;
  std::optional<MessageId> seen_;
  TimePoint seen_since_{};
};

}  // namespace sotto::desktop
