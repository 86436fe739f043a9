#include "desktop/main_view/message_list.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/text/breaks.hpp"
#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {
namespace {

using std::chrono::milliseconds;

constexpr double kGutter = 16, kTopPad = 8, kEndPad = 12;
constexpr double kSeparator = 24, kUnreadLine = 20, kStartLine = 40;
constexpr int kReadAfterMs = 500;
constexpr auto kAttentive = std::chrono::seconds(120);
constexpr int kFloatingDayMs = 1000;

}  // namespace

// Heights for the anchor: a row is its gap and its bubble; the last one has room below it.
class MessageList::Source final : public ListSource {
 public:
  Source(Ui& ui, Bubbles& bubbles, const State& state, const Log& log, double column, bool one_pane)
      : ui_(ui), bubbles_(bubbles), state_(state), log_(log), column_(column), one_pane_(one_pane) {}
  std::size_t count() const override { return state_.items.size(); }
  ItemKey key(std::size_t index) const override { return state_.items[index].key; }
  double height(std::size_t index) override {
    const Item& item = state_.items[index];
    double h = item.gap + (index == 0 ? kTopPad : 0) + (index + 1 == state_.items.size() ? kEndPad : 0);
    switch (item.key.kind) {
      case ItemKey::Kind::start: return h + kStartLine;
      case ItemKey::Kind::day: return h + kSeparator;
      case ItemKey::Kind::unread: return h + kUnreadLine;
      case ItemKey::Kind::message: {
        const BubbleLayout& l = bubbles_.layout(ui_, log_.messages[item.index], column_, one_pane_);
        // Whole pixels, so that rows never shimmer while scrolling.
        return h + std::ceil((l.height + l.below) * ui_.engine().scale()) / ui_.engine().scale();
      }
    }
    return h;
  }
  std::optional<std::size_t> find(const ItemKey& key) const override {
    if (key.kind == ItemKey::Kind::message) {
      const auto it = state_.by_message.find(key.message);
      return it == state_.by_message.end() ? std::nullopt : std::optional(it->second);
    }
    const auto it = std::ranges::find_if(state_.items, [&](const Item& item) {
      return item.key.kind == key.kind && (key.kind != ItemKey::Kind::day || item.key.day == key.day);
    });
    return it == state_.items.end() ? std::nullopt
                                    : std::optional(static_cast<std::size_t>(it - state_.items.begin()));
  }

 private:
  Ui& ui_;
  Bubbles& bubbles_;
  const State& state_;
  const Log& log_;
  double column_;
  bool one_pane_;
};

MessageList::MessageList(Model& model) : model_(model), bubbles_(model) {}

void MessageList::opened(const ConversationId& id) {
  State& state = states_[id];
  state.positioned = false;
  selection_ = {};
  seen_.reset();
  pending_ = 0;
}

void MessageList::clear() {
  states_.clear();
  current_ = nullptr;
  selection_ = {};
  seen_.reset();
  pending_ = 0;
}

void MessageList::sent() {
  if (current_ != nullptr) current_->anchor.to_end();
  pending_ = 0;
}

void MessageList::page(int direction) { page_ += direction; }

void MessageList::to_latest(Ui&) {
  if (current_ != nullptr) current_->anchor.to_end();
  pending_ = 0;
}

bool MessageList::copy_selection(Clipboard& clipboard) {
  if (selection_.empty() || selection_text_.empty()) return false;
  clipboard.set_text(selection_text_);
  return true;
}

void MessageList::refresh_items(State& state, const Log& log) {
  if (state.revision == log.revision && state.unread_from == log.unread_from &&
      state.complete == log.complete)
    return;
  state.revision = log.revision;
  state.unread_from = log.unread_from;
  state.complete = log.complete;
  state.items = make_items(log.messages, log.unread_from, log.complete);
  state.by_message.clear();
  for (std::size_t i = 0; i < state.items.size(); ++i) {
    if (state.items[i].key.kind == ItemKey::Kind::message) state.by_message[state.items[i].key.message] = i;
  }
}

