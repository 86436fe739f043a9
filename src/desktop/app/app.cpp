#include "desktop/app/app.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {
namespace {

constexpr std::uint64_t kAskBeforeDiscard = 50'000'000;

}  // namespace

bool runs_programs(std::string_view name) {
  // Programs and scripts, packages, and pages that run scripts with the rights of a local file.
  static constexpr std::string_view kEndings[] = {
      ".desktop", ".appimage", ".run",   ".bin", ".elf",   ".out",  ".exe",        ".com",     ".bat",
      ".cmd",     ".msi",      ".scr",   ".ps1", ".vbs",   ".vbe",  ".wsf",        ".hta",     ".lnk",
      ".sh",      ".bash",     ".zsh",   ".csh", ".ksh",   ".fish", ".py",         ".pyw",     ".pyz",
      ".pyzw",    ".pyc",      ".pl",    ".rb",  ".lua",   ".tcl",  ".php",        ".js",      ".jse",
      ".mjs",     ".jar",      ".jnlp",  ".deb", ".rpm",   ".snap", ".flatpakref", ".flatpak", ".xpi",
      ".html",    ".htm",      ".xhtml", ".xht", ".shtml", ".mht",  ".mhtml",      ".svg",     ".svgz"};
  const std::string lower = lower_ascii(name);
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return lower.ends_with(ending); });
}

App::App(client::Commands& commands, Clipboard& clipboard, UiPost post, std::function<TimePoint()> now,
         std::function<WallTime()> wall, double scale, AppOptions options)
    : now_(std::move(now)),
      wall_(std::move(wall)),
      options_(std::move(options)),
      dark_(options_.dark),
      engine_(scale),
      animator_(options_.reduced_motion),
      ui_(engine_, clipboard, animator_),
      model_(commands, std::move(post), now_, wall_),
      start_view_(model_, options_.device_name),
      sidebar_(model_),
      conversation_(model_),
      new_chat_(model_),
      call_(model_) {
  if (options_.unlock) {
    locked_ = true;
    unlock_.emplace(
        [this](SecretBytes passphrase, std::function<void(Status)> answer) {
          options_.unlock(std::move(passphrase), [this, answer = std::move(answer)](const Status& opened) {
            answer(opened);
            if (opened) {
              locked_ = false;
              start();
            }
            if (model_.changed) model_.changed();
          });
        },
        options_.fresh);
  }
  if (!options_.invite.empty()) start_view_.set_invite(options_.invite);
  sidebar_.new_message = [this] { new_chat_.open(ui_); };
  sidebar_.open_menu = [this](Rect at) { menu_ = at; };
  sidebar_.draft = [this](const ConversationId& id) { return conversation_.composer().draft_text(id); };
  conversation_.back = [this] { model_.close_conversation(); };
  conversation_.choose_files = [this] { open_chooser(); };
  conversation_.composer().escape = [this] {
    if (call_.on_stage() && call_.live()) call_.minimise();
  };
  conversation_.list().bubbles().open_file = [this](const MessageView& m) { open_file(m); };
  conversation_.list().bubbles().cancel_transfer = [this](const MessageView& m) { cancel_transfer(m); };
  conversation_.list().bubbles().call_back = [this](const ConversationId& id, bool video) {
    model_.start_call(id, video);
  };
  chooser_.chosen = [this](const std::vector<std::string>& paths) {
    if (model_.open) conversation_.composer().attach(*model_.open, paths);
    ui_.focus("composer.edit");
  };
  call_.open_chat = [this](const ConversationId& id) {
    model_.open_conversation(id);
    ui_.focus("composer.edit");
  };
  model_.conversation_opened = [this](const ConversationId& id) {
    conversation_.list().opened(id);
    // Opening a chat keeps the call, small.
    if (call_.on_stage()) {
      if (call_.live())
        call_.minimise();
      else
        model_.dismiss_call();
    }
    if (!dialog_shown()) ui_.focus("composer.edit");
  };
  model_.message_arrived = [this](const MessageView&) {
    if (!ui_.window_focused() && attention) attention();
  };
  model_.message_sent = [this](const MessageView& m) {
    if (model_.open == m.conversation) conversation_.list().sent();
  };
  model_.not_sent = [this](const ConversationId& id, const std::string& text) {
    conversation_.composer().give_back(id, text);
  };
  model_.call_changed = [this] {
    const bool was_on_stage = call_.on_stage();
    call_.call_changed();
    if (call_.on_stage() && call_.live())
      ui_.focus("call.stage");
    else if (was_on_stage || !model_.call) {
      if (ui_.focus_id().starts_with("call.")) ui_.focus("composer.edit");
    }
    if (model_.call && model_.call->state == CallState::ringing && !model_.call->outgoing &&
        !ui_.window_focused() && attention)
      attention();
  };
}

