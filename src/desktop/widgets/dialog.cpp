#include "desktop/widgets/dialog.hpp"

#include <algorithm>

#include "desktop/base/strings.hpp"

namespace sotto::desktop {

Rect begin_dialog(Ui& ui, const std::string& id, double width, double height, const std::string& title,
                  const std::function<void()>& close, bool closable) {
  const Rect window = ui.window();
  width = std::min(width, window.w - 24);
  height = std::min(height, window.h - 24);
  const Rect box = window.centered(width, height);
  ui.canvas().begin_over();
  ui.modal();
  ui.canvas().fill(window, ui.theme().scrim);
  ui.canvas().shadow(box, dp::r4, 3);
  ui.canvas().fill_round(box, dp::r4, ui.color(Token::bg));
  if (ui.theme().dark) ui.canvas().stroke_round(box, dp::r4, 1, ui.color(Token::border));
  Region r;
  r.id = id;
  r.label = title;
  r.rect = box;
  r.role = Role::dialog;
  ui.region(std::move(r));
  Rect inside = box.inset(24, 20);
  if (!title.empty()) {
    const Rect head = inside.take_top(28);
    ui.line({head.x, head.y, head.w - (closable ? 40 : 0), 28}, title, TextRole::title,
            ui.color(Token::text));
    inside.take_top(12);
  }
  if (closable) {
    ui.icon_button({.id = id + ".close",
                    .label = std::string(str::kClose),
                    .icon = Icon::close,
                    .rect = {box.right() - 48, box.y + 12, 40, 40},
                    .on = close,
                    .size = 18});
  }
  return inside;
}

void end_dialog(Ui& ui) { ui.canvas().end_over(); }

void build_question(Ui& ui, const Question& q, const std::function<void()>& close) {
  constexpr double kWidth = 420;
  const double width = std::min(kWidth, ui.window().w - 24);
  const double body = q.body.empty() ? 0 : ui.paragraph_height(width - 48, q.body, TextRole::body);
  Rect inside = begin_dialog(ui, q.id, width, 20 + 28 + 12 + body + (body > 0 ? 24 : 12) + dp::kButton + 20,
                             q.title, close, false);
  if (body > 0) {
    ui.paragraph(inside, q.body, TextRole::body, ui.color(Token::text2));
    inside.take_top(body + 24);
  } else {
    inside.take_top(12);
  }
  const double act = ui.button_width(q.act), keep = ui.button_width(q.keep);
  double x = inside.right() - act;
  const Rect act_box{x, inside.y, act, dp::kButton};
  x -= keep + 8;
  const Rect keep_box{x, inside.y, keep, dp::kButton};
  ui.button(
      {.id = q.id + ".keep", .label = q.keep, .rect = keep_box, .kind = ButtonKind::outlined, .on = close});
  if (!q.third.empty()) {
    const double third = ui.button_width(q.third);
    ui.button({.id = q.id + ".third",
               .label = q.third,
               .rect = {x - third - 8, inside.y, third, dp::kButton},
               .kind = ButtonKind::text,
               .on = [close, on = q.on_third] {
                 close();
                 if (on) on();
               }});
  }
  ui.button({.id = q.id + ".act",
             .label = q.act,
             .rect = act_box,
             .kind = q.danger ? ButtonKind::danger : ButtonKind::filled,
             .on = [close, on = q.on_act] {
               close();
               if (on) on();
             }});
  end_dialog(ui);
}

}  // namespace sotto::desktop
