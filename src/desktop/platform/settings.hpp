// What the window remembers between starts: theme and size, in a small file of the profile. Nothing secret.
#pragma once

#include <string>

namespace sotto::desktop {

struct WindowSettings {
  int width = 0, height = 0;
  bool dark = false;
};

// Missing or damaged: the defaults.
WindowSettings load_settings(const std::string& path);
void save_settings(const std::string& path, const WindowSettings& settings);

}  // namespace sotto::desktop
