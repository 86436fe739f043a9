#include "desktop/main_view/bubble.hpp"

#include <algorithm>
#include <chrono>
#include <functional>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {
namespace {

constexpr double kPadX = 12, kPadTop = 8, kPadBottom = 6;
constexpr double kStateSlot = 18;
constexpr double kFileHeight = 64, kCallHeight = 60;
constexpr double kFailedLine = 22;
constexpr double kShowMore = 28;
constexpr std::size_t kMaxCached = 3000;  // messages; far more than any screen shows

std::string upper_extension(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0 || name.size() - dot > 6 || dot + 1 == name.size()) return {};
  std::string out = name.substr(dot + 1);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

Icon type_icon(const client::FileView& file) {
  const std::string_view type = file.type;
  if (type.starts_with("image/")) return Icon::file_image;
  if (type.starts_with("video/")) return Icon::file_video;
  if (type.starts_with("audio/")) return Icon::file_audio;
  if (type.starts_with("text/") || type == "application/pdf") return Icon::file_text;
  if (type.find("zip") != std::string_view::npos || type.find("tar") != std::string_view::npos)
    return Icon::file_archive;
  return Icon::file;
}

// A text that would take long to lay out or to read is cut before it is shaped.
std::string collapsed_text(const std::string& text, bool& cut) {
  const std::size_t end = utf8_offset(text, kCollapseChars);
  std::size_t lines = 0, at = 0;
  while (at < end && lines <= static_cast<std::size_t>(kCollapseLines)) {
    const std::size_t next = text.find('\n', at);
    if (next == std::string::npos || next >= end) break;
    at = next + 1;
    ++lines;
  }
  std::size_t keep = end;
  if (lines > static_cast<std::size_t>(kCollapseLines)) keep = at - 1;
  cut = keep < text.size();
  return text.substr(0, keep);
}

}  // namespace

std::string call_item_text(const client::CallSummary& call) {
  if (call.answered) {
    const std::string_view word = call.video ? str::kVideoCallWord : str::kCallWord;
    return s(word) + ", " + short_duration(call.duration_s);
  }
  switch (call.reason) {
    case EndReason::declined: return s(str::kDeclinedCall);
    case EndReason::busy:
      return s(call.outgoing ? str::kBusyItem : call.video ? str::kMissedVideo : str::kMissedCall);
    case EndReason::no_answer:
      return s(call.outgoing ? str::kNoAnswerItem : call.video ? str::kMissedVideo : str::kMissedCall);
    case EndReason::connect_failed:
    case EndReason::media_failed:
    case EndReason::connection_lost: return s(str::kFailedItem);
    default:
      return s(call.outgoing ? str::kCancelledItem : call.video ? str::kMissedVideo : str::kMissedCall);
  }
}

void Bubbles::toggle_expanded(const MessageId& id) {
  if (!expanded_.erase(id)) expanded_.insert(id);
}

