#include "sotto/runtime/default_folders.hpp"

#include <cstdlib>
#include <string_view>

namespace sotto::runtime {
namespace {

std::string folder(const char* variable, std::string_view below_it, std::string_view below_home) {
  const auto value = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string(text != nullptr ? text : "");
  };
  if (std::string set = value(variable); !set.empty()) return set.append(below_it);
  std::string home = value("HOME");
  return home.empty() ? home : home.append(below_home);
}

}  // namespace

std::string default_profile() { return folder("XDG_DATA_HOME", "/sotto", "/.local/share/sotto"); }
std::string default_downloads() { return folder("XDG_DOWNLOAD_DIR", "", "/Downloads"); }

}  // namespace sotto::runtime
