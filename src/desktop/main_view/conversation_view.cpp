#include "desktop/main_view/conversation_view.hpp"

#include <algorithm>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/text/sanitize.hpp"
#include "desktop/widgets/dialog.hpp"

namespace sotto::desktop {
namespace {

// 60 digits as 12 groups of 5, four to a line.
std::string grouped(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 20 == 0)
      out += '\n';
    else if (i > 0 && i % 5 == 0)
      out += "   ";
    out += digits[i];
  }
  return out;
}

}  // namespace

ConversationPane::ConversationPane(Model& model) : model_(model), list_(model), composer_(model) {
  composer_.page = [this](int direction) { list_.page(direction); };
  composer_.sent = [this] { list_.sent(); };
  composer_.choose_files = [this] {
    if (choose_files) choose_files();
  };
}

void ConversationPane::build(Ui& ui, Rect area, bool one_pane, bool covered) {
  const ConversationView* open = model_.open ? model_.conversation(*model_.open) : nullptr;
  if (open == nullptr) return empty(ui, area);
  const ConversationView conversation = *open;
  const Rect all = area;
  header(ui, conversation, area.take_top(dp::kHeader), one_pane);
  area.take_top(banner(ui, conversation, area));
  const double bar = composer_.measure(ui, conversation.id, area.w, all.h);
  const Rect foot = area.take_bottom(bar);
  list_.build(ui, conversation, area, one_pane, covered);
  composer_.build(ui, conversation, foot);
  if (drag_) {
    const Rect zone = all.inset(8);
    ui.canvas().fill(all, ui.color(Token::bg_sel).with_alpha(0.92));
    ui.canvas().dashed_round(zone, dp::r4, 2, ui.color(Token::accent));
    ui.canvas().icon(Icon::attach, {zone.center().x - 24, zone.center().y - 52}, 48, ui.color(Token::link));
    ui.line({zone.x, zone.center().y + 8, zone.w, 28},
            fill(str::kDropHere, {{"name", isolated(conversation.name, 40)}}), TextRole::heading,
            ui.color(Token::link), Align::center);
    ui.describe("drop.overlay", Role::region, all, conversation.name);
  }
}

void ConversationPane::empty(Ui& ui, const Rect& area) {
  ui.canvas().fill(area, ui.color(Token::bg));
  const Rect box = area.centered(std::min(320.0, area.w - 32), 140);
  ui.canvas().icon(Icon::chat, {box.center().x - 24, box.y}, 48, ui.color(Token::text3));
  ui.line({box.x, box.y + 64, box.w, 22}, s(str::kSelectChat), TextRole::title, ui.color(Token::text),
          Align::center);
  ui.line({box.x, box.y + 92, box.w, 20}, s(str::kSelectChatBody), TextRole::body, ui.color(Token::text2),
          Align::center);
}

void ConversationPane::header(Ui& ui, const ConversationView& c, const Rect& bar, bool one_pane) {
  ui.canvas().fill(bar, ui.color(Token::bg));
  ui.canvas().hline(bar.x, bar.bottom() - 1, bar.w, ui.color(Token::border));
  double x = bar.x + 16;
  if (one_pane) {
    ui.icon_button({.id = "header.back",
                    .label = s(str::kBack),
                    .icon = Icon::back,
                    .rect = {bar.x + 4, bar.y + 8, 40, 40},
                    .on = [this] {
                      if (back) back();
                    }});
    x = bar.x + 48;
  }
  const double cy = bar.center().y;
  const Rect video{bar.right() - 48, cy - 20, 40, 40}, phone{bar.right() - 92, cy - 20, 40, 40},
      info{bar.right() - 136, cy - 20, 40, 40};
  std::string why;
  if (!model_.online())
    why = s(str::kYouAreOffline);
  else if (in_call)
    why = s(str::kAlreadyInCall);
  const bool can = why.empty() && c.kind == client::ConversationKind::direct;
  if (c.kind == client::ConversationKind::direct) {
    ui.icon_button({.id = "header.safety",
                    .label = s(str::kSafetyNumber),
                    .icon = c.peer.verified           ? Icon::shield_check
                            : c.peer.identity_changed ? Icon::shield_alert
                                                      : Icon::shield,
                    .rect = info,
                    .on = [this, c] { open_safety(c); },
                    .color = ui.color(c.peer.verified           ? Token::ok
                                      : c.peer.identity_changed ? Token::warn
                                                                : Token::text2)});
    ui.icon_button({.id = "header.audio_call",
                    .label = s(str::kAudioCall),
                    .icon = Icon::phone,
                    .rect = phone,
                    .enabled = can,
                    .on = [this, id = c.id] { model_.start_call(id, false); },
                    .tooltip = why});
    ui.icon_button({.id = "header.video_call",
                    .label = s(str::kVideoCall),
                    .icon = Icon::video,
                    .rect = video,
                    .enabled = can,
                    .on = [this, id = c.id] { model_.start_call(id, true); },
                    .tooltip = why});
  }
  ui.avatar({x + 18, cy}, 36, c.name, identity_of(c.peer.id));
  x += 36 + 12;
  const double room = info.x - x - 8;
  const double w =
      ui.line({x, bar.y + 8, room - 22, 22}, one_line(c.name, 80), TextRole::title, ui.color(Token::text));
  ui.describe("header.name", Role::text, {x, bar.y + 8, room, 22}, c.name);
  if (c.peer.verified) ui.canvas().icon(Icon::shield_check, {x + w + 6, bar.y + 11}, 16, ui.color(Token::ok));
  std::string status;
  Color ink = ui.color(Token::text3);
  if (!model_.online()) {
    status = s(str::kWaiting);
  } else {
    status = s(c.peer.online ? str::kOnline : str::kOfflinePeer);
    if (c.peer.online) ink = ui.color(Token::ok);
  }
  ui.line({x, bar.y + 30, room, 16}, status, TextRole::caption, ink);
  ui.describe("header.status", Role::text, {x, bar.y + 30, room, 16}, status);
}

