#include "desktop/main_view/new_chat.hpp"

#include <algorithm>
#include <chrono>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/start/rules.hpp"
#include "desktop/text/sanitize.hpp"
#include "desktop/widgets/dialog.hpp"

namespace sotto::desktop {
namespace {

constexpr double kRowHeight = 52;
constexpr auto kTypingPause = std::chrono::milliseconds(300);

}  // namespace

void NewChatDialog::open(Ui& ui) {
  shown_ = true;
  searching_ = false;
  name_.model().clear();
  asked_.clear();
  answered_.clear();
  error_.clear();
  found_.clear();
  ui.focus("new_chat.name");
}

void NewChatDialog::pick(Ui& ui, const UserView& user) {
  shown_ = false;
  model_.open_direct(user.id);
  ui.focus("composer.edit");
}

void NewChatDialog::search(Ui&) {
  const std::string query = lower_ascii(one_line(name_.text(), 64));
  if (query == asked_ || query.empty()) return;
  asked_ = query;
  searching_ = true;
  error_.clear();
  model_.find_user(query, [this, query](Result<std::vector<UserView>> result) {
    if (query != asked_) return;  // an answer to an older question
    searching_ = false;
    answered_ = query;
    if (!result) {
      found_.clear();
      if (result.error().code != ErrorCode::not_found) error_ = result.error().message;
      return;
    }
    found_ = std::move(*result);
    std::erase_if(found_,
                  [this](const UserView& u) { return model_.account && u.id == model_.account->user.id; });
  });
}

void NewChatDialog::build(Ui& ui) {
  if (!shown_) return;
  const auto close = [this] { shown_ = false; };
  Rect inside =
      begin_dialog(ui, "new_chat", 420, std::min(460.0, ui.window().h - 48), s(str::kNewMessage), close);

  const std::string query = lower_ascii(one_line(name_.text(), 64));
  // People known from chats match locally and at once; the server is asked for the exact name.
  std::vector<UserView> people;
  for (const ConversationView& c : model_.conversations) {
    if (c.kind != client::ConversationKind::direct) continue;
    if (query.empty() || c.peer.username.find(query) != std::string::npos ||
        lower_ascii(c.name).find(query) != std::string::npos) {
      people.push_back(c.peer);
    }
  }
  if (answered_ == query) {
    for (const UserView& user : found_) {
      if (std::ranges::find(people, user.id, &UserView::id) == people.end()) people.push_back(user);
    }
  }

  ui.field({.id = "new_chat.name",
            .label = {},
            .rect = inside.take_top(dp::kField),
            .edit = &name_,
            .placeholder = s(str::kNewMessageField),
            .help = {},
            .error = {},
            .leading = Icon::search,
            .enter =
                [this, &ui, people] {
                  if (!people.empty()) return pick(ui, people.front());
                  if (!error_.empty()) asked_.clear();  // what failed may work now
                  search(ui);
                },
            .escape = close});
  inside.take_top(12);

  if (query.size() >= 2 && query != asked_) {
    const TimePoint due = name_.last_change() + kTypingPause;
    if (ui.now() >= due)
      search(ui);
    else
      ui.wake_at(due);
  }

  ui.canvas().push_clip(inside);
  double y = inside.y;
  for (const UserView& user : people) {
    if (y > inside.bottom()) break;
    const Rect row{inside.x - 12, y, inside.w + 24, kRowHeight};
    const std::string id = "new_chat.user." + user.username;
    Region r;
    r.id = id;
    r.label = user.display_name;
    r.rect = row;
    r.role = Role::list_item;
    r.focusable = true;
    r.cursor = Cursor::hand;
    r.activate = [this, &ui, user] { pick(ui, user); };
    r.key = [&ui, close](const KeyEvent& e) {
      if (e.key == Key::escape) return close(), true;
      if (e.key == Key::down) return ui.move_focus(1);
      if (e.key == Key::up) return ui.move_focus(-1);
      return false;
    };
    ui.region(std::move(r));
    if (ui.hovered(id)) ui.canvas().fill_round(row, dp::r2, ui.color(Token::bg_hover));
    const std::string name = user.display_name.empty() ? user.username : user.display_name;
    ui.avatar({row.x + 12 + 18, row.center().y}, 36, name, identity_of(user.id));
    ui.line({row.x + 60, row.y + 7, row.w - 72, 20}, one_line(name, 64), TextRole::strong,
            ui.color(Token::text));
    ui.line({row.x + 60, row.y + 27, row.w - 72, 18}, "@" + user.username, TextRole::small,
            ui.color(Token::text2));
    if (user.verified)
      ui.canvas().icon(Icon::shield_check, {row.right() - 30, row.center().y - 9}, 18, ui.color(Token::ok));
    ui.focus_ring(id, row, dp::r2, true);
    y += kRowHeight;
  }
  ui.canvas().pop_clip();
  std::string note;
  Token ink = Token::text2;
  if (!error_.empty() && asked_ == query) {
    note = error_;
    ink = Token::err;
  } else if (searching_) {
    note = s(str::kSearching);
  } else if (people.empty() && !query.empty() && answered_ == query) {
    note = fill(str::kNobody, {{"q", isolated(query, 40)}});
  } else if (people.empty()) {
    note = s(str::kNewMessageHint);
  }
  if (!note.empty()) {
    const double indent = searching_ ? 26 : 0;
    if (searching_) ui.spinner({inside.x + 8, y + 18}, 14, ui.color(Token::text3));
    ui.paragraph({inside.x + indent, y + 8, inside.w - indent, 60}, note, TextRole::body, ui.color(ink));
    ui.describe("new_chat.note", Role::text, {inside.x, y + 8, inside.w, 20}, note);
  }
  end_dialog(ui);
}

}  // namespace sotto::desktop