const BubbleLayout& Bubbles::layout(Ui& ui, const MessageView& m, double column, bool one_pane) {
  const bool expanded = expanded_.contains(m.id);
  const std::hash<std::string> hash;
  std::size_t signature = hash(m.text) ^ hash(m.failure) * 3;
  for (const std::size_t part :
       {static_cast<std::size_t>(column * 8), static_cast<std::size_t>(ui.engine().scale() * 64),
        static_cast<std::size_t>(m.kind), static_cast<std::size_t>(m.state == MessageState::failed),
        static_cast<std::size_t>(expanded), static_cast<std::size_t>(m.time.ms / 60000),
        static_cast<std::size_t>(one_pane)}) {
    signature = signature * 1099511628211ULL + part;
  }
  if (cache_.size() > kMaxCached) cache_.clear();
  BubbleLayout& l = cache_[m.id];
  if (l.signature == signature && l.height > 0) return l;
  l = {};
  l.signature = signature;

  const double share = one_pane ? 0.88 : 0.72;
  const double widest = std::max(dp::kBubbleMin, std::min(dp::kBubbleMax, column * share));
  l.time = clock_text(m.time);
  l.time_width = ui.engine().get({.text = l.time, .role = TextRole::micro, .tabular = true})->width() +
                 (m.own ? kStateSlot : 0);
  if (m.own && m.state == MessageState::failed) l.below = kFailedLine;

  if (m.kind == MessageKind::file) {
    l.width = std::clamp(dp::kFileBubble, 240.0, widest);
    l.height = kFileHeight;
  } else if (m.kind == MessageKind::call) {
    l.width = std::min(280.0, widest);
    l.height = kCallHeight;
    l.time_at = {l.width - kPadX - l.time_width, l.height - kPadBottom - 16};
    return l;
  }
  std::string text = message_text(m.text);
  if (text.empty() && m.kind == MessageKind::file) {
    l.time_at = {l.width - kPadX - l.time_width, l.height - kPadBottom - 16};
    return l;
  }
  const int emoji = m.kind == MessageKind::text ? emoji_count(m.text) : 0;
  if (emoji > 0) {
    l.plain_emoji = true;
    l.text = ui.engine().get(
        {.text = text, .role = emoji <= 3 ? TextRole::emoji : TextRole::emoji_small, .width = widest});
    l.shown = std::move(text);
    l.text_at = {4, 0};
    l.width = std::max(l.text->width() + 8, l.time_width + 16);
    l.height = l.text->height() + 20;
    l.time_at = {l.width - l.time_width - 8, l.height - 18};
    return l;
  }

  bool cut = false;
  std::string brief = collapsed_text(text, cut);
  const double inner = (m.kind == MessageKind::file ? l.width : widest) - 2 * kPadX;
  const TextRole role = TextRole::body;
  TextBlockPtr block =
      ui.engine().get({.text = cut && !expanded ? brief : text, .role = role, .width = inner});
  l.collapsible = cut || block->line_count() > kCollapseLines;
  l.collapsed = l.collapsible && !expanded;
  l.shown = cut && !expanded ? std::move(brief) : std::move(text);
  if (l.collapsed) l.shown_lines = std::min(kCollapsedShown, block->line_count());
  const double text_height = block->height_of(l.shown_lines);

  const double top = m.kind == MessageKind::file ? kFileHeight : kPadTop;
  l.text_at = {kPadX, top};
  double natural = block->width();
  double height = top + text_height + kPadBottom;
  // The time sits at the end of the last line if it fits there, else on its own.
  const double gap = 8;
  const bool own_line =
      l.collapsible || block->last_line_rtl() || block->last_line_width() + gap + l.time_width > inner;
  if (own_line) {
    const bool beside =
        block->last_line_rtl() && !l.collapsible && block->width() + gap + l.time_width <= inner;
    if (beside) {
      natural = block->width() + gap + l.time_width;
    } else {
      height += l.collapsible ? kShowMore : 16;
      natural = std::max(natural, l.time_width);
      if (l.collapsible) natural = std::max(natural, 160.0);
    }
  } else {
    natural = std::max(natural, block->last_line_width() + gap + l.time_width);
  }
  if (m.kind == MessageKind::text) l.width = std::max(dp::kBubbleMin, natural + 2 * kPadX);
  l.height = height;
  l.text = std::move(block);
  l.time_at = {l.width - kPadX - l.time_width, l.height - kPadBottom - 16};
  return l;
}

