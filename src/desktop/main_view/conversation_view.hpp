// The open conversation: header, banner, message list, composer.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "desktop/main_view/composer.hpp"
#include "desktop/main_view/message_list.hpp"
#include "desktop/model/model.hpp"

namespace sotto::desktop {

class ConversationPane {
 public:
  explicit ConversationPane(Model& model);

  MessageList& list() { return list_; }
  Composer& composer() { return composer_; }

  // `covered`: a dialog or the call stage lies over it.
  void build(Ui& ui, Rect area, bool one_pane, bool covered);
  void build_dialogs(Ui& ui);
  // Files are dragged over the window.
  void set_drag(bool over) { drag_ = over; }
  bool dialog_shown() const { return safety_shown_; }
  void close_dialogs() { safety_shown_ = false; }

  std::function<void()> back;  // one pane
  std::function<void()> choose_files;
  bool in_call = false;  // a call exists: its buttons are off

 private:
  void header(Ui& ui, const ConversationView& conversation, const Rect& bar, bool one_pane);
  double banner(Ui& ui, const ConversationView& conversation, const Rect& area);
  void empty(Ui& ui, const Rect& area);
  void open_safety(const ConversationView& conversation);

  Model& model_;
  MessageList list_;
  Composer composer_;
  bool drag_ = false;
  bool safety_shown_ = false;
  UserView safety_user_;
  std::string safety_name_, safety_digits_, safety_error_;
};

}  // namespace sotto::desktop