double ConversationPane::banner(Ui& ui, const ConversationView& c, const Rect& area) {
  if (!c.peer.identity_changed) return 0;
  const Rect bar{area.x, area.y, area.w, 44};
  ui.canvas().fill(bar, ui.color(Token::warn_bg));
  ui.canvas().hline(bar.x, bar.bottom() - 1, bar.w, ui.color(Token::border));
  ui.canvas().icon(Icon::shield_alert, {bar.x + 16, bar.center().y - 9}, 18, ui.color(Token::warn));
  const double verify = ui.button_width(s(str::kVerify), false, true);
  ui.button({.id = "banner.verify",
             .label = s(str::kVerify),
             .rect = {bar.right() - verify - 8, bar.y + 6, verify, 32},
             .kind = ButtonKind::text,
             .on = [this, c] { open_safety(c); },
             .small = true});
  ui.line({bar.x + 44, bar.y, bar.w - 44 - verify - 16, bar.h},
          fill(str::kIdentityChanged, {{"name", isolated(c.name, 40)}}), TextRole::small,
          ui.color(Token::warn));
  return bar.h;
}

void ConversationPane::open_safety(const ConversationView& c) {
  safety_shown_ = true;
  safety_user_ = c.peer;
  safety_name_ = c.name;
  safety_digits_.clear();
  safety_error_.clear();
  model_.safety_number(c.peer.id, [this](Result<std::string> result) {
    if (result)
      safety_digits_ = *result;
    else
      safety_error_ = result.error().message;
  });
}

void ConversationPane::build_dialogs(Ui& ui) {
  if (!safety_shown_) return;
  // The state may change while the dialog is open.
  for (const ConversationView& c : model_.conversations) {
    if (c.peer.id == safety_user_.id) safety_user_ = c.peer;
  }
  const auto close = [this] { safety_shown_ = false; };
  Rect inside = begin_dialog(ui, "safety", 460, 348, s(str::kSafetyNumber), close);
  Rect digits = inside.take_top(28 * 3 + 32);
  ui.canvas().fill_round(digits, dp::r3, ui.color(Token::bg_sunk));
  digits = digits.inset(12, 16);
  if (!safety_error_.empty()) {
    ui.paragraph(digits, safety_error_, TextRole::body, ui.color(Token::err), Align::center);
  } else if (safety_digits_.empty()) {
    ui.spinner(digits.center(), 24, ui.color(Token::text3));
  } else {
    ui.paragraph(digits, grouped(safety_digits_), TextRole::mono_big, ui.color(Token::text), Align::center);
    ui.describe("safety.digits", Role::text, digits, safety_digits_);
  }
  inside.take_top(16);
  ui.paragraph(inside, fill(str::kSafetyBody, {{"name", isolated(safety_name_, 40)}}), TextRole::body,
               ui.color(Token::text2));
  const Rect foot = inside.take_bottom(dp::kButton);
  const std::string mark = s(safety_user_.verified ? str::kRemoveVerified : str::kMarkVerified);
  const double w = ui.button_width(mark), copy = ui.button_width(s(str::kCopy));
  ui.button({.id = "safety.copy",
             .label = s(str::kCopy),
             .rect = {foot.x, foot.y, copy, foot.h},
             .kind = ButtonKind::outlined,
             .enabled = !safety_digits_.empty(),
             .icon = Icon::copy,
             .on = [this, &ui] {
               ui.clipboard().set_text(grouped(safety_digits_));
               model_.toast(s(str::kCopied));
             }});
  ui.button({.id = "safety.mark",
             .label = mark,
             .rect = {foot.right() - w, foot.y, w, foot.h},
             .kind = safety_user_.verified ? ButtonKind::outlined : ButtonKind::filled,
             .enabled = !safety_digits_.empty(),
             .on = [this] {
               model_.verify(safety_user_.id, !safety_user_.verified, safety_digits_);
               safety_shown_ = false;
             }});
  end_dialog(ui);
}

}  // namespace sotto::desktop
