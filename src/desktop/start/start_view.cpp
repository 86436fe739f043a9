#include "desktop/start/start_view.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/start/form.hpp"
#include "desktop/start/mark.hpp"
#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {

StartView::StartView(Model& model, std::string device_name)
    : model_(model),
      password_(TextEdit::Style{.password = true, .max_bytes = 1024}),
      repeat_(TextEdit::Style{.password = true, .max_bytes = 1024}) {
  device_.model().set_text(std::move(device_name));
}

void StartView::set_invite(const std::string& link) {
  address_.model().set_text(one_line(link, 2048));
  if (auto parsed = parse_server(link); parsed && parsed->invite_link) {
    server_ = *parsed;
    screen_ = Screen::create;
  }
}

void StartView::go(Ui& ui, Screen screen) {
  screen_ = screen;
  scroll_ = 0;
  banner_.clear();
  offer_replace_ = false;
  password_.wipe();
  repeat_.wipe();
  ui.focus(screen == Screen::server  ? "start.server"
           : screen == Screen::login ? "login.username"
                                     : "register.username");
}

void StartView::go_on(Ui& ui) {
  auto parsed = parse_server(address_.text());
  if (!parsed) {
    address_error_ = parsed.error().message;
    address_.model().select_all();
    ui.focus("start.server");
    return;
  }
  address_error_.clear();
  server_ = *parsed;
  go(ui, server_->invite_link ? Screen::create : Screen::login);
}

void StartView::build(Ui& ui) {
  const Rect window = ui.window();
  ui.canvas().fill(window, ui.color(Token::bg));
  if (!focused_once_) {
    focused_once_ = true;
    ui.focus(screen_ == Screen::server ? "start.server" : "register.username");
  }
  Region scroller;
  scroller.id = "start.page";
  scroller.rect = window;
  scroller.wheel = [this, h = window.h](double dy) {
    scroll_ = std::clamp(scroll_ + dy, 0.0, std::max(0.0, content_ - h));
  };
  ui.region(std::move(scroller));
  if (screen_ == Screen::server)
    build_server(ui);
  else
    build_account(ui);
}

void StartView::build_server(Ui& ui) {
  const Rect window = ui.window();
  const double width = std::min(kFormWidth, window.w - 48);
  const double x = window.x + (window.w - width) / 2;
  constexpr double kHeight = 64 + 24 + 28 + 8 + 20 + 32 + 20 + 40 + 24 + 24 + 40;
  double y = std::max(24.0, (window.h - kHeight) / 2);

  draw_mark(ui, {window.w / 2, y + 32}, 64);
  y += 64 + 24;
  ui.line({x, y, width, 28}, s(str::kConnectTitle), TextRole::heading, ui.color(Token::text), Align::center);
  y += 28 + 8;
  y += ui.paragraph({x, y, width, 100}, s(str::kConnectBody), TextRole::body, ui.color(Token::text2),
                    Align::center);
  y += 32 + kFormLabel;
  const double below = ui.field({.id = "start.server",
                                 .label = s(str::kServerLabel),
                                 .rect = {x, y, width, dp::kField},
                                 .edit = &address_,
                                 .placeholder = {},
                                 .help = s(str::kServerHelp),
                                 .error = address_error_,
                                 .enter = [this, &ui] {
                                   if (!address_.model().blank()) go_on(ui);
                                 }});
  y = std::max(below + 20, y + dp::kField + 40);
  const double button = std::max(120.0, ui.button_width(s(str::kContinue)));
  ui.button({.id = "start.continue",
             .label = s(str::kContinue),
             .rect = {x + width - button, y, button, dp::kButton},
             .enabled = !address_.model().blank(),
             .on = [this, &ui] { go_on(ui); }});
}