void MessageList::build(Ui& ui, const ConversationView& conversation, const Rect& area, bool one_pane,
                        bool covered) {
  Log* log = model_.log(conversation.id);
  State& state = states_[conversation.id];
  current_ = &state;
  ui.canvas().fill(area, ui.color(Token::bg));

  Region list;
  list.id = "messages.list";
  list.label = conversation.name;
  list.rect = area;
  list.role = Role::region;
  list.focusable = log != nullptr && !log->messages.empty();
  list.wheel = [this](double dy) { pending_ += dy; };
  list.pointer = [this](const PointerEvent& e) {
    if (e.kind == PointerKind::press) selection_ = {};
  };
  list.key = [this, &ui](const KeyEvent& e) {
    switch (e.key) {
      case Key::up: pending_ -= 60; return true;
      case Key::down: pending_ += 60; return true;
      case Key::page_up: page_ -= 1; return true;
      case Key::page_down: page_ += 1; return true;
      case Key::end: to_latest(ui); return true;
      case Key::c: return e.ctrl && copy_selection(ui.clipboard());
      default: return false;
    }
  };
  ui.region(std::move(list));
  if (log == nullptr) return;
  refresh_items(state, *log);

  if (log->messages.empty()) {
    if (log->loading || !log->opened) {
      ui.spinner(area.center(), 28, ui.color(Token::text3));
    } else if (log->failed) {
      older_failed(ui, conversation, {area.x, area.center().y - 14, area.w, 28});
    } else {
      const Rect box = area.centered(std::min(360.0, area.w - 32), 120);
      ui.avatar({box.center().x, box.y + 10}, 64, conversation.name, identity_of(conversation.peer.id));
      ui.line({box.x, box.y + 56, box.w, 22},
              fill(str::kSayHello, {{"name", isolated(conversation.name, 40)}}), TextRole::title,
              ui.color(Token::text), Align::center);
      ui.paragraph({box.x, box.y + 84, box.w, 40}, s(str::kEncrypted), TextRole::body, ui.color(Token::text2),
                   Align::center);
    }
    return;
  }

  const double gutter = one_pane ? 8 : kGutter;
  const double column = std::min(dp::kColumnMax, area.w - 2 * gutter);
  const double left = area.x + (area.w - column) / 2;
  Source source(ui, bubbles_, state, *log, column, one_pane);

  if (!state.positioned && (!log->loading || log->unread_from)) {
    state.positioned = true;
    state.anchor.to_end();
    if (log->unread_from)
      state.anchor.to_item({ItemKey::Kind::unread, *log->unread_from, 0}, ScrollAnchor::Edge::top,
                           area.h * 0.25);
  }
  // Arrivals while nobody looks: stay at the end only until the unread marker comes into the upper third.
  if (page_ != 0) {
    pending_ += page_ * (area.h - 40);
    page_ = 0;
  }
  if (pending_ != 0) {
    const double elapsed =
        last_frame_ == TimePoint{}
            ? 16.0
            : std::min(50.0, std::chrono::duration<double, std::milli>(ui.now() - last_frame_).count());
    double step = pending_ * (1 - std::exp(-elapsed / 30.0));
    if (std::abs(pending_) < 1 || ui.animator().reduced()) step = pending_;
    if (ui.canvas().painting()) {
      const double moved = state.anchor.scroll_by(step, source, area.h);
      pending_ -= step;
      if (std::abs(moved - step) > 0.5 || std::abs(pending_) < 0.5) pending_ = 0;
      last_scroll_ = ui.now();
    }
    if (pending_ != 0) ui.wake_in(16);
  }
  if (ui.canvas().painting()) last_frame_ = pending_ != 0 ? ui.now() : TimePoint{};

  const std::vector<Placed> rows = state.anchor.place(source, area.h);
  ui.canvas().push_clip(area);
  for (const Placed& placed : rows) {
    const Item& item = state.items[placed.index];
    const double top = area.y + placed.y + item.gap + (placed.index == 0 ? kTopPad : 0);
    if (item.key.kind != ItemKey::Kind::message) {
      paint_separator(ui, item, {left, top, column, kSeparator}, *log);
      continue;
    }
    const MessageView& m = log->messages[item.index];
    const BubbleLayout& l = bubbles_.layout(ui, m, column, one_pane);
    const double x = m.own ? left + column - l.width : left;
    const TextSelection* selection = selection_.message == m.id ? &selection_ : nullptr;
    bubbles_.text_pointer = [this, &ui](const PointerEvent& e, const MessageView& message, Point at) {
      drag_selection(e, message, at, ui);
    };
    bubbles_.paint(ui, m, item, l, {ui.canvas().snap(x), ui.canvas().snap(top), l.width, l.height},
                   selection);
  }
  paint_edges(ui, conversation, area, *log, rows);

  // The day of what is on top, while scrolling.
  const TimePoint day_until = last_scroll_ + milliseconds(kFloatingDayMs);
  if (last_scroll_ != TimePoint{} && ui.now() < day_until && !rows.empty()) {
    const bool separator_near = std::ranges::any_of(rows, [&](const Placed& p) {
      return state.items[p.index].key.kind == ItemKey::Kind::day && p.y < 60;
    });
    if (!separator_near) {
      const std::string day = day_text(log->messages[state.items[rows.front().index].index].time, ui.wall());
      const double w = ui.text_width(day, TextRole::caption) + 24;
      const Rect pill{area.x + (area.w - w) / 2, area.y + 8, w, 24};
      ui.canvas().shadow(pill, 12, 1);
      ui.canvas().fill_round(pill, 12, ui.color(Token::bg_sunk));
      ui.line(pill, day, TextRole::caption, ui.color(Token::text2), Align::center);
    }
    ui.wake_at(day_until);
  }
  ui.canvas().pop_clip();
  jump_button(ui, conversation, area, rows, state);
  if (!covered) note_read(ui, conversation, area, rows, state, *log, area.y);

  // Older ones before they are needed.
  if (!rows.empty() && rows.front().index < 20 && !log->complete && !log->loading && !log->failed)
    model_.load_older(conversation.id);
}

