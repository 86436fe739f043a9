// Events of the core before and after the window exists: the core is started with this, the window is put
// behind it. Thread: the window's.
#pragma once

#include <vector>

#include "sotto/client/commands.hpp"

namespace sotto::desktop {

class ForwardEvents final : public client::EventSink {
 public:
  void on_event(const client::Event& event) override {
    if (target_ != nullptr)
      target_->on_event(event);
    else
      early_.push_back(event);
  }
  void to(client::EventSink& target) {
    target_ = &target;
    for (const client::Event& event : early_) target_->on_event(event);
    early_.clear();
  }

 private:
  client::EventSink* target_ = nullptr;
  std::vector<client::Event> early_;
};

}  // namespace sotto::desktop