void Bubbles::paint_time(Ui& ui, const MessageView& m, const BubbleLayout& l, const Rect& box) {
  const Color ink = ui.color(Token::text3);
  const Point at{box.x + l.time_at.x, box.y + l.time_at.y};
  const TextBlockPtr time = ui.engine().get({.text = l.time, .role = TextRole::micro, .tabular = true});
  ui.canvas().text(at, *time, ink);
  if (!m.own) return;
  Icon icon = Icon::clock;
  Color color = ink;
  switch (m.state) {
    case MessageState::sending: {
      // Nothing for the first moment: most messages are sent within it.
      const Log* log = model_.log(m.conversation);
      if (log != nullptr) {
        const auto it = log->appeared.find(m.id);
        if (it != log->appeared.end()) {
          const TimePoint due = it->second + std::chrono::milliseconds(ms::kDeliveryDelay);
          if (ui.now() < due) return ui.wake_at(due);
        }
      }
      break;
    }
    case MessageState::sent: icon = Icon::check; break;
    case MessageState::delivered: icon = Icon::check_double; break;
    case MessageState::read:
      icon = Icon::check_double;
      color = ui.color(Token::link);
      break;
    case MessageState::failed:
      icon = Icon::alert;
      color = ui.color(Token::err);
      break;
  }
  ui.canvas().icon(icon, {at.x + time->width() + 3, at.y + 1}, 14, color);
}

void Bubbles::paint(Ui& ui, const MessageView& m, const Item& item, const BubbleLayout& l, const Rect& box,
                    const TextSelection* selection) {
  Canvas& canvas = ui.canvas();
  const std::string id = "message." + m.id.str();
  if (!l.plain_emoji) {
    // The corners between two bubbles of a group are small on the sender's side.
    constexpr double kTight = 4;
    double tl = dp::r4, tr = dp::r4, br = dp::r4, bl = dp::r4;
    if (m.own) {
      if (!item.first_of_group) tr = kTight;
      if (!item.last_of_group) br = kTight;
    } else {
      if (!item.first_of_group) tl = kTight;
      if (!item.last_of_group) bl = kTight;
    }
    canvas.fill_round(box, tl, tr, br, bl, ui.color(m.own ? Token::bubble_out : Token::bubble_in));
  }

  Region r;
  r.id = id;
  r.role = Role::text;
  r.rect = box;
  r.value = std::string(client::to_string(m.state));
  r.label = m.kind == MessageKind::file && m.file   ? m.file->name
            : m.kind == MessageKind::call && m.call ? call_item_text(*m.call)
                                                    : l.shown.substr(0, 400);
  const Point origin{box.x + l.text_at.x, box.y + l.text_at.y};
  if (l.text) {
    r.cursor = Cursor::text;
    r.pointer = [this, m, origin](const PointerEvent& e) {
      if (text_pointer) text_pointer(e, m, {e.at.x - origin.x, e.at.y - origin.y});
    };
  }
  ui.region(std::move(r));

  if (m.kind == MessageKind::file) paint_file(ui, m, l, box);
  if (m.kind == MessageKind::call) paint_call(ui, m, l, box);
  if (l.text) {
    // Stacked marks may reach out of their line, but not far out of the bubble.
    canvas.push_clip(box.inset(-4));
    if (selection != nullptr && !selection->empty()) {
      canvas.push_clip({box.x, origin.y, box.w, l.text->height_of(l.shown_lines)});
      for (const Rect& part : l.text->selection(std::min(selection->from, selection->to),
                                                std::max(selection->from, selection->to))) {
        canvas.fill(part.moved(origin.x, origin.y), ui.color(Token::seltext_bg));
      }
      canvas.pop_clip();
    }
    canvas.text(origin, *l.text, ui.color(Token::text), l.shown_lines);
    canvas.pop_clip();
  }
  if (l.collapsible) {
    const double y = box.bottom() - kPadBottom - 22;
    const std::string more = s(l.collapsed ? str::kShowMore : str::kShowLess);
    Region more_region;
    more_region.id = id + ".more";
    more_region.label = more;
    more_region.role = Role::button;
    more_region.rect = {box.x + kPadX, y - 4, 90, 28};
    more_region.focusable = true;
    more_region.cursor = Cursor::hand;
    more_region.activate = [this, message = m.id] { toggle_expanded(message); };
    ui.region(std::move(more_region));
    ui.line({box.x + kPadX, y, 90, 20}, more, TextRole::small_strong, ui.color(Token::link));
  }
  if (l.plain_emoji) {
    const Rect chip{box.x + l.time_at.x - 8, box.y + l.time_at.y - 1, l.time_width + 14, 18};
    canvas.fill_round(chip, 9, ui.color(Token::bg_sunk));
  }
  paint_time(ui, m, l, box);

  if (l.below > 0) {
    std::string text = s(str::kNotSent);
    if (!m.failure.empty()) text += " " + one_line(m.failure, 100);
    const double retry = ui.text_width(s(str::kRetry), TextRole::caption_strong) + 16;
    const double room = std::max(80.0, std::min(360.0, box.right() - retry - 40));
    const TextBlockPtr block =
        ui.engine().get({.text = text, .role = TextRole::caption, .width = room, .max_lines = 1});
    const double y = box.bottom() + 3;
    const double x = box.right() - retry - block->width();
    canvas.text({x, y + 1}, *block, ui.color(Token::err));
    Region again;
    again.id = id + ".retry";
    again.label = s(str::kRetry);
    again.role = Role::button;
    again.rect = {box.right() - retry, y - 3, retry, 24};
    again.focusable = true;
    again.cursor = Cursor::hand;
    again.activate = [this, message = m.id] { model_.retry(message); };
    ui.region(std::move(again));
    ui.line({box.right() - retry + 8, y, retry - 8, 18}, s(str::kRetry), TextRole::caption_strong,
            ui.color(Token::link));
    ui.focus_ring(id + ".retry", {box.right() - retry, y - 1, retry, 20}, dp::r1, true);
  }
}

