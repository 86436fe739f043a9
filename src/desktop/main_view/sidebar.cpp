#include "desktop/main_view/sidebar.hpp"

#include <algorithm>
#include <chrono>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/main_view/bubble.hpp"
#include "desktop/start/rules.hpp"
#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {
namespace {

using std::chrono::milliseconds;

}  // namespace

std::string preview_text(const ConversationView& c) {
  if (!c.last) return s(str::kNoMessages);
  const MessageView& m = *c.last;
  switch (m.kind) {
    case MessageKind::file:
      return (m.own ? s(str::kYou) : "") +
             fill(str::kFilePreview, {{"name", m.file ? isolated(m.file->name, 80) : ""}});
    case MessageKind::call: return m.call ? call_item_text(*m.call) : s(str::kCallWord);
    case MessageKind::text:
    case MessageKind::event: break;
  }
  return (m.own ? s(str::kYou) : "") + isolated(m.text);
}

void Sidebar::build(Ui& ui, Rect area) {
  ui.canvas().fill(area, ui.color(Token::bg_side));
  Rect header = area.take_top(dp::kHeader);
  ui.canvas().hline(area.x, header.bottom() - 1, area.w, ui.color(Token::border));

  // Own avatar: the menu.
  const Rect me{header.x + 8, header.y + 8, 40, 40};
  Region r;
  r.id = "sidebar.menu";
  r.label = s(str::kSettings);
  r.tooltip = model_.account
                  ? one_line(model_.account->user.display_name, 60) + " · " + model_.account->user.username
                  : "";
  r.rect = me;
  r.role = Role::button;
  r.focusable = true;
  r.cursor = Cursor::hand;
  r.activate = [this, me] {
    if (open_menu) open_menu(me);
  };
  ui.region(std::move(r));
  if (ui.hovered("sidebar.menu")) ui.canvas().fill_round(me, dp::r2, ui.color(Token::bg_hover));
  if (model_.account) {
    const UserView& user = model_.account->user;
    ui.avatar(me.center(), 32, user.display_name.empty() ? user.username : user.display_name,
              identity_of(user.id));
  }
  ui.focus_ring("sidebar.menu", me, dp::r2, true);

  const Rect plus{header.right() - 48, header.y + 8, 40, 40};
  ui.field({.id = "sidebar.search",
            .label = {},
            .rect = {me.right() + 8, header.y + 10, plus.x - me.right() - 16, 36},
            .edit = &search_,
            .placeholder = s(str::kSearchChats),
            .help = {},
            .error = {},
            .leading = Icon::search,
            .escape = [this] { search_.model().clear(); }});
  ui.icon_button({.id = "sidebar.new",
                  .label = s(str::kNewMessage),
                  .icon = Icon::plus,
                  .rect = plus,
                  .on =
                      [this] {
                        if (new_message) new_message();
                      },
                  .tooltip = s(str::kNewMessage) + " (Ctrl+N)"});
  area.take_top(banner(ui, area));

  Region list;
  list.id = "sidebar.list";
  list.rect = area;
  list.wheel = [this](double dy) { scroll_ += dy; };
  ui.region(std::move(list));

  const std::string query = lower_ascii(one_line(search_.text(), 60));
  std::vector<const ConversationView*> shown;
  for (const ConversationView& c : model_.conversations) {
    if (query.empty() || lower_ascii(c.name).find(query) != std::string::npos ||
        c.peer.username.find(query) != std::string::npos) {
      shown.push_back(&c);
    }
  }
  if (shown.empty()) {
    const Rect box = area.inset(24, 0);
    double y = area.y + std::max(40.0, area.h * 0.28);
    if (!query.empty()) {
      ui.paragraph({box.x, y, box.w, 60}, fill(str::kNoMatch, {{"text", isolated(query, 40)}}),
                   TextRole::body, ui.color(Token::text2), Align::center);
      return;
    }
    ui.canvas().icon(Icon::chat, {box.center().x - 24, y - 20}, 48, ui.color(Token::text3));
    y += 44;
    ui.line({box.x, y, box.w, 22}, s(str::kNoChats), TextRole::title, ui.color(Token::text), Align::center);
    y += 28;
    y += ui.paragraph({box.x, y, box.w, 60}, fill(str::kNoChatsBody, {{"host", model_.host()}}),
                      TextRole::body, ui.color(Token::text2), Align::center);
    y += 16;
    const double w = ui.button_width(s(str::kNewMessage));
    ui.button({.id = "sidebar.empty_new",
               .label = s(str::kNewMessage),
               .rect = {box.center().x - w / 2, y, w, dp::kButton},
               .on = [this] {
                 if (new_message) new_message();
               }});
    return;
  }
  const double total = static_cast<double>(shown.size()) * dp::kRow;
  scroll_ = std::clamp(scroll_, 0.0, std::max(0.0, total - area.h));
  ui.canvas().push_clip(area);
  // Only what is visible exists.
  const auto first = static_cast<std::size_t>(scroll_ / dp::kRow);
  for (std::size_t i = first; i < shown.size(); ++i) {
    const double y = area.y + static_cast<double>(i) * dp::kRow - scroll_;
    if (y >= area.bottom()) break;
    row(ui, *shown[i], {area.x, y, area.w, dp::kRow});
  }
  ui.canvas().pop_clip();
  if (total > area.h) {
    const double thumb = std::max(32.0, area.h * area.h / total);
    const double at = area.y + (area.h - thumb) * scroll_ / (total - area.h);
    if (ui.pointer_inside(area))
      ui.canvas().fill_round({area.right() - 8, at + 2, 5, thumb - 4}, 2.5,
                             ui.color(Token::border_ctl).with_alpha(0.55));
  }
}

