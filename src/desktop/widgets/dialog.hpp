// The frame of a dialog: scrim, box, title; and the plain question with two buttons.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

// Draws scrim and box, makes everything behind unreachable, returns the inside (24 dp padding).
// `close`: Escape, and the x when `closable`.
Rect begin_dialog(Ui& ui, const std::string& id, double width, double height, const std::string& title,
                  const std::function<void()>& close, bool closable = true);
void end_dialog(Ui& ui);

struct Question {
  std::string id, title, body;
  std::string keep, act;  // buttons; `keep` has the focus
  bool danger = true;
  std::function<void()> on_act;
  std::string third;  // optional button between
  std::function<void()> on_third;
};
// Height follows the text.
void build_question(Ui& ui, const Question& question, const std::function<void()>& close);

}  // namespace sotto::desktop