void MessageList::paint_separator(Ui& ui, const Item& item, const Rect& row, const Log& log) {
  if (item.key.kind == ItemKey::Kind::start) {
    ui.line({row.x, row.y + 8, row.w, 20}, s(str::kStartOfChat), TextRole::caption, ui.color(Token::text3),
            Align::center);
    return;
  }
  if (item.key.kind == ItemKey::Kind::unread) {
    const std::string text = s(str::kNewMessages);
    const double w = ui.text_width(text, TextRole::caption_strong) + 24;
    const double y = row.y + kUnreadLine / 2;
    ui.canvas().hline(row.x, y, (row.w - w) / 2, ui.color(Token::accent));
    ui.canvas().hline(row.x + (row.w + w) / 2, y, (row.w - w) / 2, ui.color(Token::accent));
    ui.line({row.x, row.y, row.w, kUnreadLine}, text, TextRole::caption_strong, ui.color(Token::link),
            Align::center);
    ui.describe("messages.unread_marker", Role::text, {row.x, row.y, row.w, kUnreadLine}, text);
    return;
  }
  const std::string day = day_text(log.messages[item.index].time, ui.wall());
  const double w = ui.text_width(day, TextRole::caption) + 24;
  const Rect pill{row.x + (row.w - w) / 2, row.y, w, kSeparator};
  ui.canvas().fill_round(pill, kSeparator / 2, ui.color(Token::bg_sunk));
  ui.line(pill, day, TextRole::caption, ui.color(Token::text2), Align::center);
  ui.describe("messages.day", Role::text, pill, day);
}

void MessageList::paint_edges(Ui& ui, const ConversationView& conversation, const Rect& area, Log& log,
                              const std::vector<Placed>& rows) {
  if (rows.empty() || rows.front().index > 0 || log.complete) return;
  const Rect bar{area.x, area.y + 8, area.w, 28};
  if (log.failed) {
    older_failed(ui, conversation, bar);
  } else if (log.loading) {
    const double w = ui.text_width(s(str::kLoadingOlder), TextRole::caption) + 48;
    const Rect pill{area.x + (area.w - w) / 2, bar.y, w, 28};
    ui.canvas().fill_round(pill, 14, ui.color(Token::bg_sunk));
    ui.spinner({pill.x + 18, pill.center().y}, 14, ui.color(Token::text3));
    ui.line({pill.x + 32, pill.y, pill.w, 28}, s(str::kLoadingOlder), TextRole::caption,
            ui.color(Token::text2));
  }
}

void MessageList::older_failed(Ui& ui, const ConversationView& conversation, const Rect& bar) {
  const std::string text = s(str::kOlderFailed);
  const double w = ui.text_width(text, TextRole::caption) + 90;
  const double x = bar.x + (bar.w - w) / 2;
  ui.canvas().fill_round({x - 12, bar.y, w + 24, 28}, 14, ui.color(Token::bg_sunk));
  ui.line({x, bar.y, w, 28}, text, TextRole::caption, ui.color(Token::err));
  ui.button({.id = "messages.load_again",
             .label = s(str::kTryAgain),
             .rect = {x + w - 80, bar.y, 80, 28},
             .kind = ButtonKind::text,
             .on = [this, id = conversation.id] { model_.load_older(id); },
             .small = true});
}

