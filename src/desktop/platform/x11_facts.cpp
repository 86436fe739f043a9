#include "desktop/platform/x11_facts.hpp"

#include <SDL_syswm.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace sotto::desktop {
namespace {

template <class Function>
Function load(void* library, const char* name) {
  void* address = SDL_LoadFunction(library, name);
  Function function = nullptr;
  static_assert(sizeof function == sizeof address);
  std::memcpy(&function, &address, sizeof function);
  return function;
}

}  // namespace

X11Facts::X11Facts([[maybe_unused]] SDL_Window* window) {
#ifdef SDL_VIDEO_DRIVER_X11
  SDL_SysWMinfo info{};
  SDL_VERSION(&info.version);
  if (SDL_GetWindowWMInfo(window, &info) != SDL_TRUE || info.subsystem != SDL_SYSWM_X11) return;
  library_ = SDL_LoadObject("libX11.so.6");
  if (library_ == nullptr) return;
  Display* display = info.info.x11.display;
  const auto intern = load<Atom (*)(Display*, const char*, int)>(library_, "XInternAtom");
  const auto resources = load<char* (*)(Display*)>(library_, "XResourceManagerString");
  if (intern != nullptr) {
    enter_ = intern(display, "XdndEnter", 0);
    leave_ = intern(display, "XdndLeave", 0);
    drop_ = intern(display, "XdndDrop", 0);
    SDL_EventState(SDL_SYSWMEVENT, SDL_ENABLE);
  }
  const char* text = resources != nullptr ? resources(display) : nullptr;
  if (text != nullptr) {
    constexpr std::string_view kKey = "Xft.dpi:";
    const std::string_view all(text);
    const std::size_t at = all.find(kKey);
    if (at != std::string_view::npos) {
      const double value = std::strtod(std::string(all.substr(at + kKey.size(), 32)).c_str(), nullptr);
      if (value > 0) xft_dpi_ = value;
    }
  }
#endif
}

X11Facts::~X11Facts() {
  if (library_ != nullptr) SDL_UnloadObject(library_);
}

std::optional<bool> X11Facts::drag_change([[maybe_unused]] const SDL_Event& event) const {
#ifdef SDL_VIDEO_DRIVER_X11
  if (enter_ == 0 || event.type != SDL_SYSWMEVENT || event.syswm.msg == nullptr) return std::nullopt;
  const XEvent& x = event.syswm.msg->msg.x11.event;
  if (x.type != ClientMessage) return std::nullopt;
  if (x.xclient.message_type == enter_) return true;
  if (x.xclient.message_type == leave_ || x.xclient.message_type == drop_) return false;
#endif
  return std::nullopt;
}

}  // namespace sotto::desktop
