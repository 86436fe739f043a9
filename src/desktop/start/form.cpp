#include "desktop/start/form.hpp"

#include <algorithm>

#include "desktop/base/tokens.hpp"

namespace sotto::desktop {

void Form::field(Ui::FieldSpec spec) {
  skip(first_ ? kFormLabel : kFormGap + kFormLabel);
  first_ = false;
  spec.rect = {column_.x, column_.y, column_.width, dp::kField};
  spec.enabled = enabled_;
  spec.enter = enter_;
  spec.escape = escape_;
  column_.y = ui_.field(spec);
}

double Form::submit(Ui::ButtonSpec spec, double least_width) {
  skip(24);
  const double width = std::max(least_width, ui_.button_width(spec.label, spec.busy));
  spec.rect = {column_.x + column_.width - width, column_.y, width, dp::kButton};
  ui_.button(spec);
  skip(dp::kButton);
  return spec.rect.x;
}

}  // namespace sotto::desktop
