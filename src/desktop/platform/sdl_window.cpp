#include "desktop/platform/sdl_window.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "desktop/base/scale.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/text/sanitize.hpp"
#include "sotto/base/log.hpp"

namespace sotto::desktop {
namespace {

using std::chrono::milliseconds;

constexpr double kNotch = 60;     // dp per wheel step: three lines
constexpr int kFarSilentMs = 60;  // the own picture waits this long for a far one to be shown with

TimePoint steady_now() { return TimePoint(std::chrono::steady_clock::now().time_since_epoch()); }
WallTime wall_now() {
  return {
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

Key key_of(SDL_Keycode code) {
  if (code >= SDLK_a && code <= SDLK_z) return static_cast<Key>(static_cast<int>(Key::a) + (code - SDLK_a));
  switch (code) {
    case SDLK_RETURN:
    case SDLK_KP_ENTER: return Key::enter;
    case SDLK_ESCAPE: return Key::escape;
    case SDLK_TAB: return Key::tab;
    case SDLK_BACKSPACE: return Key::backspace;
    case SDLK_DELETE: return Key::del;
    case SDLK_INSERT: return Key::insert;
    case SDLK_LEFT: return Key::left;
    case SDLK_RIGHT: return Key::right;
    case SDLK_UP: return Key::up;
    case SDLK_DOWN: return Key::down;
    case SDLK_HOME: return Key::home;
    case SDLK_END: return Key::end;
    case SDLK_PAGEUP: return Key::page_up;
    case SDLK_PAGEDOWN: return Key::page_down;
    case SDLK_SPACE: return Key::space;
    case SDLK_APPLICATION: return Key::menu;
    case SDLK_F1: return Key::f1;
    case SDLK_F6: return Key::f6;
    case SDLK_F11: return Key::f11;
    case SDLK_COMMA: return Key::comma;
    case SDLK_SLASH: return Key::slash;
    case SDLK_EQUALS:
    case SDLK_KP_PLUS: return Key::plus;
    case SDLK_MINUS:
    case SDLK_KP_MINUS: return Key::minus;
    case SDLK_0: return Key::digit0;
    default: return Key::none;
  }
}

bool modifier(SDL_Keycode code) {
  return code == SDLK_LSHIFT || code == SDLK_RSHIFT || code == SDLK_LCTRL || code == SDLK_RCTRL ||
         code == SDLK_LALT || code == SDLK_RALT || code == SDLK_LGUI || code == SDLK_RGUI ||
         code == SDLK_CAPSLOCK || code == SDLK_NUMLOCKCLEAR || code == SDLK_MODE;
}

std::string take(char* text) {
  std::string out = text != nullptr ? text : "";
  SDL_free(text);
  return out;
}

}  // namespace

class SdlWindow::SdlClipboard final : public Clipboard {
 public:
  std::string text() override {
    return SDL_HasClipboardText() == SDL_TRUE ? take(SDL_GetClipboardText()) : "";
  }
  void set_text(const std::string& text) override { SDL_SetClipboardText(text.c_str()); }
  std::string primary() override {
    return SDL_HasPrimarySelectionText() == SDL_TRUE ? take(SDL_GetPrimarySelectionText()) : "";
  }
  void set_primary(const std::string& text) override { SDL_SetPrimarySelectionText(text.c_str()); }
};

SdlWindow::SdlWindow() : queue_([this] { wake(); }), inbox_([this] { wake(); }) {}

SdlWindow::~SdlWindow() {
  test_socket_.reset();
  for (SDL_Cursor* cursor : cursors_) {
    if (cursor != nullptr) SDL_FreeCursor(cursor);
  }
  compositor_.reset();
  x11_.reset();
  if (window_ != nullptr) SDL_DestroyWindow(window_);
  if (wake_event_ != 0) SDL_Quit();
}

void SdlWindow::wake() {
  // One event in the queue is enough, whoever asks.
  if (wake_event_ == 0 || wake_pending_.exchange(true)) return;
  SDL_Event event{};
  event.type = wake_event_;
  SDL_PushEvent(&event);
}

void SdlWindow::stop() {
  stop_ = true;
  wake();
}

double SdlWindow::choose_scale_now() const {
  ScaleFacts facts;
  facts.output_ratio = ratio_;
  const char* environment = std::getenv("SOTTO_SCALE");
  if (environment != nullptr && *environment != '\0') facts.environment = environment;
  if (x11_ != nullptr) facts.xft_dpi = x11_->xft_dpi();
  float dpi = 0;
  if (SDL_GetDisplayDPI(std::max(0, SDL_GetWindowDisplayIndex(window_)), &dpi, nullptr, nullptr) == 0)
    facts.display_dpi = dpi;
  return choose_scale(facts);
}

Status SdlWindow::create(const WindowOptions& options, client::Commands& commands) {
  SDL_SetHint(SDL_HINT_IME_SHOW_UI, "1");
  SDL_SetHint(SDL_HINT_IME_SUPPORT_EXTENDED_TEXT, "1");
  SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
  SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
  SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
  SDL_SetHint(SDL_HINT_APP_NAME, "Sotto");
  if (SDL_Init(SDL_INIT_VIDEO) != 0) {
    return fail(ErrorCode::unavailable, std::string("No display could be opened: ") + SDL_GetError());
  }
  // Without a display SDL goes on with a driver that shows nothing, and the program would run unseen.
  const char* driver = SDL_GetCurrentVideoDriver();
  const char* wanted = std::getenv("SDL_VIDEODRIVER");
  const std::string_view found = driver != nullptr ? driver : "";
  if ((wanted == nullptr || *wanted == '\0') &&
      (found == "dummy" || found == "offscreen" || found == "evdev")) {
    SDL_Quit();
    return fail(ErrorCode::unavailable,
                "No display could be opened: neither DISPLAY nor WAYLAND_DISPLAY leads to one.");
  }
  wake_event_ = SDL_RegisterEvents(1);
  const int width = options.width > 0 ? options.width : static_cast<int>(dp::kFirstW);
  const int height = options.height > 0 ? options.height : static_cast<int>(dp::kFirstH);
  const int undefined = static_cast<int>(SDL_WINDOWPOS_CENTERED);
  window_ = SDL_CreateWindow("Sotto", options.x.value_or(undefined), options.y.value_or(undefined), width,
                             height, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
  if (window_ == nullptr)
    return fail(ErrorCode::unavailable, std::string("The window could not be made: ") + SDL_GetError());
  compositor_ = std::make_unique<Compositor>(window_);
  if (!compositor_->ok())
    return fail(ErrorCode::unavailable, std::string("Nothing can draw here: ") + SDL_GetError());
  x11_ = std::make_unique<X11Facts>(window_);
  clipboard_ = std::make_unique<SdlClipboard>();
  int out_w = 0, out_h = 0;
  compositor_->output_size(out_w, out_h);
  ratio_ = static_cast<double>(out_w) / std::max(1, width);
  scale_ = choose_scale_now();
  if (options.width <= 0 && scale_ > 1) {
    SDL_SetWindowSize(window_, static_cast<int>(width * scale_ / ratio_),
                      static_cast<int>(height * scale_ / ratio_));
  }
  SDL_SetWindowMinimumSize(window_, static_cast<int>(dp::kMinWindowW * scale_ / ratio_),
                           static_cast<int>(dp::kMinWindowH * scale_ / ratio_));
  app_ = std::make_unique<App>(
      commands, *clipboard_, [this](std::function<void()> work) { queue_.post(std::move(work)); }, steady_now,
      wall_now, scale_, options.app);
  app_->model().changed = [this] { dirty_ = true; };
  app_->attention = [this] { SDL_FlashWindow(window_, SDL_FLASH_UNTIL_FOCUSED); };
  app_->engine().prewarm();
  if (!options.test_socket.empty()) {
    auto socket = TestSocket::listen(options.test_socket, [this] { wake(); });
    if (!socket) return std::move(socket).error();
    test_socket_ = std::move(*socket);
  }
  if (!app_->locked()) app_->start();
  return ok_status();
}

Point SdlWindow::to_dp(int x, int y) const { return {x * ratio_ / scale_, y * ratio_ / scale_}; }

PictureState SdlWindow::picture(Stream stream) const {
  return {compositor_->has_frame(stream), compositor_->frame_width(stream),
          compositor_->frame_height(stream)};
}

// The regions of the last frame may describe what is no longer there: built again without painting before
// the next event is looked at.
void SdlWindow::refresh_regions() {
  if (!regions_stale_) return;
  regions_stale_ = false;
  Canvas canvas(nullptr, nullptr, scale_);
  app_->build(canvas, size_dp_, picture(Stream::remote), picture(Stream::local));
  app_->ui().run_deferred();
}

void SdlWindow::draw() {
  int w = 0, h = 0;
  compositor_->output_size(w, h);
  if (w <= 0 || h <= 0) return;
  compositor_->resize(w, h);
  size_dp_ = {0, 0, w / scale_, h / scale_};
  Rect over_bounds;
  {
    // Only while pictures are shown is there something to lie over.
    const bool pictures = !app_->ui().videos().empty() || compositor_->has_frame(Stream::remote) ||
                          compositor_->has_frame(Stream::local);
    Canvas canvas(compositor_->base(), pictures ? compositor_->clear_over() : nullptr, scale_);
    app_->build(canvas, size_dp_, picture(Stream::remote), picture(Stream::local));
    over_bounds = canvas.over_bounds_px();
    if (pictures && app_->ui().videos().empty() && !over_bounds.empty()) {
      // The over layer was used without a picture to lie over: it belongs to base.
      cairo_t* cairo = cairo_create(compositor_->base());
      cairo_set_source_surface(cairo, compositor_->over(), 0, 0);
      cairo_paint(cairo);
      cairo_destroy(cairo);
    }
  }
  compositor_->show(app_->ui().videos(), over_bounds, scale_);
  ++frames_;
  note_shown();
  next_ = app_->ui().next_wake();
  if (app_->ui().run_deferred()) dirty_ = true;
  regions_stale_ = false;
  update_input_state();
}

void SdlWindow::note_shown() {
  const media::VideoFramePtr& newest = compositor_->newest(Stream::remote);
  if (!test_socket_ || !newest || app_->ui().videos().empty()) return;
  if (!shown_.empty() && shown_.back().rtp_timestamp == newest->rtp_timestamp) return;
  shown_.push_back({newest->rtp_timestamp, steady_now()});
  if (shown_.size() > kMaxShown) shown_.pop_front();
}

void SdlWindow::update_input_state() {
  const std::string title = app_->title();
  if (title != title_) {
    title_ = title;
    SDL_SetWindowTitle(window_, title.c_str());
  }
  // On the stage of a call letters are keys, not text.
  const bool text = app_->ui().active_edit() != nullptr || !app_->ui().focus_id().starts_with("call.");
  if (text != text_input_on_) {
    text_input_on_ = text;
    text ? SDL_StartTextInput() : SDL_StopTextInput();
  }
  const Rect caret = app_->ui().caret_window_rect();
  if (!caret.empty()) {
    const double k = scale_ / ratio_;
    const SDL_Rect rect{static_cast<int>(caret.x * k), static_cast<int>(caret.y * k), 1,
                        static_cast<int>(caret.h * k)};
    SDL_SetTextInputRect(&rect);
  }
  const Cursor wanted = app_->ui().cursor();
  if (wanted != cursor_) {
    cursor_ = wanted;
    SDL_Cursor*& cursor = cursors_[static_cast<std::size_t>(wanted)];
    if (cursor == nullptr) {
      constexpr std::array kSystem{SDL_SYSTEM_CURSOR_ARROW, SDL_SYSTEM_CURSOR_HAND, SDL_SYSTEM_CURSOR_IBEAM,
                                   SDL_SYSTEM_CURSOR_SIZEWE};
      cursor = SDL_CreateSystemCursor(kSystem[static_cast<std::size_t>(wanted)]);
    }
    if (cursor != nullptr) SDL_SetCursor(cursor);
  }
}

void SdlWindow::take_pictures() {
  const bool in_call = app_->call_live();
  if (auto frame = inbox_.take_remote()) {
    if (in_call) {
      const bool resized = compositor_->frame_width(Stream::remote) != frame->width ||
                           compositor_->frame_height(Stream::remote) != frame->height;
      compositor_->set_frame(Stream::remote, std::move(frame));
      if (resized) dirty_ = true;
      pictures_new_ = true;
      last_remote_ = steady_now();
      pictures_due_ = last_remote_;
    }
  }
  if (auto frame = inbox_.take_local()) {
    if (in_call) {
      const bool resized = compositor_->frame_width(Stream::local) != frame->width ||
                           compositor_->frame_height(Stream::local) != frame->height;
      compositor_->set_frame(Stream::local, std::move(frame));
      if (resized) dirty_ = true;
      // It rides along with the next far picture; alone only when none comes.
      const TimePoint now = steady_now();
      if (!pictures_new_) pictures_due_ = std::max(now, last_remote_ + milliseconds(kFarSilentMs));
      pictures_new_ = true;
    }
  }
  if (!in_call && was_in_call_) {
    compositor_->drop_frames();
    dirty_ = true;
  }
  was_in_call_ = in_call;
}

void SdlWindow::run() {
  while (!stop_ && !app_->wants_quit()) {
    const TimePoint now = steady_now();
    TimePoint due = dirty_ && !hidden_ ? now : next_;
    if (pictures_new_ && !hidden_) due = std::min(due, pictures_due_);
    int timeout = -1;
    if (due != kNever) {
      const auto left = std::chrono::ceil<milliseconds>(std::max(Duration{}, due - now)).count();
      timeout = static_cast<int>(std::min<std::int64_t>(left, 60'000));
    }
    SDL_Event event;
    const int got = timeout == 0  ? SDL_PollEvent(&event)
                    : timeout < 0 ? SDL_WaitEvent(&event)
                                  : SDL_WaitEventTimeout(&event, timeout);
    app_->ui().set_time(steady_now());
    if (got != 0) {
      handle(event);
      // What else is there now; bounded, so that a flood of input cannot starve drawing.
      for (int i = 0; i < 64 && SDL_PollEvent(&event) != 0; ++i) {
        refresh_regions();
        handle(event);
      }
    }
    wake_pending_ = false;
    if (queue_.drain()) {
      dirty_ = true;
      regions_stale_ = true;
    }
    take_pictures();
    const TimePoint after = steady_now();
    if (next_ != kNever && after >= next_) dirty_ = true;
    if (hidden_) {
      if (dirty_) {
        regions_stale_ = true;
        refresh_regions();
        next_ = kNever;
        dirty_ = false;
      }
      pictures_new_ = false;
    } else if (dirty_) {
      dirty_ = false;
      pictures_new_ = false;
      draw();
    } else if (pictures_new_ && after >= pictures_due_) {
      pictures_new_ = false;
      compositor_->show_pictures();
      ++pictures_shown_;
      note_shown();
    }
    if (test_socket_ && !dirty_ && test_socket_->waiting()) {
      test_socket_->answer([this](const std::string& query) { return respond(query); });
    }
  }
}

void SdlWindow::handle_window(const SDL_WindowEvent& event) {
  switch (event.event) {
    case SDL_WINDOWEVENT_FOCUS_GAINED: app_->ui().window_focus(true); break;
    case SDL_WINDOWEVENT_FOCUS_LOST: app_->ui().window_focus(false); break;
    case SDL_WINDOWEVENT_LEAVE: app_->ui().pointer_left(); break;
    case SDL_WINDOWEVENT_MINIMIZED:
    case SDL_WINDOWEVENT_HIDDEN: hidden_ = true; break;
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_SHOWN: hidden_ = false; break;
    case SDL_WINDOWEVENT_DISPLAY_CHANGED:
    case SDL_WINDOWEVENT_SIZE_CHANGED: {
      int out_w = 0, out_h = 0, w = 0, h = 0;
      compositor_->output_size(out_w, out_h);
      SDL_GetWindowSize(window_, &w, &h);
      ratio_ = static_cast<double>(out_w) / std::max(1, w);
      if ((SDL_GetWindowFlags(window_) & (SDL_WINDOW_MAXIMIZED | SDL_WINDOW_FULLSCREEN)) == 0)
        last_size_ = {w, h};
      const double scale = choose_scale_now();
      if (scale != scale_) {
        scale_ = scale;
        app_->engine().set_scale(scale);
      }
      break;
    }
    case SDL_WINDOWEVENT_CLOSE: app_->close_requested(); break;
    default: break;
  }
  dirty_ = true;
  regions_stale_ = true;
}

void SdlWindow::handle(const SDL_Event& event) {
  Ui& ui = app_->ui();
  bool changed = false;
  switch (event.type) {
    case SDL_QUIT:
      changed = true;
      app_->close_requested();
      break;
    case SDL_WINDOWEVENT: handle_window(event.window); break;
    case SDL_MOUSEMOTION:
      changed = ui.pointer_moved(to_dp(event.motion.x, event.motion.y));
      update_input_state();
      break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP: {
      const SDL_Keymod mod = SDL_GetModState();
      PointerEvent pointer;
      pointer.kind = event.type == SDL_MOUSEBUTTONDOWN ? PointerKind::press : PointerKind::release;
      pointer.button = event.button.button == SDL_BUTTON_LEFT     ? Button::left
                       : event.button.button == SDL_BUTTON_MIDDLE ? Button::middle
                                                                  : Button::right;
      pointer.at = to_dp(event.button.x, event.button.y);
      pointer.clicks = event.button.clicks;
      pointer.shift = (mod & KMOD_SHIFT) != 0;
      pointer.ctrl = (mod & KMOD_CTRL) != 0;
      // Dragging goes on outside the window.
      SDL_CaptureMouse(event.type == SDL_MOUSEBUTTONDOWN ? SDL_TRUE : SDL_FALSE);
      changed = ui.pointer_event(pointer);
      break;
    }
    case SDL_MOUSEWHEEL: {
      const float steps =
          event.wheel.preciseY != 0 ? event.wheel.preciseY : static_cast<float>(event.wheel.y);
      changed = ui.wheel(to_dp(event.wheel.mouseX, event.wheel.mouseY), -steps * kNotch);
      break;
    }
    case SDL_KEYDOWN: {
      const Uint16 mod = event.key.keysym.mod;
      app_->caps_lock((mod & KMOD_CAPS) != 0);
      if (modifier(event.key.keysym.sym)) break;
      KeyEvent key{.key = key_of(event.key.keysym.sym),
                   .ctrl = (mod & KMOD_CTRL) != 0,
                   .shift = (mod & KMOD_SHIFT) != 0,
                   .alt = (mod & KMOD_LALT) != 0,
                   .repeat = event.key.repeat != 0};
      changed = app_->key(key);
      break;
    }
    case SDL_TEXTINPUT: changed = app_->text_input(event.text.text); break;
    case SDL_TEXTEDITING:
      changed = ui.text_editing(event.edit.text, static_cast<std::size_t>(std::max(0, event.edit.start)));
      break;
    case SDL_TEXTEDITING_EXT:
      changed =
          ui.text_editing(event.editExt.text, static_cast<std::size_t>(std::max(0, event.editExt.start)));
      SDL_free(event.editExt.text);
      break;
    case SDL_DROPBEGIN: dropped_.clear(); break;
    case SDL_DROPFILE: dropped_.push_back(take(event.drop.file)); break;
    case SDL_DROPTEXT: {
      app_->text_dropped(take(event.drop.file));
      changed = true;
      break;
    }
    case SDL_DROPCOMPLETE:
      if (!dropped_.empty()) app_->files_dropped(dropped_);
      dropped_.clear();
      changed = true;
      break;
    case SDL_SYSWMEVENT:
      if (const auto over = x11_->drag_change(event)) {
        app_->drag_over(*over);
        changed = true;
      }
      break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
      compositor_->lost_textures();
      changed = true;
      break;
    default: break;
  }
  if (changed) {
    dirty_ = true;
    regions_stale_ = true;
  }
}

std::string SdlWindow::respond(const std::string& query) {
  using Json = nlohmann::json;
  const Json in = Json::parse(query, nullptr, false);
  if (!in.is_object()) return R"({"error":"not an object"})";
  const Ui& ui = app_->ui();
  const double k = scale_ / ratio_;
  const auto describe = [&](const Region& r) {
    return Json{{"id", r.id},
                {"label", valid_utf8(r.label)},
                {"value", valid_utf8(r.value)},
                {"enabled", r.enabled},
                {"focused", ui.focused(r.id)},
                {"rect",
                 {std::lround(r.rect.x * k), std::lround(r.rect.y * k), std::lround(r.rect.w * k),
                  std::lround(r.rect.h * k)}}};
  };
  const std::string what = in.value("q", "");
  if (what == "find") {
    const std::string id = in.value("id", "");
    const auto it = std::ranges::find_if(ui.regions(), [&](const Region& r) { return r.id == id; });
    return Json{{"element", it == ui.regions().end() ? Json(nullptr) : describe(*it)}}.dump();
  }
  if (what == "tree") {
    Json elements = Json::array();
    for (const Region& r : ui.regions()) elements.push_back(describe(r));
    return Json{{"elements", std::move(elements)}, {"focus", ui.focus_id()}, {"title", valid_utf8(title_)}}
        .dump();
  }
  if (what == "stats") {
    return Json{{"frames", frames_},
                {"pictures", pictures_shown_},
                {"layouts", app_->engine().layouts_made()},
                {"software", compositor_->software()}}
        .dump();
  }
  if (what == "call") return call_answer(app_->model());
  if (what == "shown") return shown_answer(shown_);
  return R"({"error":"unknown question"})";
}

}  // namespace sotto::desktop
