// The whole window without a window: state, views, input routing, one frame at a time. The platform feeds
// it input and shows what it paints; tests drive it over a plain Cairo surface.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "desktop/call/call_screen.hpp"
#include "desktop/main_view/conversation_view.hpp"
#include "desktop/main_view/file_chooser.hpp"
#include "desktop/main_view/new_chat.hpp"
#include "desktop/main_view/sidebar.hpp"
#include "desktop/model/model.hpp"
#include "desktop/start/start_view.hpp"
#include "desktop/start/unlock_view.hpp"
#include "desktop/widgets/dialog.hpp"
#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

struct AppOptions {
  std::string device_name = "This computer";
  std::string invite;
  std::string title;  // in front of the window's title: which of several windows this is
  bool dark = false;
  bool reduced_motion = false;
  std::function<void(const std::string& path)> open_path;  // with the desktop's program
  std::function<void(bool dark)> remember_theme;
  // The profile is locked: ask for its passphrase (or for a new one, `fresh`), and start() when it opened.
  UnlockView::Open unlock;
  bool fresh = false;
};

class App {
 public:
  App(client::Commands& commands, Clipboard& clipboard, UiPost post, std::function<TimePoint()> now,
      std::function<WallTime()> wall, double scale, AppOptions options);

  Model& model() { return model_; }
  Ui& ui() { return ui_; }
  TextEngine& engine() { return engine_; }
  client::EventSink& events() { return model_; }

  // From here on the commands answer. With `unlock`: called by itself when the profile opened.
  void start();
  bool locked() const { return locked_; }
  // Builds the frame; paints if the canvas can.
  void build(Canvas& canvas, Rect window, const PictureState& remote, const PictureState& local);

  bool key(const KeyEvent& event);
  bool text_input(std::string_view text);
  void files_dropped(const std::vector<std::string>& paths);
  void text_dropped(const std::string& text);
  void drag_over(bool over);
  void caps_lock(bool on) {
    start_view_.set_caps_lock(on);
    if (unlock_) unlock_->set_caps_lock(on);
  }

  std::string title() const;
  bool call_live() const { return call_.live(); }
  // The window's close button: false when a question is asked first.
  bool close_requested();
  bool wants_quit() const { return quit_; }
  bool dark() const { return dark_; }
  // Something needs the person's attention while the window is not focused.
  std::function<void()> attention;

 private:
  void build_main(Ui& ui, Rect window, const PictureState& remote, const PictureState& local);
  void build_toasts(Ui& ui, const Rect& pane);
  void build_menu(Ui& ui);
  void open_file(const MessageView& message);
  void cancel_transfer(const MessageView& message);
  void open_chooser();
  bool dialog_shown() const;

  std::function<TimePoint()> now_;
  std::function<WallTime()> wall_;
  AppOptions options_;
  bool dark_;
  TextEngine engine_;
  Animator animator_;
  Ui ui_;
  Model model_;
  std::optional<UnlockView> unlock_;
  StartView start_view_;
  Sidebar sidebar_;
  ConversationPane conversation_;
  NewChatDialog new_chat_;
  FileChooser chooser_;
  CallScreen call_;
  std::optional<Question> question_;
  std::optional<Rect> menu_;
  Rect pane_{};
  bool quit_ = false, was_signed_in_ = false, locked_ = false;
};

// Would opening this file run a program?
bool runs_programs(std::string_view name);

}  // namespace sotto::desktop