void MessageList::jump_button(Ui& ui, const ConversationView& conversation, const Rect& area,
                              const std::vector<Placed>& rows, const State& state) {
  if (rows.empty() || state.anchor.at_end()) return;
  const Placed& last = rows.back();
  double beyond = last.y + last.height - area.h;
  if (last.index + 1 < state.items.size()) beyond += area.h;  // more below: surely far
  if (beyond < area.h / 2) return;
  const Rect disc{area.right() - 16 - 40, area.bottom() - 16 - 40, 40, 40};
  ui.canvas().shadow(disc, 20, 2);
  ui.canvas().fill_round(disc, 20, ui.color(ui.hovered("messages.jump") ? Token::bg_hover : Token::bg));
  ui.canvas().stroke_round(disc, 20, 1, ui.color(Token::border));
  ui.canvas().icon_in(Icon::chevron_down, disc, 20, ui.color(Token::text2));
  Region r;
  r.id = "messages.jump";
  r.label = s(str::kToLatest);
  r.rect = disc;
  r.role = Role::button;
  r.focusable = true;
  r.cursor = Cursor::hand;
  r.activate = [this, &ui] { to_latest(ui); };
  ui.region(std::move(r));
  ui.focus_ring("messages.jump", disc, 20);
  if (conversation.unread > 0) {
    const std::string count = conversation.unread > 999 ? "999+" : std::to_string(conversation.unread);
    const double w = std::max(20.0, ui.text_width(count, TextRole::badge) + 12);
    const Rect badge{disc.center().x - w / 2, disc.y - 10, w, 20};
    ui.canvas().fill_round(badge, 10, ui.color(Token::accent));
    ui.line(badge, count, TextRole::badge, ui.color(Token::on_accent), Align::center);
  }
}

void MessageList::note_read(Ui& ui, const ConversationView& conversation, const Rect& area,
                            const std::vector<Placed>& rows, const State& state, const Log& log, double) {
  if (!ui.window_focused() || conversation.unread == 0 || ui.now() - ui.last_input() > kAttentive) return;
  const MessageView* newest = nullptr;
  for (const Placed& row : rows) {
    const Item& item = state.items[row.index];
    if (item.key.kind != ItemKey::Kind::message || row.y + row.height > area.h + kEndPad + 1) continue;
    const MessageView& m = log.messages[item.index];
    if (!m.own) newest = &m;
  }
  if (newest == nullptr) return;
  if (seen_ != newest->id) {
    seen_ = newest->id;
    seen_since_ = ui.now();
  }
  const TimePoint due = seen_since_ + milliseconds(kReadAfterMs);
  if (ui.now() < due) return ui.wake_at(due);
  model_.mark_read(conversation.id, newest->id);
}

void MessageList::drag_selection(const PointerEvent& e, const MessageView& m, Point at, Ui& ui) {
  Log* log = model_.log(m.conversation);
  if (log == nullptr || current_ == nullptr || e.button != Button::left) return;
  const auto found = current_->by_message.find(m.id);
  if (found == current_->by_message.end()) return;
  if (e.kind == PointerKind::press) ui.focus("messages.list");
  // The layout is in the cache under the same message.
  const BubbleLayout* layout = bubbles_.cached(m.id);
  if (layout == nullptr || !layout->text) return;
  const std::size_t index = std::min(layout->text->index_at(at), layout->shown.size());
  if (e.kind == PointerKind::press) {
    press_clicks_ = e.clicks;
    press_from_ = press_to_ = index;
    if (e.clicks == 2) std::tie(press_from_, press_to_) = word_around(layout->shown, index);
    if (e.clicks >= 3)
      press_from_ = paragraph_start(layout->shown, index), press_to_ = paragraph_end(layout->shown, index);
    selection_ = {m.id, press_from_, press_to_};
  } else if (e.kind == PointerKind::drag && selection_.message == m.id) {
    selection_.from = index < press_from_ ? press_to_ : press_from_;
    selection_.to = index < press_from_ ? index : std::max(index, press_to_);
  }
  const std::size_t from = std::min(selection_.from, selection_.to),
                    to = std::max(selection_.from, selection_.to);
  // All of it is copied as it was typed, not as it is shown.
  selection_text_ = from == 0 && to == layout->shown.size() && !layout->collapsed
                        ? clean_input(m.text)
                        : layout->shown.substr(from, to - from);
  if (e.kind == PointerKind::release && !selection_.empty()) ui.clipboard().set_primary(selection_text_);
}

}  // namespace sotto::desktop
