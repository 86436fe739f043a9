#include "desktop/platform/settings.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace sotto::desktop {
namespace {

constexpr int kLeast = 300, kMost = 16384;

int size_from(const nlohmann::json& json, const char* key) {
  const auto it = json.find(key);
  if (it == json.end() || !it->is_number_integer()) return 0;
  const auto value = it->get<long long>();
  return value >= kLeast && value <= kMost ? static_cast<int>(value) : 0;
}

}  // namespace

WindowSettings load_settings(const std::string& path) {
  WindowSettings settings;
  std::ifstream in(path);
  const auto json = nlohmann::json::parse(in, nullptr, false);
  if (!json.is_object()) return settings;
  settings.width = size_from(json, "width");
  settings.height = size_from(json, "height");
  if (settings.width == 0 || settings.height == 0) settings.width = settings.height = 0;
  const auto theme = json.find("theme");
  settings.dark = theme != json.end() && theme->is_string() && theme->get<std::string>() == "dark";
  return settings;
}

void save_settings(const std::string& path, const WindowSettings& settings) {
  // Written beside and renamed: a crash leaves the old or the new file, never half of one.
  const std::string temporary = path + ".new";
  {
    std::ofstream out(temporary, std::ios::trunc);
    out << nlohmann::json{{"width", settings.width},
                          {"height", settings.height},
                          {"theme", settings.dark ? "dark" : "light"}}
               .dump(2)
        << '\n';
    if (!out.good()) return;
  }
  std::error_code ignored;
  std::filesystem::rename(temporary, path, ignored);
}

}  // namespace sotto::desktop
