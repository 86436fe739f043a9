// The two things SDL 2 does not tell about X11: the font resolution people set, and that something is being
// dragged over the window. Uses libX11 if it is there at run time; without it both are simply unknown.
#pragma once

#include <SDL.h>

#include <optional>

namespace sotto::desktop {

class X11Facts {
 public:
  explicit X11Facts(SDL_Window* window);
  ~X11Facts();
  X11Facts(const X11Facts&) = delete;
  X11Facts& operator=(const X11Facts&) = delete;

  std::optional<double> xft_dpi() const { return xft_dpi_; }
  // From SDL_SYSWMEVENT: true when a drag entered, false when it left or dropped.
  std::optional<bool> drag_change(const SDL_Event& event) const;

 private:
  void* library_ = nullptr;
  std::optional<double> xft_dpi_;
  unsigned long enter_ = 0, leave_ = 0, drop_ = 0;
};

}  // namespace sotto::desktop
