#include "desktop/main_view/file_chooser.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/start/rules.hpp"
#include "desktop/text/sanitize.hpp"
#include "desktop/widgets/dialog.hpp"

namespace sotto::desktop {
namespace fs = std::filesystem;
namespace {

constexpr double kWideList = 400;  // narrower: no column for the time, the path above the buttons
constexpr double kRowHeight = 36;

std::string home() {
  const char* value = std::getenv("HOME");
  return value != nullptr && *value != '\0' ? value : "/";
}

WallTime to_wall(fs::file_time_type time) {
  const auto system = std::chrono::file_clock::to_sys(time);
  return {std::chrono::duration_cast<std::chrono::milliseconds>(system.time_since_epoch()).count()};
}

}  // namespace

void FileChooser::open(Ui& ui) {
  shown_ = true;
  path_.model().clear();
  enter(folder_.empty() ? home() : folder_);
  ui.focus("files.path");
}

void FileChooser::enter(const std::string& folder) {
  folder_ = folder;
  entries_.clear();
  selected_.clear();
  problem_.clear();
  scroll_ = 0;
  std::error_code error;
  fs::directory_iterator it(folder, error);
  if (error) {
    problem_ = s(str::kFolderDenied);
    return;
  }
  for (; it != fs::directory_iterator() && entries_.size() < kMaxEntries; it.increment(error)) {
    if (error) break;
    Entry entry;
    entry.name = it->path().filename().string();
    if (!hidden_files_ && entry.name.starts_with('.')) continue;
    std::error_code ignored;
    entry.folder = it->is_directory(ignored);
    if (!entry.folder && !it->is_regular_file(ignored)) continue;
    if (!entry.folder) entry.size = it->file_size(ignored);
    const auto changed = it->last_write_time(ignored);
    if (!ignored) entry.changed = to_wall(changed);
    entries_.push_back(std::move(entry));
  }
  std::ranges::sort(entries_, [](const Entry& a, const Entry& b) {
    if (a.folder != b.folder) return a.folder;
    return lower_ascii(a.name) < lower_ascii(b.name);
  });
}

void FileChooser::accept() {
  if (selected_.empty()) return;
  std::vector<std::string> paths;
  for (const std::string& name : selected_) paths.push_back((fs::path(folder_) / name).string());
  shown_ = false;
  if (chosen) chosen(std::move(paths));
}

void FileChooser::accept_typed(Ui&) {
  const std::string typed = path_.text();
  if (typed.empty()) return accept();
  fs::path p(typed.starts_with("~/") ? home() + typed.substr(1) : typed);
  if (p.is_relative()) p = fs::path(folder_) / p;
  std::error_code error;
  if (fs::is_directory(p, error)) {
    path_.model().clear();
    return enter(p.string());
  }
  if (fs::is_regular_file(p, error)) {
    shown_ = false;
    if (chosen) chosen({p.string()});
    return;
  }
  problem_ = fill(str::kUnreadable, {{"name", isolated(typed, 80)}});
}

void FileChooser::row(Ui& ui, const Entry& entry, const Rect& box) {
  const std::string id = "files.row." + entry.name;
  const bool selected = selected_.contains(entry.name);
  Region r;
  r.id = id;
  r.label = one_line(entry.name, 200);
  r.value = selected ? "selected" : "";
  r.rect = box;
  r.role = Role::list_item;
  r.focusable = true;
  r.cursor = Cursor::hand;
  r.pointer = [this, entry](const PointerEvent& e) {
    if (e.kind != PointerKind::press || e.button != Button::left) return;
    if (entry.folder) {
      if (e.clicks >= 2) enter((fs::path(folder_) / entry.name).string());
      return;
    }
    if (e.clicks >= 2) return accept();
    if (e.ctrl) {
      if (!selected_.erase(entry.name)) selected_.insert(entry.name);
    } else {
      selected_ = {entry.name};
    }
  };
  r.key = [this, entry, &ui](const KeyEvent& e) {
    switch (e.key) {
      case Key::down: return ui.move_focus(1);
      case Key::up: return ui.move_focus(-1);
      case Key::escape: shown_ = false; return true;
      case Key::backspace: enter(fs::path(folder_).parent_path().string()); return true;
      case Key::space:
        if (!entry.folder && !selected_.erase(entry.name)) selected_.insert(entry.name);
        return true;
      case Key::enter:
        if (entry.folder) {
          enter((fs::path(folder_) / entry.name).string());
        } else {
          selected_.insert(entry.name);
          accept();
        }
        return true;
      default: return false;
    }
  };
  ui.region(std::move(r));
  if (selected)
    ui.canvas().fill_round(box, dp::r2, ui.color(Token::bg_sel));
  else if (ui.hovered(id))
    ui.canvas().fill_round(box, dp::r2, ui.color(Token::bg_hover));
  ui.canvas().icon(entry.folder ? Icon::folder : Icon::file, {box.x + 10, box.center().y - 9}, 18,
                   ui.color(entry.folder ? Token::link : Token::text2));
  const double right = box.right() - 10;
  const bool wide = box.w >= kWideList;
  const double size_right = wide ? right - 106 : right;
  ui.line({box.x + 38, box.y, size_right - 84 - 38 - box.x, box.h}, one_line(entry.name, 200), TextRole::body,
          ui.color(Token::text));
  if (!entry.folder)
    ui.line({size_right - 84, box.y, 84, box.h}, size_text(entry.size), TextRole::small,
            ui.color(Token::text2), Align::end, true);
  if (wide)
    ui.line({right - 96, box.y, 96, box.h}, sidebar_time(entry.changed, ui.wall()), TextRole::small,
            ui.color(Token::text2), Align::end, true);
  ui.focus_ring(id, box, dp::r2, true);
}

void FileChooser::build(Ui& ui) {
  if (!shown_) return;
  const auto close = [this] { shown_ = false; };
  Rect inside = begin_dialog(ui, "files", 720, 520, s(str::kAttachFiles), close);
  Rect foot = inside.take_bottom(dp::kButton);
  // The path has a row of its own where the buttons leave it none.
  Rect path = foot;
  const double attach = ui.button_width(s(str::kAttachButton)), cancel = ui.button_width(s(str::kCancel));
  if (inside.w < kWideList) {
    inside.take_bottom(12);
    path = inside.take_bottom(dp::kField);
  } else {
    path.w -= attach + cancel + 24;
  }
  inside.take_bottom(16);

  // Places.
  if (inside.w > 480) {
    Rect places = inside.take_left(132);
    inside.take_left(16);
    const std::array<std::pair<std::string_view, std::string>, 4> list{{{str::kHome, ""},
                                                                        {str::kDocuments, "/Documents"},
                                                                        {str::kDownloads, "/Downloads"},
                                                                        {str::kPictures, "/Pictures"}}};
    for (const auto& [label, suffix] : list) {
      const std::string target = home() + suffix;
      std::error_code error;
      if (!fs::is_directory(target, error)) continue;
      const Rect box = places.take_top(kRowHeight);
      const std::string id = "files.place." + lower_ascii(label);
      Region r;
      r.id = id;
      r.label = s(label);
      r.rect = box;
      r.role = Role::button;
      r.focusable = true;
      r.cursor = Cursor::hand;
      r.activate = [this, target] { enter(target); };
      ui.region(std::move(r));
      if (folder_ == target)
        ui.canvas().fill_round(box, dp::r2, ui.color(Token::bg_sel));
      else if (ui.hovered(id))
        ui.canvas().fill_round(box, dp::r2, ui.color(Token::bg_hover));
      ui.canvas().icon(suffix.empty() ? Icon::home : Icon::folder, {box.x + 10, box.center().y - 9}, 18,
                       ui.color(Token::text2));
      ui.line({box.x + 36, box.y, box.w - 40, box.h}, s(label), TextRole::body, ui.color(Token::text));
      ui.focus_ring(id, box, dp::r2, true);
    }
    ui.canvas().vline(inside.x - 8, inside.y, inside.h, ui.color(Token::border));
  }

  // Where we are.
  Rect head = inside.take_top(36);
  ui.icon_button({.id = "files.parent",
                  .label = s(str::kParent),
                  .icon = Icon::chevron_up,
                  .rect = head.take_left(36).inset(2),
                  .enabled = fs::path(folder_).has_relative_path(),
                  .on = [this] { enter(fs::path(folder_).parent_path().string()); },
                  .size = 18});
  ui.line({head.x + 6, head.y, head.w - 6, head.h}, one_line(folder_, 300), TextRole::small_strong,
          ui.color(Token::text2));
  ui.describe("files.folder", Role::text, head, folder_);
  Rect columns = inside.take_top(24);
  const double right = columns.right() - 10;
  ui.line({columns.x + 38, columns.y, 100, 24}, s(str::kNameColumn), TextRole::caption,
          ui.color(Token::text3));
  const bool wide = inside.w >= kWideList;
  ui.line({(wide ? right - 106 : right) - 84, columns.y, 84, 24}, s(str::kSizeColumn), TextRole::caption,
          ui.color(Token::text3), Align::end);
  if (wide)
    ui.line({right - 96, columns.y, 96, 24}, s(str::kChangedColumn), TextRole::caption,
            ui.color(Token::text3), Align::end);
  ui.canvas().hline(inside.x, inside.y, inside.w, ui.color(Token::border));
  inside.take_top(4);

  Region list;
  list.id = "files.list";
  list.rect = inside;
  list.wheel = [this](double dy) { scroll_ += dy; };
  ui.region(std::move(list));
  const double total = static_cast<double>(entries_.size()) * kRowHeight;
  scroll_ = std::clamp(scroll_, 0.0, std::max(0.0, total - inside.h));
  ui.canvas().push_clip(inside);
  if (!problem_.empty() || entries_.empty()) {
    const std::string text = problem_.empty() ? s(str::kFolderEmpty) : problem_;
    ui.paragraph({inside.x + 8, inside.y + 24, inside.w - 16, 60}, text, TextRole::body,
                 ui.color(problem_.empty() ? Token::text2 : Token::err), Align::center);
    ui.describe("files.problem", Role::text, inside, text);
  } else {
    for (auto i = static_cast<std::size_t>(scroll_ / kRowHeight); i < entries_.size(); ++i) {
      const double y = inside.y + static_cast<double>(i) * kRowHeight - scroll_;
      if (y > inside.bottom()) break;
      row(ui, entries_[i], {inside.x, y, inside.w, kRowHeight});
    }
  }
  ui.canvas().pop_clip();
  if (total > inside.h) {
    const double thumb = std::max(32.0, inside.h * inside.h / total);
    ui.canvas().fill_round(
        {inside.right() - 5, inside.y + (inside.h - thumb) * scroll_ / (total - inside.h), 5, thumb}, 2.5,
        ui.color(Token::border_ctl).with_alpha(0.55));
  }

  const bool ready = !selected_.empty() || !path_.model().blank();
  ui.field({.id = "files.path",
            .label = {},
            .rect = {path.x, path.y, path.w, dp::kField},
            .edit = &path_,
            .placeholder = s(str::kPathOrName),
            .help = {},
            .error = {},
            .enter = [this, &ui] { accept_typed(ui); },
            .escape = close});
  ui.button({.id = "files.cancel",
             .label = s(str::kCancel),
             .rect = {foot.right() - attach - cancel - 8, foot.y, cancel, dp::kButton},
             .kind = ButtonKind::outlined,
             .on = close});
  ui.button({.id = "files.attach",
             .label = s(str::kAttachButton),
             .rect = {foot.right() - attach, foot.y, attach, dp::kButton},
             .enabled = ready,
             .on = [this, &ui] { accept_typed(ui); }});
  end_dialog(ui);
}

}  // namespace sotto::desktop