void App::start() { model_.start(); }

bool App::dialog_shown() const {
  return new_chat_.shown() || chooser_.shown() || question_ || conversation_.dialog_shown();
}

void App::open_chooser() {
  if (model_.open) chooser_.open(ui_);
}

void App::build(Canvas& canvas, Rect window, const PictureState& remote, const PictureState& local) {
  ui_.begin(canvas, window, dark_ ? kDark : kLight, now_(), wall_());
  model_.expire_toasts(ui_.now());
  if (locked_) {
    unlock_->build(ui_);
  } else if (!model_.account_known) {
    canvas.fill(window, ui_.color(Token::bg));
    ui_.spinner(window.center(), 32, ui_.color(Token::text3));
  } else if (!model_.account) {
    if (was_signed_in_) {  // drafts and places belong to the account
      conversation_.composer().clear();
      conversation_.list().clear();
    }
    was_signed_in_ = false;
    start_view_.build(ui_);
    build_toasts(ui_, window);
  } else {
    if (!was_signed_in_) {
      was_signed_in_ = true;
      ui_.focus(model_.open ? "composer.edit" : "sidebar.search");
    }
    build_main(ui_, window, remote, local);
  }
  // "Today" becomes "Yesterday".
  const std::int64_t to_midnight = next_midnight(ui_.wall()).ms - ui_.wall().ms;
  ui_.wake_in(static_cast<int>(std::clamp<std::int64_t>(to_midnight + 1000, 1000, 86'400'000)));
  ui_.end();
}

void App::build_main(Ui& ui, Rect window, const PictureState& remote, const PictureState& local) {
  const bool one_pane = window.w < dp::kOnePane;
  const bool stage = call_.on_stage();
  Rect rest = window;
  if (!one_pane) {
    const Rect side = rest.take_left(window.w >= dp::kThreePane ? dp::kSidebarThree : dp::kSidebarTwo);
    sidebar_.build(ui, side);
    ui.canvas().vline(side.right() - 1, side.y, side.h, ui.color(Token::border));
  } else if (!model_.open && !stage) {
    sidebar_.build(ui, rest);
  }
  pane_ = rest;
  conversation_.in_call = model_.call.has_value() && model_.call->state != CallState::ended;
  if (stage) {
    call_.build_stage(ui, rest, remote, local);
  } else if (!one_pane || model_.open) {
    conversation_.build(ui, rest, one_pane, dialog_shown());
  }
  if (!stage) {
    // Above the composer, never over it.
    Rect above = rest;
    if (model_.open) above.take_bottom(conversation_.composer().measure(ui, *model_.open, rest.w, rest.h));
    call_.build_minimised(ui, above, remote);
  }
  build_menu(ui);
  new_chat_.build(ui);
  chooser_.build(ui);
  conversation_.build_dialogs(ui);
  call_.build_panel(ui);
  if (question_) {
    const Question question = *question_;
    build_question(ui, question, [this] { question_.reset(); });
  }
  call_.build_incoming(ui, window);
  build_toasts(ui, rest);
}