double Sidebar::banner(Ui& ui, const Rect& area) {
  using client::ConnectionState;
  const client::ConnectionView& c = model_.connection;
  if (c.state == ConnectionState::online) return 0;
  const bool grave =
      c.state == ConnectionState::offline && (c.code == ErrorCode::untrusted || c.code == ErrorCode::denied);
  const TimePoint due = model_.connection_since + milliseconds(ms::kBannerDelay);
  if (!grave && ui.now() < due) {
    ui.wake_at(due);
    return 0;
  }
  std::string text;
  Token back = Token::warn_bg, ink = Token::warn;
  bool spin = false, button = false;
  if (c.state == ConnectionState::connecting) {
    text = s(str::kConnecting);
    back = Token::bg_sunk;
    ink = Token::text2;
    spin = true;
  } else if (grave) {
    text = c.reason.empty() ? s(c.code == ErrorCode::untrusted ? str::kIdentityOfServer : str::kSignedOut)
                            : c.reason;
    back = Token::err_bg;
    ink = Token::err;
  } else {
    const auto passed = static_cast<int>((ui.now() - model_.connection_since) / milliseconds(1));
    const int left = std::max(0, c.retry_in_ms - passed);
    if (c.retry_in_ms > 0) {
      const std::string n = std::to_string((left + 999) / 1000);
      // A server that was reached and said why not is not one that can't be reached.
      const bool reached = c.code != ErrorCode::offline && !c.reason.empty();
      text = reached ? fill(str::kNextTry, {{"reason", c.reason}, {"n", n}})
                     : fill(str::kCantReach, {{"host", model_.host()}, {"n", n}});
      if (left > 0) ui.wake_in(left % 1000 + 1);
      button = true;
    } else {
      text = s(str::kOffline);
      button = true;
    }
  }
  const double button_w = button ? ui.button_width(s(str::kTryNow), false, true) : 0;
  const double text_w = area.w - 12 - 26 - 12 - (button ? button_w + 4 : 0);
  const double h = std::max(36.0, ui.paragraph_height(text_w, text, TextRole::small, 3) + 16);
  const Rect box{area.x, area.y, area.w, h};
  ui.canvas().fill(box, ui.color(back));
  ui.canvas().hline(box.x, box.bottom() - 1, box.w, ui.color(Token::border));
  if (spin)
    ui.spinner({box.x + 22, box.center().y}, 14, ui.color(ink));
  else
    ui.canvas().icon(Icon::alert, {box.x + 12, box.center().y - 9}, 18, ui.color(ink));
  const double text_h = ui.paragraph_height(text_w, text, TextRole::small, 3);
  ui.paragraph({box.x + 38, box.y + (h - text_h) / 2, text_w, text_h}, text, TextRole::small, ui.color(ink),
               Align::start, 3);
  ui.describe("sidebar.banner", Role::text, box, text);
  if (button) {
    ui.button({.id = "sidebar.try_now",
               .label = s(str::kTryNow),
               .rect = {box.right() - button_w - 4, box.center().y - 16, button_w, 32},
               .kind = ButtonKind::text,
               .on = [this] { model_.reconnect_now(); },
               .small = true});
  }
  return h;
}

