// First start: server or invite link, then sign in or create an account.
#pragma once

#include <optional>
#include <string>

#include "desktop/model/model.hpp"
#include "desktop/start/rules.hpp"
#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

class StartView {
 public:
  StartView(Model& model, std::string device_name);

  // Prefills the address; a whole link goes straight on to creating an account.
  void set_invite(const std::string& link);
  void build(Ui& ui);
  void set_caps_lock(bool on) { caps_lock_ = on; }

 private:
  enum class Screen { server, login, create };

  void build_server(Ui& ui);
  void build_account(Ui& ui);
  double build_login(Ui& ui, double x, double y, double width);
  double build_create(Ui& ui, double x, double y, double width);
  void go_on(Ui& ui);
  void go(Ui& ui, Screen screen);
  void sign_in(Ui& ui, bool replace);
  void create(Ui& ui);
  bool create_ready() const;
  // The error of a field shows once it was left or a second after typing.
  bool judged(const Ui& ui, const std::string& id, const TextEdit& edit) const;

  Model& model_;
  Screen screen_ = Screen::server;
  std::optional<ServerInput> server_;
  TextEdit address_, user_, display_, device_, invite_;
  TextEdit password_, repeat_;
  std::string address_error_, banner_, user_error_, invite_error_;
  bool busy_ = false, offer_replace_ = false, caps_lock_ = false, focused_once_ = false;
  double scroll_ = 0, content_ = 0;
};

}  // namespace sotto::desktop