void App::build_menu(Ui& ui) {
  if (!menu_) return;
  struct Entry {
    std::string id, label;
    Icon icon;
    std::function<void()> on;
  };
  const std::vector<Entry> entries{
      {"menu.new", s(str::kNewMessage), Icon::plus, [this] { new_chat_.open(ui_); }},
      {"menu.theme", s(dark_ ? str::kThemeLight : str::kThemeDark), dark_ ? Icon::sun : Icon::moon,
       [this] {
         dark_ = !dark_;
         if (options_.remember_theme) options_.remember_theme(dark_);
       }},
      {"menu.sign_out", s(str::kSignOut), Icon::sign_out, [this] {
         question_ = Question{"sign_out",
                              s(str::kSignOutTitle),
                              s(str::kSignOutBody),
                              s(str::kCancel),
                              s(str::kSignOut),
                              true,
                              [this] { model_.logout(); },
                              {},
                              {}};
         ui_.focus("sign_out.keep");
       }}};
  ui.canvas().begin_over();
  Region away;
  away.id = "menu.away";
  away.rect = ui.window();
  away.pointer = [this](const PointerEvent& e) {
    if (e.kind == PointerKind::release) menu_.reset();
  };
  ui.modal();
  ui.region(std::move(away));
  const double header = 60;
  const Rect box{menu_->x, menu_->bottom() + 4, 240, static_cast<double>(entries.size()) * 40 + 12 + header};
  ui.canvas().shadow(box, dp::r3, 2);
  ui.canvas().fill_round(box, dp::r3, ui.color(Token::bg));
  ui.canvas().stroke_round(box, dp::r3, 1, ui.color(Token::border));
  if (model_.account) {
    const UserView& user = model_.account->user;
    const std::string name = user.display_name.empty() ? user.username : user.display_name;
    ui.avatar({box.x + 16 + 18, box.y + 30}, 36, name, identity_of(user.id));
    ui.line({box.x + 64, box.y + 12, box.w - 76, 20}, one_line(name, 60), TextRole::strong,
            ui.color(Token::text));
    ui.line({box.x + 64, box.y + 31, box.w - 76, 16},
            "@" + user.username + " · " + one_line(model_.host(), 60), TextRole::caption,
            ui.color(Token::text3));
  }
  ui.canvas().hline(box.x + 1, box.y + header, box.w - 2, ui.color(Token::border));
  double y = box.y + header + 6;
  for (const Entry& entry : entries) {
    const Rect row{box.x + 6, y, box.w - 12, 40};
    Region r;
    r.id = entry.id;
    r.label = entry.label;
    r.rect = row;
    r.role = Role::button;
    r.focusable = true;
    r.cursor = Cursor::hand;
    r.activate = [this, on = entry.on] {
      menu_.reset();
      on();
    };
    r.key = [this, &ui](const KeyEvent& e) {
      if (e.key == Key::escape) return menu_.reset(), ui.focus("sidebar.menu"), true;
      if (e.key == Key::down) return ui.move_focus(1);
      if (e.key == Key::up) return ui.move_focus(-1);
      return false;
    };
    ui.region(std::move(r));
    if (ui.hovered(entry.id)) ui.canvas().fill_round(row, dp::r2, ui.color(Token::bg_hover));
    ui.canvas().icon(entry.icon, {row.x + 10, row.center().y - 9}, 18, ui.color(Token::text2));
    ui.line({row.x + 40, row.y, row.w - 48, row.h}, entry.label, TextRole::body, ui.color(Token::text));
    ui.focus_ring(entry.id, row, dp::r2, true);
    y += 40;
  }
  ui.canvas().end_over();
}

void App::build_toasts(Ui& ui, const Rect& pane) {
  if (model_.toasts.empty()) return;
  ui.canvas().begin_over();
  double lift = 16;
  if (model_.account && model_.open && !call_.on_stage())
    lift += conversation_.composer().measure(ui, *model_.open, pane.w, pane.h);
  else if (call_.on_stage())
    lift += dp::kCallBar;
  double bottom = pane.bottom() - lift;
  for (auto it = model_.toasts.rbegin(); it != model_.toasts.rend(); ++it) {
    const Toast& toast = *it;
    const double action_w = toast.action.empty() ? 0 : ui.text_width(toast.action, TextRole::strong) + 24;
    const double most = std::min(480.0, pane.w - 32) - 32 - action_w;
    const TextBlockPtr block =
        ui.engine().get({.text = toast.text, .role = TextRole::body, .width = most, .max_lines = 2});
    const double w = block->width() + 32 + action_w, h = std::max(40.0, block->height() + 20);
    const Rect box{pane.x + (pane.w - w) / 2, bottom - h, w, h};
    ui.canvas().shadow(box, dp::r3, 2);
    ui.canvas().fill_round(box, dp::r3, ui.color(Token::tip_bg));
    ui.canvas().text({box.x + 16, box.y + (h - block->height()) / 2}, *block, ui.color(Token::tip_text));
    Region r;
    r.id = "toast";
    r.label = toast.text;
    r.rect = box;
    r.activate = toast.on;
    ui.region(std::move(r));
    if (action_w > 0) {
      ui.line({box.right() - action_w, box.y, action_w - 12, h}, toast.action, TextRole::strong,
              dark_ ? kLight[Token::link] : kDark[Token::link], Align::end);
    }
    ui.wake_at(toast.until);
    bottom -= h + 8;
  }
  ui.canvas().end_over();
}

// ---- input ----

bool App::key(const KeyEvent& e) {
  // While an input method composes, the keys are its own.
  if (const TextEdit* edit = ui_.active_edit(); edit != nullptr && !edit->preedit().empty()) return true;
  if (model_.account) {
    if (call_.key(e)) return true;
    if (question_ && e.key == Key::escape) return question_.reset(), true;
    const bool plain_ctrl = e.ctrl && !e.shift && !e.alt && !e.repeat;
    if (plain_ctrl && !dialog_shown()) {
      if (e.key == Key::n) return new_chat_.open(ui_), true;
      if (e.key == Key::o && model_.open && !call_.on_stage()) return open_chooser(), true;
      if (e.key == Key::k) return ui_.focus("sidebar.search"), true;
    }
    if (e.alt && (e.key == Key::up || e.key == Key::down) && !model_.conversations.empty()) {
      const auto it = std::ranges::find_if(model_.conversations,
                                           [&](const ConversationView& c) { return model_.open == c.id; });
      auto index = it == model_.conversations.end() ? std::ptrdiff_t{-1} : it - model_.conversations.begin();
      index += e.key == Key::down ? 1 : -1;
      if (index >= 0 && index < static_cast<std::ptrdiff_t>(model_.conversations.size())) {
        model_.open_conversation(model_.conversations[static_cast<std::size_t>(index)].id);
      }
      return true;
    }
    if (e.key == Key::escape && conversation_.dialog_shown()) {
      // Dialogs without a field take Escape here.
      if (ui_.active_edit() == nullptr) {
        conversation_.close_dialogs();
        return true;
      }
    }
    if (e.key == Key::escape && menu_) return menu_.reset(), true;
    if (e.key == Key::escape && new_chat_.shown()) return new_chat_.close(), true;
    if (e.key == Key::escape && chooser_.shown()) return chooser_.close(), true;
  }
  if (ui_.key(e)) return true;
  if (model_.account && call_.on_stage() && ui_.active_edit() == nullptr && !dialog_shown())
    return call_.stage_key(e);
  return false;
}

