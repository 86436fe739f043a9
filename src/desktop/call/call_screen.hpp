// Everything of a call: the stage with its states, the incoming card, the minimised card, the code panel.
#pragma once

#include <functional>
#include <string>

#include "desktop/call/video_fit.hpp"
#include "desktop/model/model.hpp"
#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

// What the compositor knows of the pictures.
struct PictureState {
  bool shown = false;
  int width = 0, height = 0;
};

class CallScreen {
 public:
  explicit CallScreen(Model& model) : model_(model) {}

  // True while a stage is to be shown instead of the conversation.
  bool on_stage() const;
  bool minimised() const { return minimised_ && live(); }
  void minimise() { minimised_ = true; }
  void restore() { minimised_ = false; }
  // A call exists that did not end and that this side takes part in (incoming ones only once accepted).
  bool live() const;

  void build_stage(Ui& ui, const Rect& area, const PictureState& remote, const PictureState& local);
  void build_minimised(Ui& ui, const Rect& pane, const PictureState& remote);
  void build_incoming(Ui& ui, const Rect& window);
  void build_panel(Ui& ui);  // the security code, as a dialog
  // Keys of a call that work everywhere. True: used.
  bool key(const KeyEvent& event);
  bool stage_key(const KeyEvent& event);
  void call_changed();

  std::function<void(const ConversationId&)> open_chat;

 private:
  void build_person(Ui& ui, const Rect& area, const std::string& line, bool spin);
  void build_ended(Ui& ui, const Rect& area);
  void top_bar(Ui& ui, const Rect& bar);
  void control_bar(Ui& ui, const Rect& bar);
  void control(Ui& ui, Rect& cell, const std::string& id, const std::string& label, Icon icon, bool off,
               bool available, const std::function<void()>& on);
  void end_button(Ui& ui, const Rect& cell, const std::string& id);
  void self_view(Ui& ui, const Rect& stage, const PictureState& local);
  void incoming_card(Ui& ui, const Rect& box, const CallView& call, bool second);
  void toggle_microphone();
  void toggle_camera();
  const CallView* ringing() const;

  Model& model_;
  bool minimised_ = false, panel_ = false;
  CallId current_;
  CallState state_ = CallState::ended;
  TimePoint state_since_{}, shown_since_{};
  bool speaker_ = true;
  int corner_ = 3;               // of the self view: 0 tl, 1 tr, 2 bl, 3 br
  double cell_ = dp::kCallCell;  // of the control bar, as it was laid out last
};

}  // namespace sotto::desktop