void Bubbles::paint_file(Ui& ui, const MessageView& m, const BubbleLayout& l, const Rect& box) {
  if (!m.file) return;
  Canvas& canvas = ui.canvas();
  const std::string id = "file." + m.id.str();
  const TransferView* t = m.transfer ? model_.transfer(*m.transfer) : nullptr;
  const bool running =
      t != nullptr && (t->state == TransferState::active || t->state == TransferState::queued);
  const bool paused = t != nullptr && t->state == TransferState::paused;
  const bool failed = t != nullptr && t->state == TransferState::failed;
  const bool here = m.own || !m.local_path.empty();
  const double share =
      t != nullptr && t->total > 0 ? static_cast<double>(t->bytes) / static_cast<double>(t->total) : 0;

  const Point center{box.x + 10 + 22, box.y + 10 + 22};
  canvas.circle(center, 22, ui.color(failed ? Token::danger : Token::accent));
  const Color white = ui.color(Token::on_accent);
  const auto put = [&](Icon icon, double size) {
    canvas.icon(icon, {center.x - size / 2, center.y - size / 2}, size, white);
  };
  std::string meta, tip;
  std::function<void()> action;
  if (running || paused) {
    const std::string progress = progress_size(t->bytes, t->total);
    canvas.ring(center, 19, 2.5, white.with_alpha(0.3));
    canvas.ring(center, 19, 2.5, white, 0, std::max(share, 0.01));
    if (paused) {
      put(Icon::play, 16);
      meta = fill(str::kPaused, {{"progress", progress}});
      tip = s(str::kResume);
      action = [this, tid = t->id] { model_.resume(tid); };
    } else if (t->state == TransferState::queued) {
      put(Icon::clock, 18);
      meta = model_.online() ? fill(str::kQueued, {{"size", size_text(t->total)}})
                             : fill(str::kWaitingForNetwork, {{"progress", progress}});
      tip = s(str::kPause);
      action = [this, tid = t->id] { model_.pause(tid); };
    } else {
      put(Icon::pause, 16);
      meta = progress;
      if (t->rate > 0) {
        meta += " · " + rate_text(t->rate) + " · " +
                left_text(static_cast<double>(t->total - std::min(t->bytes, t->total)) / t->rate);
      }
      tip = s(str::kPause);
      action = [this, tid = t->id] { model_.pause(tid); };
    }
  } else if (failed) {
    put(Icon::retry, 20);
    meta = fill(str::kStopped, {{"progress", progress_size(t->bytes, t->total)}, {"reason", t->failure}});
    tip = s(str::kRetry);
    action = [this, tid = t->id] { model_.resume(tid); };
  } else {
    const std::string type = upper_extension(m.file->name);
    meta = size_text(m.file->size) + (type.empty() ? "" : " · " + type);
    if (t != nullptr && t->state == TransferState::cancelled && !here) meta += " · " + s(str::kCancelled);
    put(here ? type_icon(*m.file) : Icon::download, 20);
    tip = s(here ? str::kOpen : str::kDownload);
    if (here && !m.local_path.empty())
      action = [this, m] {
        if (open_file) open_file(m);
      };
    else if (!m.own)
      action = [this, m] { model_.fetch(m); };
  }

  const bool cancellable = running || paused || failed;
  const double right = box.right() - (cancellable ? 40 : kPadX);
  const double x = box.x + 10 + 44 + 10;
  ui.line({x, box.y + 12, right - x, 20}, one_line(m.file->name, 160), TextRole::strong,
          ui.color(Token::text));
  const double meta_right = l.text ? right : box.x + l.time_at.x - 6;
  ui.line({x, box.y + 33, meta_right - x, 18}, meta, TextRole::preview,
          ui.color(failed ? Token::err : Token::text2), Align::start, true);

  if (action) {
    Region r;
    r.id = id;
    r.label = tip;
    r.value = meta;
    r.role = Role::button;
    r.rect = {box.x, box.y, right - box.x, kFileHeight};
    r.focusable = true;
    r.cursor = Cursor::hand;
    r.tooltip = tip;
    r.activate = action;
    ui.region(std::move(r));
    if (ui.hovered(id)) canvas.circle(center, 22, white.with_alpha(0.12));
    ui.focus_ring(id, box, dp::r4, true);
  } else {
    ui.describe(id, Role::text, {box.x, box.y, right - box.x, kFileHeight}, meta);
  }
  if (cancellable) {
    ui.icon_button({.id = id + ".cancel",
                    .label = s(str::kCancel),
                    .icon = Icon::close,
                    .rect = {box.right() - 38, box.y + 6, 32, 32},
                    .on =
                        [this, m] {
                          if (cancel_transfer) cancel_transfer(m);
                        },
                    .size = 16});
  }
}

