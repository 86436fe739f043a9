// The list of conversations with its header and the connection banner.
#pragma once

#include <functional>
#include <string>

#include "desktop/model/model.hpp"
#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

class Sidebar {
 public:
  explicit Sidebar(Model& model) : model_(model) {}

  void build(Ui& ui, Rect area);
  std::function<void()> new_message;
  std::function<void(Rect)> open_menu;                      // from the own avatar
  std::function<std::string(const ConversationId&)> draft;  // text of a draft, empty when none

 private:
  double banner(Ui& ui, const Rect& area);
  void row(Ui& ui, const ConversationView& conversation, const Rect& box);

  Model& model_;
  TextEdit search_;
  double scroll_ = 0;
};

// "You: hello", "File: a.pdf", "Missed call" ...: one line, isolated.
std::string preview_text(const ConversationView& conversation);

}  // namespace sotto::desktop