void Sidebar::row(Ui& ui, const ConversationView& c, const Rect& box) {
  const std::string id = "sidebar.row." + (c.peer.username.empty() ? c.id.str() : c.peer.username);
  const bool selected = model_.open == c.id;
  const bool hot = ui.hovered(id);
  Region r;
  r.id = id;
  r.label = c.name;
  r.value = std::to_string(c.unread);
  r.rect = box;
  r.role = Role::list_item;
  r.focusable = true;
  r.cursor = Cursor::hand;
  r.activate = [this, &ui, cid = c.id] {
    model_.open_conversation(cid);
    ui.focus("composer.edit");
  };
  r.key = [&ui](const KeyEvent& e) {
    if (e.key == Key::down) return ui.move_focus(1);
    if (e.key == Key::up) return ui.move_focus(-1);
    return false;
  };
  ui.region(std::move(r));

  const Color back = ui.color(selected ? (hot ? Token::bg_sel_hover : Token::bg_sel)
                              : hot    ? Token::bg_hover
                                       : Token::bg_side);
  ui.canvas().fill(box, back);
  if (selected) ui.canvas().fill({box.x, box.y, 3, box.h}, ui.color(Token::accent));
  const Point face{box.x + 12 + 22, box.center().y};
  ui.avatar(face, 44, c.name, identity_of(c.peer.id));
  if (c.peer.online && model_.online()) {
    const Point dot{face.x + 16, face.y + 16};
    ui.canvas().circle(dot, 7, back);
    ui.canvas().circle(dot, 5, ui.color(Token::ok));
  }

  const double x = box.x + 12 + 44 + 12, right = box.right() - 12;
  double time_width = 0;
  // text3 does not reach its contrast on the darker wash.
  const Color quiet = ui.color(selected ? Token::text2 : Token::text3);
  if (c.last) {
    const std::string time = sidebar_time(c.last->time, ui.wall());
    time_width =
        ui.line({right - 90, box.y + 12, 90, 20}, time, TextRole::caption, quiet, Align::end, true) + 8;
  }
  const double name_room = right - x - time_width - (c.peer.verified ? 20 : 0);
  const double name_width =
      ui.line({x, box.y + 12, name_room, 20}, one_line(c.name, 80), TextRole::strong, ui.color(Token::text));
  if (c.peer.verified)
    ui.canvas().icon(Icon::shield_check, {x + name_width + 4, box.y + 15}, 14, ui.color(Token::ok));
  else if (c.peer.identity_changed)
    ui.canvas().icon(Icon::shield_alert, {x + name_width + 4, box.y + 15}, 14, ui.color(Token::warn));

  double badge_width = 0;
  if (c.last && c.last->state == MessageState::failed && c.last->own) {
    const Rect badge{right - 20, box.y + 33, 20, 20};
    ui.canvas().icon_in(Icon::alert, badge, 18, ui.color(Token::err));
    badge_width = 28;
  } else if (c.unread > 0) {
    const std::string count = c.unread > 999 ? "999+" : std::to_string(c.unread);
    const double w = std::max(20.0, ui.text_width(count, TextRole::badge) + 12);
    const Rect badge{right - w, box.y + 33, w, 20};
    ui.canvas().fill_round(badge, 10, ui.color(Token::accent));
    ui.line(badge, count, TextRole::badge, ui.color(Token::on_accent), Align::center);
    badge_width = w + 8;
  }
  double px = x;
  const std::string draft_text = draft && !selected ? draft(c.id) : "";
  std::string preview;
  if (!draft_text.empty()) {
    px += ui.line({px, box.y + 34, right - px - badge_width, 18}, s(str::kDraft), TextRole::preview,
                  ui.color(Token::err)) +
          4;
    preview = isolated(draft_text);
  } else {
    preview = preview_text(c);
    if (c.last && c.last->own && c.last->kind != MessageKind::call) {
      const MessageState state = c.last->state;
      if (state != MessageState::failed) {
        const Icon icon = state == MessageState::sending ? Icon::clock
                          : state == MessageState::sent  ? Icon::check
                                                         : Icon::check_double;
        ui.canvas().icon(icon, {px, box.y + 36}, 14,
                         state == MessageState::read ? ui.color(Token::link) : quiet);
        px += 18;
      }
    }
    if (c.last && c.last->kind == MessageKind::call) {
      const bool missed = c.last->call && !c.last->call->answered && !c.last->call->outgoing;
      ui.canvas().icon(missed ? Icon::call_missed : Icon::phone, {px, box.y + 36}, 14,
                       missed ? ui.color(Token::err) : quiet);
      px += 18;
    }
  }
  ui.line({px, box.y + 34, right - px - badge_width, 18}, preview, TextRole::preview, ui.color(Token::text2));
  ui.focus_ring(id, box, 0, true);
}

}  // namespace sotto::desktop
