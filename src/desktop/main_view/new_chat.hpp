// "New message": find someone on the server by user name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "desktop/model/model.hpp"
#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

class NewChatDialog {
 public:
  explicit NewChatDialog(Model& model) : model_(model) {}
  void open(Ui& ui);
  void build(Ui& ui);
  bool shown() const { return shown_; }
  void close() { shown_ = false; }

 private:
  void pick(Ui& ui, const UserView& user);
  void search(Ui& ui);

  Model& model_;
  TextEdit name_;
  bool shown_ = false, searching_ = false;
  std::string asked_, answered_, error_;
  std::vector<UserView> found_;
};

}  // namespace sotto::desktop
