#include "desktop/main_view/composer.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {
namespace {

constexpr double kBarPad = 8, kSide = 40, kAreaRadius = 20, kPadX = 14, kPadY = 10, kTray = 96, kCard = 80;
constexpr int kMaxLines = 12;
constexpr double kMaxShare = 0.4;
constexpr auto kDoubleSend = std::chrono::milliseconds(150);

double line_height() { return metrics(TextRole::body).line; }

}  // namespace

Composer::Draft& Composer::draft(const ConversationId& id) {
  auto& slot = drafts_[id];
  if (!slot) slot = std::make_unique<Draft>();
  return *slot;
}

std::string Composer::draft_text(const ConversationId& id) const {
  const auto it = drafts_.find(id);
  if (it == drafts_.end()) return {};
  if (!it->second->edit.model().blank()) return it->second->edit.text();
  return it->second->tray.empty() ? "" : it->second->tray.front().name;
}

bool Composer::sendable(const Draft& d) const {
  return (!d.edit.model().blank() || !d.tray.empty()) && d.edit.text().size() <= kMaxMessageBytes;
}

void Composer::insert(const ConversationId& id, const std::string& text, TimePoint now) {
  draft(id).edit.input(text, now);
}

void Composer::give_back(const ConversationId& id, const std::string& text) {
  Draft& d = draft(id);
  d.edit.model().set_text(d.edit.model().blank() ? text : text + "\n" + d.edit.text());
  d.last_text.clear();
}

double Composer::measure(Ui& ui, const ConversationId& id, double width, double pane_height) {
  Draft& d = draft(id);
  d.edit.layout(ui.engine(), width - 2 * (kBarPad + kSide + 4) - 2 * kPadX);
  const double most = std::max(line_height(), std::min(kMaxLines * line_height(), pane_height * kMaxShare));
  const double text = std::clamp(d.edit.content_height(), line_height(), most);
  return text + 2 * kPadY + 2 * kBarPad + (d.tray.empty() ? 0 : kTray);
}

void Composer::build(Ui& ui, const ConversationView& conversation, const Rect& area) {
  Draft& d = draft(conversation.id);
  Canvas& canvas = ui.canvas();
  canvas.fill(area, ui.color(Token::bg_side));
  canvas.hline(area.x, area.y, area.w, ui.color(Token::border));
  Rect bar = area;
  if (!d.tray.empty()) build_tray(ui, d, bar.take_top(kTray));
  bar = bar.inset(kBarPad);

  const Rect left{bar.x, bar.bottom() - kSide, kSide, kSide},
      right{bar.right() - kSide, bar.bottom() - kSide, kSide, kSide};
  ui.icon_button({.id = "composer.attach",
                  .label = s(str::kAttach),
                  .icon = Icon::attach,
                  .rect = left,
                  .on =
                      [this] {
                        if (choose_files) choose_files();
                      },
                  .tooltip = s(str::kAttach) + " (Ctrl+O)",
                  .size = 22});

  const Rect box{left.right() + 4, bar.y, right.x - left.right() - 8, bar.h};
  const bool focused = ui.focused("composer.edit");
  canvas.fill_round(box, kAreaRadius, ui.color(Token::bg_sunk));
  if (focused && ui.window_focused())
    canvas.stroke_round(box, kAreaRadius, 2, ui.color(Token::focus));
  else
    canvas.stroke_round(box, kAreaRadius, 1, ui.color(Token::border_ctl));
  const Rect view = box.inset(kPadX, kPadY);

  const ConversationId id = conversation.id;
  Region r;
  r.id = "composer.edit";
  r.label = s(str::kMessage);
  r.value = d.edit.text();
  r.rect = box;
  r.role = Role::field;
  r.focusable = true;
  r.cursor = Cursor::text;
  r.edit = &d.edit;
  TextEdit* edit = &d.edit;
  r.pointer = [&ui, edit, view](const PointerEvent& e) {
    edit->pointer(e, {e.at.x - view.x, e.at.y - view.y}, ui.clipboard(), ui.now());
  };
  r.wheel = [edit, view](double dy) { edit->scroll_by(dy, view.h); };
  r.key = [this, &ui, id, edit](const KeyEvent& e) {
    switch (e.key) {
      case Key::enter:
        if (e.shift) {
          edit->input("\n", ui.now());
        } else if (!e.repeat) {
          send(ui, id);
        }
        return true;
      case Key::page_up:
        if (page) page(-1);
        return true;
      case Key::page_down:
        if (page) page(1);
        return true;
      case Key::escape:
        if (edit->model().has_selection()) {
          edit->model().set_caret(edit->model().caret(), false);
        } else if (escape) {
          escape();
        }
        return true;
      default: return false;
    }
  };
  ui.region(std::move(r));
  ui.edit_view("composer.edit", view);

  d.edit.layout(ui.engine(), view.w);
  if (d.edit.text().empty() && d.edit.preedit().empty())
    ui.line({view.x + 2, view.y, view.w - 2, line_height()}, s(str::kMessage), TextRole::body,
            ui.color(Token::text3));
  d.edit.paint(canvas, view, ui.theme(), focused, ui.caret_on(d.edit));
  if (d.edit.content_height() > view.h + 1) {
    const double thumb = std::max(16.0, view.h * view.h / d.edit.content_height());
    const double at = view.y + (view.h - thumb) * d.edit.scroll().y / (d.edit.content_height() - view.h);
    canvas.fill_round({box.right() - 8, at, 4, thumb}, 2, ui.color(Token::border_ctl));
  }

  const bool can = sendable(d);
  Region send_region;
  send_region.id = "composer.send";
  send_region.label = s(str::kSend);
  send_region.tooltip = s(str::kSend) + " (Enter)";
  send_region.rect = right;
  send_region.role = Role::button;
  send_region.focusable = true;
  send_region.enabled = can;
  send_region.cursor = can ? Cursor::hand : Cursor::arrow;
  send_region.activate = [this, &ui, id] { send(ui, id); };
  ui.region(std::move(send_region));
  if (can) {
    const Token fill = ui.pressed("composer.send")   ? Token::accent_press
                       : ui.hovered("composer.send") ? Token::accent_hover
                                                     : Token::accent;
    canvas.circle(right.center(), 18, ui.color(fill));
  }
  canvas.icon(Icon::send, {right.center().x - 9 + (can ? 1 : 0), right.center().y - 9}, 18,
              ui.color(can ? Token::on_accent : Token::text3));
  ui.focus_ring("composer.send", right.inset(2), 18, true);

  const std::size_t size = d.edit.text().size();
  if (size > kMaxMessageBytes * 9 / 10) {
    const bool over = size > kMaxMessageBytes;
    const std::string n = std::to_string(over ? size - kMaxMessageBytes : kMaxMessageBytes - size);
    const std::string text = fill(over ? str::kTooLong : str::kCharactersLeft, {{"n", n}});
    ui.line({box.x + kPadX, box.y - 2, box.w - 2 * kPadX, 14}, text, TextRole::micro,
            ui.color(over ? Token::err : Token::text3), Align::end);
    ui.describe("composer.limit", Role::text, {box.x, box.y - 2, box.w, 14}, text);
  }
}

