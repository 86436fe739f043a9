// The mark of the program: a tile with three quiet waves.
#pragma once

#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

inline void draw_mark(Ui& ui, Point center, double size) {
  Canvas& canvas = ui.canvas();
  const Rect box{center.x - size / 2, center.y - size / 2, size, size};
  canvas.fill_round(box, size * 0.26, ui.color(Token::accent));
  const Color white = ui.color(Token::on_accent);
  for (int i = 0; i < 3; ++i) {
    const double h = size * (i == 1 ? 0.42 : 0.22), w = size * 0.09;
    const double x = center.x + (i - 1) * size * 0.19;
    canvas.fill_round({x - w / 2, center.y - h / 2, w, h}, w / 2, white);
  }
}

}  // namespace sotto::desktop
