// The text of one field: content, caret, selection, undo. No display, no clock, no layout.
//
// Positions are byte offsets at grapheme boundaries. Steps of undo follow the way people type: a run of
// typing is one step until a pause of a second, a new word after white space, a line break, a paste, a
// change of direction of deleting, or a move of the caret.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "sotto/base/time.hpp"

namespace sotto::desktop {

class EditModel {
 public:
  enum class Kind { typing, paste, ime, programmatic };

  explicit EditModel(bool multi_line = false, std::size_t max_bytes = kDefaultMax)
      : multi_line_(multi_line), max_bytes_(max_bytes) {}
  static constexpr std::size_t kDefaultMax = 256UL * 1024;

  // Replaces everything and starts a fresh undo history; the caret goes to the end.
  void set_text(std::string text);
  void clear() { set_text({}); }
  // Overwrites the memory of a password before letting it go.
  void wipe();

  // Replaces the selection. Cleans the input; a single-line field turns line breaks into spaces.
  // Returns false when the limit cut it.
  bool insert(std::string_view text, Kind kind, TimePoint now);
  void backspace(TimePoint now);
  void delete_forward(TimePoint now);
  void delete_word_back(TimePoint now);
  void delete_word_forward(TimePoint now);
  std::string cut(TimePoint now);

  void set_caret(std::size_t at, bool select);
  void select(std::size_t from, std::size_t to);
  void select_all() { select(0, text_.size()); }
  void select_word_at(std::size_t at);
  void select_paragraph_at(std::size_t at);
  void move_word(int direction, bool select);
  void move_grapheme(int direction, bool select);  // logical order
  void move_paragraph_edge(int direction, bool select);

  bool undo();
  bool redo();

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool blank() const;  // nothing but white space
  std::size_t caret() const { return caret_; }
  std::size_t anchor() const { return anchor_; }
  bool has_selection() const { return caret_ != anchor_; }
  std::pair<std::size_t, std::size_t> selection() const {
    return {std::min(caret_, anchor_), std::max(caret_, anchor_)};
  }
  std::string selected_text() const;
  bool multi_line() const { return multi_line_; }
  std::uint64_t revision() const { return revision_; }  // changes with the text
  bool can_undo() const { return !undo_.empty(); }
  bool can_redo() const { return !redo_.empty(); }

  static constexpr std::size_t kMaxSteps = 200;
  static constexpr std::size_t kMaxUndoBytes = 1 << 20;

 private:
  enum class Action { typing, erase_back, erase_forward, single };
  struct Step {
    std::size_t at = 0;
    std::string removed, inserted;
    std::size_t caret_before = 0, anchor_before = 0, caret_after = 0;
    Action action = Action::single;
    TimePoint last{};
  };

  void replace(std::size_t from, std::size_t to, std::string_view with, Action action, TimePoint now);
  bool merges(const Step& step) const;
  void trim_history();
  void erase(std::size_t from, std::size_t to, Action action, TimePoint now);

  bool multi_line_;
  std::size_t max_bytes_;
  std::string text_;
  std::size_t caret_ = 0, anchor_ = 0;
  std::uint64_t revision_ = 0;
  std::deque<Step> undo_, redo_;
  bool sealed_ = true;  // the next change starts a new step
};

}  // namespace sotto::desktop