void Composer::build_tray(Ui& ui, Draft& d, const Rect& area) {
  Canvas& canvas = ui.canvas();
  double x = area.x + kBarPad + 4;
  for (std::size_t i = 0; i < d.tray.size(); ++i) {
    const Attachment& a = d.tray[i];
    const Rect card{x, area.y + 10, 184, kCard - 4};
    if (card.x > area.right() - 40) break;
    canvas.fill_round(card, dp::r2, ui.color(Token::bg));
    canvas.stroke_round(card, dp::r2, 1, ui.color(Token::border));
    canvas.circle({card.x + 12 + 18, card.center().y}, 18, ui.color(Token::accent));
    canvas.icon(Icon::file, {card.x + 12 + 8, card.center().y - 10}, 20, ui.color(Token::on_accent));
    const double tx = card.x + 12 + 36 + 10;
    ui.paragraph({tx, card.y + 12, card.right() - tx - 26, 34}, one_line(a.name, 80),
                 TextRole::caption_strong, ui.color(Token::text), Align::start, 2);
    ui.line({tx, card.bottom() - 26, card.right() - tx - 8, 16}, size_text(a.size), TextRole::caption,
            ui.color(Token::text3));
    const std::string id = "composer.tray." + std::to_string(i);
    ui.describe(id, Role::list_item, card, a.name);
    ui.icon_button({.id = id + ".remove",
                    .label = s(str::kRemoveAttachment),
                    .icon = Icon::close,
                    .rect = {card.right() - 28, card.y + 3, 26, 26},
                    .on =
                        [&d, i] {
                          if (i < d.tray.size())
                            d.tray.erase(d.tray.begin() + static_cast<std::ptrdiff_t>(i));
                        },
                    .size = 14});
    x += card.w + 8;
  }
}

void Composer::attach(const ConversationId& id, const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  Draft& d = draft(id);
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::path p(path);
    const std::string name = one_line(p.filename().string(), 120);
    const fs::file_status status = fs::status(p, error);
    if (fs::is_directory(status)) {
      model_.toast(s(str::kFolderRefused));
      continue;
    }
    const std::uintmax_t size = fs::is_regular_file(status) ? fs::file_size(p, error) : 0;
    if (error || !fs::is_regular_file(status) || !std::ifstream(p, std::ios::binary)) {
      model_.toast(fill(str::kUnreadable, {{"name", isolated(name)}}));
      continue;
    }
    if (size == 0) {
      model_.toast(fill(str::kEmptyFile, {{"name", isolated(name)}}));
      continue;
    }
    if (d.tray.size() >= kMaxFiles) {
      model_.toast(s(str::kTooManyFiles));
      break;
    }
    if (std::ranges::any_of(d.tray, [&](const Attachment& a) { return a.path == path; })) continue;
    d.tray.push_back({path, name, size});
  }
}

void Composer::send(Ui& ui, const ConversationId& id) {
  Draft& d = draft(id);
  if (!sendable(d)) return;
  std::vector<std::string> files;
  for (const Attachment& a : d.tray) files.push_back(a.path);
  std::string text = d.edit.text();
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\t')) text.pop_back();
  const std::size_t start = text.find_first_not_of("\n");
  text.erase(0, start == std::string::npos ? text.size() : start);
  // Enter twice at once sends once.
  if (files.empty() && text == d.last_text && ui.now() - d.last_sent < kDoubleSend) return;
  d.last_sent = ui.now();
  d.last_text = text;
  d.edit.model().clear();
  d.tray.clear();
  ui.focus("composer.edit");
  model_.send(id, std::move(text), std::move(files));
  if (sent) sent();
}

}  // namespace sotto::desktop