bool App::text_input(std::string_view text) {
  if (ui_.text_input(text)) return true;
  // Typing anywhere goes to the composer, except on the stage and in dialogs.
  const bool space_on_button = text == " " && !ui_.focus_id().empty() && ui_.focus_id() != "messages.list";
  if (model_.account && model_.open && !call_.on_stage() && !dialog_shown() && !menu_ && !space_on_button) {
    ui_.focus("composer.edit");
    conversation_.composer().insert(*model_.open, std::string(text), now_());
    return true;
  }
  return false;
}

void App::files_dropped(const std::vector<std::string>& paths) {
  conversation_.set_drag(false);
  const ConversationId* target = model_.open ? &*model_.open : nullptr;
  if (call_.on_stage() && model_.call) target = &model_.call->conversation;
  if (!model_.account || target == nullptr) return;
  const ConversationId id = *target;
  if (call_.on_stage() && call_.live()) {
    call_.minimise();
    model_.open_conversation(id);
  }
  conversation_.composer().attach(id, paths);
  ui_.focus("composer.edit");
}

void App::text_dropped(const std::string& text) {
  conversation_.set_drag(false);
  if (model_.account && model_.open && !call_.on_stage())
    conversation_.composer().insert(*model_.open, text, now_());
}

void App::drag_over(bool over) {
  conversation_.set_drag(over && model_.account && model_.open && !call_.on_stage() && !dialog_shown());
}

void App::open_file(const MessageView& m) {
  if (m.local_path.empty() || !options_.open_path) return;
  if (m.own || !runs_programs(m.local_path)) return options_.open_path(m.local_path);
  const std::size_t slash = m.local_path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : m.local_path.substr(0, slash);
  question_ = Question{"executable",
                       s(str::kExecutableTitle),
                       fill(str::kExecutable, {{"name", isolated(m.file ? m.file->name : "", 80)},
                                               {"sender", isolated(m.sender_username, 40)}}),
                       s(str::kCancel),
                       s(str::kOpen),
                       true,
                       [this, path = m.local_path] { options_.open_path(path); },
                       s(str::kShowInFolder),
                       [this, folder] { options_.open_path(folder); }};
  ui_.focus("executable.keep");
}

void App::cancel_transfer(const MessageView& m) {
  if (!m.transfer) return;
  const TransferView* t = model_.transfer(*m.transfer);
  if (t == nullptr) return;
  const TransferId id = t->id;
  if (t->bytes < kAskBeforeDiscard) return model_.cancel(id);
  question_ = Question{"discard",
                       fill(str::kDiscardTitle, {{"size", size_text(t->bytes)}}),
                       {},
                       s(str::kKeep),
                       s(str::kDiscard),
                       true,
                       [this, id] { model_.cancel(id); },
                       {},
                       {}};
  ui_.focus("discard.keep");
}

bool App::close_requested() {
  if (!call_.live()) {
    quit_ = true;
    return true;
  }
  question_ = Question{"quit",
                       s(str::kQuitInCall),
                       {},
                       s(str::kCancel),
                       s(str::kLeaveAndQuit),
                       true,
                       [this] {
                         if (model_.call) model_.hang_up(model_.call->id);
                         quit_ = true;
                       },
                       {},
                       {}};
  ui_.focus("quit.keep");
  return false;
}

std::string App::title() const {
  std::string out;
  if (call_.live()) out += model_.call->microphone ? "● " : "● muted – ";
  if (const int unread = model_.total_unread(); unread > 0) out += "(" + std::to_string(unread) + ") ";
  const ConversationView* open = model_.open ? model_.conversation(*model_.open) : nullptr;
  if (open != nullptr) out += one_line(open->name, 60) + " – ";
  out += options_.title.empty() ? s(str::kApp) : one_line(options_.title, 60);
  return out;
}

}  // namespace sotto::desktop
