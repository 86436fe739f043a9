// Before everything else: the passphrase that opens this computer's copy of keys and messages, or, for a new
// profile, the choice of one. Thread: the window's.
#pragma once

#include <functional>
#include <string>

#include "desktop/widgets/ui.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::desktop {

class UnlockView {
 public:
  // Opens the profile; `answer` comes later, on the window's thread. After a success the view is gone.
  using Open = std::function<void(SecretBytes passphrase, std::function<void(Status)> answer)>;

  // `fresh`: there is no profile yet, and the passphrase is asked for twice.
  UnlockView(Open open, bool fresh);

  void build(Ui& ui);
  void set_caps_lock(bool on) { caps_lock_ = on; }

 private:
  bool ready() const;
  void submit(Ui& ui);

  Open open_;
  bool fresh_;
  TextEdit passphrase_, repeat_;
  std::string error_;
  bool busy_ = false, caps_lock_ = false, focused_once_ = false;
};

}  // namespace sotto::desktop
