#include "desktop/start/unlock_view.hpp"

#include <algorithm>

#include "desktop/base/strings.hpp"
#include "desktop/start/form.hpp"
#include "desktop/start/mark.hpp"
#include "desktop/start/rules.hpp"

namespace sotto::desktop {

UnlockView::UnlockView(Open open, bool fresh)
    : open_(std::move(open)),
      fresh_(fresh),
      passphrase_(TextEdit::Style{.password = true, .max_bytes = 1024}),
      repeat_(TextEdit::Style{.password = true, .max_bytes = 1024}) {}

bool UnlockView::ready() const {
  if (busy_ || passphrase_.text().empty()) return false;
  return !fresh_ ||
         (password_problem(passphrase_.text(), {}).empty() && passphrase_.text() == repeat_.text());
}

void UnlockView::submit(Ui& ui) {
  if (!ready()) return;
  busy_ = true;
  error_.clear();
  SecretBytes passphrase = SecretBytes::from_text(passphrase_.text());
  open_(std::move(passphrase), [this, &ui](const Status& opened) {
    busy_ = false;
    passphrase_.wipe();
    repeat_.wipe();
    if (opened) return;
    error_ = opened.error().message;
    ui.focus("unlock.passphrase");
  });
}

void UnlockView::build(Ui& ui) {
  const Rect window = ui.window();
  ui.canvas().fill(window, ui.color(Token::bg));
  if (!focused_once_) {
    focused_once_ = true;
    ui.focus("unlock.passphrase");
  }
  const double width = std::min(kFormWidth, window.w - 48);
  const double x = window.x + (window.w - width) / 2;
  const double height =
      64 + 24 + 28 + 8 + 60 + 32 + kFormLabel + 40 + (fresh_ ? 24 + kFormGap + kFormLabel + 40 : 0) + 40 + 40;
  double y = std::max(24.0, (window.h - height) / 2);

  draw_mark(ui, {window.w / 2, y + 32}, 64);
  y += 64 + 24;
  const std::string title = s(fresh_ ? str::kProtectTitle : str::kUnlockTitle);
  ui.line({x, y, width, 28}, title, TextRole::heading, ui.color(Token::text), Align::center);
  ui.describe("unlock.title", Role::text, {x, y, width, 28}, title);
  y += 28 + 8;
  y += ui.paragraph({x, y, width, 100}, s(fresh_ ? str::kProtectBody : str::kUnlockBody), TextRole::body,
                    ui.color(Token::text2), Align::center);
  const auto enter = [this, &ui] { submit(ui); };
  const std::string weak = fresh_ && !passphrase_.text().empty() && !ui.focused("unlock.passphrase")
                               ? password_problem(passphrase_.text(), {})
                               : "";
  const bool caps = caps_lock_ && (ui.focused("unlock.passphrase") || ui.focused("unlock.repeat"));
  Form form(ui, {x, y + 24, width}, !busy_, enter);
  form.field({.id = "unlock.passphrase",
              .label = s(str::kPassphrase),
              .edit = &passphrase_,
              .help = caps ? s(str::kCapsLock) : "",
              .error = !weak.empty() ? weak : error_,
              .reveal_button = true});
  if (fresh_) {
    const bool differ =
        !repeat_.text().empty() && !ui.focused("unlock.repeat") && repeat_.text() != passphrase_.text();
    form.field({.id = "unlock.repeat",
                .label = s(str::kRepeatPassphrase),
                .edit = &repeat_,
                .error = differ ? s(str::kPassphrasesDiffer) : "",
                .reveal_button = true,
                .good = ready()});
  }
  form.submit({.id = "unlock.submit",
               .label = s(busy_    ? str::kOpening
                          : fresh_ ? str::kContinue
                                   : str::kUnlock),
               .enabled = ready() || busy_,
               .busy = busy_,
               .on = enter},
              120);
}

}  // namespace sotto::desktop
