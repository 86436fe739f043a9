// A column of fields with a button below: what the start screens ask with.
//
//   Form form(ui, {x, y, width}, enabled, submit, back);
//   form.field({.id = "login.username", .label = ..., .edit = &user_});   // below the one before
//   form.submit({.id = "login.submit", .label = ..., .on = submit}, 120);
#pragma once

#include <functional>
#include <string>

#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

inline constexpr double kFormWidth = 400;
inline constexpr double kFormLabel = 20,
                        kFormGap = 16;  // a label's height; between a field and the next label

class Form {
 public:
  struct Column {
    double x = 0, y = 0, width = 0;
  };
  Form(Ui& ui, Column column, bool enabled, std::function<void()> enter, std::function<void()> escape = {})
      : ui_(ui), column_(column), enabled_(enabled), enter_(std::move(enter)), escape_(std::move(escape)) {}

  // Place, enabled and keys are the form's.
  void field(Ui::FieldSpec spec);
  // At the right end, at least so wide. Returns its left edge.
  double submit(Ui::ButtonSpec spec, double least_width);

  double y() const { return column_.y; }  // below the last field or button
  void skip(double height) { column_.y += height; }

 private:
  Ui& ui_;
  Column column_;
  bool enabled_;
  std::function<void()> enter_, escape_;
  bool first_ = true;
};

}  // namespace sotto::desktop
