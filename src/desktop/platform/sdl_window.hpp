// The OS window and its event loop: SDL input to App, App's frames to the Compositor. Draws only when
// something changed; sleeps until the next event or deadline otherwise.
#pragma once

#include <SDL.h>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "desktop/app/app.hpp"
#include "desktop/draw/compositor.hpp"
#include "desktop/platform/test_answers.hpp"
#include "desktop/platform/test_socket.hpp"
#include "desktop/platform/ui_queue.hpp"
#include "desktop/platform/video_inbox.hpp"
#include "desktop/platform/x11_facts.hpp"

namespace sotto::desktop {

struct WindowOptions {
  int width = 0, height = 0;  // px; 0: the default size
  std::optional<int> x, y;
  std::string test_socket;
  AppOptions app;
};

class SdlWindow {
 public:
  // Before create(): the queue and the inbox exist already, so the core can be given them.
  SdlWindow();
  ~SdlWindow();
  SdlWindow(const SdlWindow&) = delete;
  SdlWindow& operator=(const SdlWindow&) = delete;

  UiQueue& queue() { return queue_; }
  VideoInbox& pictures() { return inbox_; }

  Status create(const WindowOptions& options, client::Commands& commands);
  App& app() { return *app_; }
  // Until the window is closed.
  void run();
  // From another thread (signals): leave run().
  void stop();

  std::uint64_t frames() const { return frames_; }
  // The last size of the window that was not maximised, in SDL's units; 0 when unknown.
  std::pair<int, int> size() const { return last_size_; }

 private:
  class SdlClipboard;
  void wake();
  void handle(const SDL_Event& event);
  void handle_window(const SDL_WindowEvent& event);
  void refresh_regions();
  void draw();
  void take_pictures();
  void update_input_state();
  Point to_dp(int x, int y) const;
  double choose_scale_now() const;
  std::string respond(const std::string& query);
  void note_shown();
  PictureState picture(Stream stream) const;

  Uint32 wake_event_ = 0;
  std::atomic<bool> wake_pending_ = false, stop_ = false;
  UiQueue queue_;
  VideoInbox inbox_;
  SDL_Window* window_ = nullptr;
  std::unique_ptr<X11Facts> x11_;
  std::unique_ptr<Compositor> compositor_;
  std::unique_ptr<Clipboard> clipboard_;
  std::unique_ptr<App> app_;
  std::unique_ptr<TestSocket> test_socket_;
  std::string socket_path_;
  double scale_ = 1, ratio_ = 1;
  Rect size_dp_{};
  bool dirty_ = true, regions_stale_ = false, hidden_ = false;
  TimePoint next_{};
  bool pictures_new_ = false, remote_new_ = false;
  TimePoint pictures_due_{}, last_remote_{};
  std::vector<std::string> dropped_;
  std::string title_;
  bool text_input_on_ = true;
  Cursor cursor_ = Cursor::arrow;
  std::array<SDL_Cursor*, 4> cursors_{};
  std::uint64_t frames_ = 0, pictures_shown_ = 0;
  bool was_in_call_ = false;
  std::deque<ShownPicture> shown_;  // of the far side, the newest; only with a test socket
  std::pair<int, int> last_size_{0, 0};
};

}  // namespace sotto::desktop