void Bubbles::paint_call(Ui& ui, const MessageView& m, const BubbleLayout&, const Rect& box) {
  if (!m.call) return;
  const bool missed = !m.call->answered && !m.call->outgoing;
  const Color ink = ui.color(missed ? Token::err : Token::ok);
  const Point center{box.x + 12 + 18, box.y + box.h / 2};
  ui.canvas().circle(center, 18, ui.color(missed ? Token::err_bg : Token::ok_bg));
  ui.canvas().icon(m.call->video ? Icon::video : Icon::phone, {center.x - 10, center.y - 10}, 20, ink);
  const double x = box.x + 12 + 36 + 10;
  ui.line({x, box.y + 10, box.right() - x - 12, 20}, call_item_text(*m.call), TextRole::strong,
          ui.color(Token::text));
  const std::string id = "call_item." + m.id.str();
  Region r;
  r.id = id;
  r.label = s(str::kCallBack);
  r.role = Role::button;
  r.rect = {x - 4, box.y + 30, 84, 26};
  r.focusable = true;
  r.cursor = Cursor::hand;
  r.activate = [this, conversation = m.conversation, video = m.call->video] {
    if (call_back) call_back(conversation, video);
  };
  ui.region(std::move(r));
  ui.line({x, box.y + 33, 90, 18}, s(m.call->outgoing ? str::kCallAgain : str::kCallBack),
          TextRole::small_strong, ui.color(Token::link));
  ui.focus_ring(id, {x - 4, box.y + 31, 84, 22}, dp::r1, true);
}

}  // namespace sotto::desktop
