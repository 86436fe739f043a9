#include "sotto/runtime/default_folders.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

namespace sotto::runtime {
namespace {

class DefaultFolders : public testing::Test {
 protected:
  ~DefaultFolders() override {
    for (const auto& [name, value] : before_) {
      value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
    }
  }
  void set(const char* name, const char* value) {
    if (const char* old = std::getenv(name); !before_.contains(name)) {
      before_[name] = old != nullptr ? std::optional<std::string>(old) : std::nullopt;
    }
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }

 private:
  std::map<const char*, std::optional<std::string>> before_;
};

TEST_F(DefaultFolders, lie_in_the_home_or_where_the_environment_says) {
  set("HOME", "/home/alice");
  set("XDG_DATA_HOME", nullptr);
  set("XDG_DOWNLOAD_DIR", "");
  EXPECT_EQ(default_profile(), "/home/alice/.local/share/sotto");
  EXPECT_EQ(default_downloads(), "/home/alice/Downloads");
  set("XDG_DATA_HOME", "/data");
  set("XDG_DOWNLOAD_DIR", "/things");
  EXPECT_EQ(default_profile(), "/data/sotto");
  EXPECT_EQ(default_downloads(), "/things");
}

TEST_F(DefaultFolders, are_unknown_without_a_home) {
  for (const char* name : {"HOME", "XDG_DATA_HOME", "XDG_DOWNLOAD_DIR"}) set(name, nullptr);
  EXPECT_EQ(default_profile(), "");
  EXPECT_EQ(default_downloads(), "");
}

}  // namespace
}  // namespace sotto::runtime
