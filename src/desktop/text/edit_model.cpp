#include "desktop/text/edit_model.hpp"

#include <algorithm>
#include <chrono>

#include "desktop/text/breaks.hpp"
#include "desktop/text/sanitize.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::desktop {
namespace {

constexpr Duration kPause = std::chrono::seconds(1);

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// A cut at the byte limit must not split a character.
std::size_t floor_boundary(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

void EditModel::set_text(std::string text) {
  text_ = std::move(text);
  caret_ = anchor_ = text_.size();
  undo_.clear();
  redo_.clear();
  sealed_ = true;
  ++revision_;
}

void EditModel::wipe() {
  for (std::deque<Step>* steps : {&undo_, &redo_}) {
    for (Step& step : *steps) {
      secure_wipe(step.inserted.data(), step.inserted.size());
      secure_wipe(step.removed.data(), step.removed.size());
    }
  }
  secure_wipe(text_.data(), text_.size());
  set_text({});
}

bool EditModel::blank() const { return std::ranges::all_of(text_, is_space); }

std::string EditModel::selected_text() const {
  const auto [from, to] = selection();
  return text_.substr(from, to - from);
}

bool EditModel::insert(std::string_view raw, Kind kind, TimePoint now) {
  std::string clean = clean_input(raw);
  if (!multi_line_) std::ranges::replace(clean, '\n', ' ');
  const auto [from, to] = selection();
  const std::size_t kept = text_.size() - (to - from);
  const std::size_t room = max_bytes_ > kept ? max_bytes_ - kept : 0;
  const bool fits = clean.size() <= room;
  if (!fits) clean.resize(floor_boundary(clean, room));
  if (clean.empty() && from == to) return fits;
  const bool plain = kind == Kind::typing && clean != "\n" && from == to;
  replace(from, to, clean, plain ? Action::typing : Action::single, now);
  return fits;
}

void EditModel::erase(std::size_t from, std::size_t to, Action action, TimePoint now) {
  if (from < to) replace(from, to, {}, action, now);
}

void EditModel::backspace(TimePoint now) {
  if (has_selection()) {
    const auto [from, to] = selection();
    erase(from, to, Action::single, now);
  } else {
    erase(backspace_start(text_, caret_), caret_, Action::erase_back, now);
  }
}

void EditModel::delete_forward(TimePoint now) {
  if (has_selection()) {
    const auto [from, to] = selection();
    erase(from, to, Action::single, now);
  } else {
    erase(caret_, next_grapheme(text_, caret_), Action::erase_forward, now);
  }
}

void EditModel::delete_word_back(TimePoint now) {
  if (has_selection()) return backspace(now);
  erase(previous_word_start(text_, caret_), caret_, Action::single, now);
}

void EditModel::delete_word_forward(TimePoint now) {
  if (has_selection()) return delete_forward(now);
  erase(caret_, next_word_end(text_, caret_), Action::single, now);
}

std::string EditModel::cut(TimePoint now) {
  std::string taken = selected_text();
  const auto [from, to] = selection();
  erase(from, to, Action::single, now);
  return taken;
}

bool EditModel::merges(const Step& step) const {
  if (sealed_ || undo_.empty()) return false;
  const Step& last = undo_.back();
  if (last.action != step.action || step.action == Action::single || step.last - last.last > kPause)
    return false;
  switch (step.action) {
    case Action::typing: {
      if (step.at != last.at + last.inserted.size() || last.inserted.empty() || !step.removed.empty())
        return false;
      // A new word begins a new step; the space after a word still belongs to it.
      return !(is_space(last.inserted.back()) && !is_space(step.inserted.front()));
    }
    case Action::erase_back: return step.at + step.removed.size() == last.at;
    case Action::erase_forward: return step.at == last.at;
    case Action::single: return false;
  }
  return false;
}

void EditModel::replace(std::size_t from, std::size_t to, std::string_view with, Action action,
                        TimePoint now) {
  Step step{
      from, text_.substr(from, to - from), std::string(with), caret_, anchor_, from + with.size(), action,
      now};
  text_.replace(from, to - from, with);
  caret_ = anchor_ = step.caret_after;
  ++revision_;
  redo_.clear();
  if (merges(step)) {
    Step& last = undo_.back();
    last.caret_after = step.caret_after;
    last.last = now;
    if (action == Action::typing) {
      last.inserted += step.inserted;
    } else if (action == Action::erase_back) {
      last.removed.insert(0, step.removed);
      last.at = step.at;
    } else {
      last.removed += step.removed;
    }
  } else {
    undo_.push_back(std::move(step));
  }
  sealed_ = action == Action::single;
  trim_history();
}

void EditModel::trim_history() {
  std::size_t bytes = 0;
  for (const Step& step : undo_) bytes += step.removed.size() + step.inserted.size();
  while (undo_.size() > 1 && (undo_.size() > kMaxSteps || bytes > kMaxUndoBytes)) {
    bytes -= undo_.front().removed.size() + undo_.front().inserted.size();
    undo_.pop_front();
  }
}

bool EditModel::undo() {
  if (undo_.empty()) return false;
  Step step = std::move(undo_.back());
  undo_.pop_back();
  text_.replace(step.at, step.inserted.size(), step.removed);
  caret_ = step.caret_before;
  anchor_ = step.anchor_before;
  redo_.push_back(std::move(step));
  sealed_ = true;
  ++revision_;
  return true;
}

bool EditModel::redo() {
  if (redo_.empty()) return false;
  Step step = std::move(redo_.back());
  redo_.pop_back();
  text_.replace(step.at, step.removed.size(), step.inserted);
  caret_ = anchor_ = step.caret_after;
  undo_.push_back(std::move(step));
  sealed_ = true;
  ++revision_;
  return true;
}

void EditModel::set_caret(std::size_t at, bool select) {
  caret_ = std::min(at, text_.size());
  if (!select) anchor_ = caret_;
  sealed_ = true;
}

void EditModel::select(std::size_t from, std::size_t to) {
  anchor_ = std::min(from, text_.size());
  caret_ = std::min(to, text_.size());
  sealed_ = true;
}

void EditModel::select_word_at(std::size_t at) {
  const auto [from, to] = word_around(text_, std::min(at, text_.size()));
  select(from, to);
}

void EditModel::select_paragraph_at(std::size_t at) {
  at = std::min(at, text_.size());
  select(paragraph_start(text_, at), paragraph_end(text_, at));
}

void EditModel::move_word(int direction, bool select) {
  set_caret(direction < 0 ? previous_word_start(text_, caret_) : next_word_end(text_, caret_), select);
}

void EditModel::move_grapheme(int direction, bool select) {
  if (has_selection() && !select) {
    const auto [from, to] = selection();
    return set_caret(direction < 0 ? from : to, false);
  }
  set_caret(direction < 0 ? previous_grapheme(text_, caret_) : next_grapheme(text_, caret_), select);
}

void EditModel::move_paragraph_edge(int direction, bool select) {
  set_caret(direction < 0 ? paragraph_start(text_, caret_) : paragraph_end(text_, caret_), select);
}

}  // namespace sotto::desktop