void StartView::build_account(Ui& ui) {
  const Rect window = ui.window();
  const double width = std::min(kFormWidth, window.w - 48);
  const double x = window.x + (window.w - width) / 2;
  const double top = std::max(24.0, (window.h - content_) / 2) - scroll_;
  double y = top;

  ui.icon_button({.id = "start.back",
                  .label = s(str::kBack),
                  .icon = Icon::back,
                  .rect = {x - 10, y, 40, 40},
                  .enabled = !busy_,
                  .on = [this, &ui] { go(ui, Screen::server); }});
  ui.canvas().icon(Icon::lock, {x + 36, y + 11}, 18, ui.color(Token::ok));
  ui.line({x + 60, y, width - 60, 40}, isolated(server_ ? server_->host : "", 80), TextRole::title,
          ui.color(Token::text));
  y += 40 + 16;

  // Two segments.
  const Rect tabs{x, y, width, 40};
  ui.canvas().fill_round(tabs, dp::r2, ui.color(Token::bg_sunk));
  const std::array<std::pair<Screen, std::string_view>, 2> kTabs{
      {{Screen::login, str::kSignIn}, {Screen::create, str::kCreateAccount}}};
  for (std::size_t i = 0; i < kTabs.size(); ++i) {
    const auto [screen, label] = kTabs[i];
    const std::string id = screen == Screen::login ? "start.tab_login" : "start.tab_register";
    const Rect cell{tabs.x + static_cast<double>(i) * tabs.w / 2, tabs.y, tabs.w / 2, tabs.h};
    const bool on = screen_ == screen;
    if (on) {
      ui.canvas().fill_round(cell.inset(3), dp::r2 - 2, ui.color(Token::bg));
      ui.canvas().stroke_round(cell.inset(3), dp::r2 - 2, 1, ui.color(Token::border));
    }
    Region r;
    r.id = id;
    r.label = s(label);
    r.rect = cell;
    r.role = Role::button;
    r.focusable = true;
    r.enabled = !busy_;
    r.cursor = Cursor::hand;
    r.activate = [this, &ui, target = screen] {
      if (screen_ != target) go(ui, target);
    };
    ui.region(std::move(r));
    ui.line(cell, s(label), on ? TextRole::strong : TextRole::body, ui.color(on ? Token::text : Token::text2),
            Align::center);
    ui.focus_ring(id, cell.inset(3), dp::r2 - 2, true);
  }
  y += 40 + 24;

  if (!banner_.empty()) {
    const double text_width = width - 24 - 28;
    const double h = std::max(20.0, ui.paragraph_height(text_width, banner_, TextRole::body));
    const Rect box{x, y, width, h + 20};
    ui.canvas().fill_round(box, dp::r2, ui.color(Token::err_bg));
    ui.canvas().icon(Icon::alert, {x + 12, y + 11}, 18, ui.color(Token::err));
    ui.paragraph({x + 40, y + 10, text_width, h}, banner_, TextRole::body, ui.color(Token::err));
    ui.describe("start.banner", Role::text, box, banner_);
    y += box.h + 20;
  }
  y = screen_ == Screen::login ? build_login(ui, x, y, width) : build_create(ui, x, y, width);
  // Centred by the height of the frame before: once more when that was another.
  const double content = y + 24 - top;
  if (content != content_) ui.wake_at(ui.now());
  content_ = content;
  scroll_ = std::clamp(scroll_, 0.0, std::max(0.0, content_ + 48 - window.h));
}

double StartView::build_login(Ui& ui, double x, double y, double width) {
  const bool ready = !user_.model().blank() && !password_.text().empty() && !busy_;
  const auto submit = [this, &ui, ready] {
    if (ready) sign_in(ui, false);
  };
  const auto back = [this, &ui] {
    if (!busy_) go(ui, Screen::server);
  };
  Form form(ui, {x, y, width}, !busy_, submit, back);
  form.field({.id = "login.username", .label = s(str::kUserName), .edit = &user_});
  form.field({.id = "login.password",
              .label = s(str::kPassword),
              .edit = &password_,
              .help = caps_lock_ && ui.focused("login.password") ? s(str::kCapsLock) : "",
              .reveal_button = true});
  form.field({.id = "login.device", .label = s(str::kDeviceName), .edit = &device_});
  const double left = form.submit({.id = "login.submit",
                                   .label = s(busy_ ? str::kSigningIn : str::kSignIn),
                                   .enabled = ready || busy_,
                                   .busy = busy_,
                                   .on = submit},
                                  120);
  if (offer_replace_ && !busy_) {
    const double other = ui.button_width(s(str::kReplaceButton));
    ui.button({.id = "login.replace",
               .label = s(str::kReplaceButton),
               .rect = {left - 8 - other, form.y() - dp::kButton, other, dp::kButton},
               .kind = ButtonKind::outlined,
               .enabled = ready,
               .on = [this, &ui] { sign_in(ui, true); }});
  }
  return form.y();
}

bool StartView::judged(const Ui& ui, const std::string& id, const TextEdit& edit) const {
  if (edit.text().empty()) return false;
  return !ui.focused(id) || ui.now() - edit.last_change() > std::chrono::milliseconds(1000);
}

bool StartView::create_ready() const {
  const bool invited = server_ && (server_->invite_link || !invite_.model().blank());
  return !busy_ && invited && user_name_problem(user_.text()).empty() &&
         display_name_problem(display_.text()).empty() &&
         password_problem(password_.text(), user_.text()).empty() && password_.text() == repeat_.text();
}

double StartView::build_create(Ui& ui, double x, double y, double width) {
  const auto submit = [this, &ui] {
    if (create_ready()) create(ui);
  };
  const auto back = [this, &ui] {
    if (!busy_) go(ui, Screen::server);
  };
  Form form(ui, {x, y, width}, !busy_, submit, back);
  if (server_ && !server_->invite_link) {
    form.field(
        {.id = "register.invite", .label = s(str::kInviteCode), .edit = &invite_, .error = invite_error_});
  }
  // Lower-cased while typing.
  if (const std::string lower = lower_ascii(user_.text()); lower != user_.text()) {
    const std::size_t caret = user_.model().caret();
    user_.model().set_text(lower);
    user_.model().set_caret(caret, false);
  }
  const std::string user_bad = !user_error_.empty()                     ? user_error_
                               : judged(ui, "register.username", user_) ? user_name_problem(user_.text())
                                                                        : "";
  form.field(
      {.id = "register.username",
       .label = s(str::kUserName),
       .edit = &user_,
       .error = user_bad,
       .good = !user_.text().empty() && user_name_problem(user_.text()).empty() && user_error_.empty()});
  form.field(
      {.id = "register.display_name",
       .label = s(str::kDisplayName),
       .edit = &display_,
       .error = judged(ui, "register.display_name", display_) ? display_name_problem(display_.text()) : "",
       .good = display_name_problem(display_.text()).empty()});
  const std::string problem = password_problem(password_.text(), user_.text());
  const bool caps = caps_lock_ && (ui.focused("register.password") || ui.focused("register.repeat"));
  form.field({.id = "register.password",
              .label = s(str::kPassword),
              .edit = &password_,
              .help = caps ? s(str::kCapsLock) : "",
              .error = judged(ui, "register.password", password_) ? problem : "",
              .reveal_button = true});
  if (!password_.text().empty()) {
    // Four steps and a word: never colour alone.
    constexpr std::array<std::string_view, 4> kWords{str::kVeryWeak, str::kWeak, str::kFair, str::kStrong};
    const int strength = password_strength(password_.text(), user_.text());
    const Color ink = ui.color(strength == 0 ? Token::err : strength == 1 ? Token::warn : Token::ok);
    const double cell = (width - 96 - 3 * 4) / 4;
    form.skip(8);
    for (int i = 0; i < 4; ++i) {
      ui.canvas().fill_round({x + i * (cell + 4), form.y() + 6, cell, 4}, 2,
                             i <= strength ? ink : ui.color(Token::border));
    }
    ui.line({x + width - 88, form.y(), 88, 16}, s(kWords[static_cast<std::size_t>(strength)]),
            TextRole::caption, ink, Align::end);
    form.skip(16);
  }
  const bool differs = judged(ui, "register.repeat", repeat_) && repeat_.text() != password_.text();
  form.field({.id = "register.repeat",
              .label = s(str::kRepeatPassword),
              .edit = &repeat_,
              .error = differs ? s(str::kPasswordsDiffer) : "",
              .good = !repeat_.text().empty() && repeat_.text() == password_.text()});
  form.field({.id = "register.device", .label = s(str::kDeviceName), .edit = &device_});
  form.submit({.id = "register.submit",
               .label = s(busy_ ? str::kCreating : str::kCreateAccount),
               .enabled = create_ready() || busy_,
               .busy = busy_,
               .on = submit},
              140);
  return form.y();
}

void StartView::sign_in(Ui& ui, bool replace) {
  busy_ = true;
  banner_.clear();
  offer_replace_ = false;
  client::LoginParams params;
  params.server = server_->server;
  params.username = lower_ascii(one_line(user_.text(), 64));
  params.password = SecretBytes::from_text(password_.text());
  params.device_name = one_line(device_.text(), 64);
  params.replace_device = replace;
  model_.login(std::move(params), [this, &ui](std::optional<Error> error) {
    busy_ = false;
    password_.wipe();
    if (!error) return;
    banner_ = error->message;
    offer_replace_ = error->code == ErrorCode::conflict;
    ui.focus("login.password");
  });
}

void StartView::create(Ui& ui) {
  busy_ = true;
  banner_.clear();
  user_error_.clear();
  invite_error_.clear();
  client::RegisterParams params;
  params.server = server_->server;
  params.invite = one_line(invite_.text(), 256);
  params.username = user_.text();
  params.password = SecretBytes::from_text(password_.text());
  params.display_name = one_line(display_.text(), 64);
  params.device_name = one_line(device_.text(), 64);
  model_.register_account(std::move(params), [this, &ui](std::optional<Error> error) {
    busy_ = false;
    if (!error) {
      password_.wipe();
      repeat_.wipe();
      return;
    }
    banner_ = error->message;
    ui.focus("register.username");
  });
}

}  // namespace sotto::desktop
