// The profile folder: made private, checked, and locked for this process.
#pragma once

#include <string>

#include "sotto/base/result.hpp"

namespace sotto::runtime {

class Profile {
 public:
  // Makes the folder (0700) and its parents. Refuses a folder that belongs to somebody else or holds other
  // things (invalid_argument), one that cannot be made or written (denied, storage), one in use (conflict).
  static Result<Profile> open(const std::string& folder);
  Profile(Profile&& other) noexcept;
  Profile& operator=(Profile&&) = delete;
  ~Profile();  // unlocks

  std::string store_path() const { return store_path_in(folder_); }
  std::string key_path() const { return key_path_in(folder_); }
  static std::string store_path_in(const std::string& folder) { return folder + "/sotto.db"; }
  static std::string key_path_in(const std::string& folder) { return folder + "/profile.key"; }

 private:
  Profile(std::string folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  std::string folder_;
  int lock_ = -1;
};

}  // namespace sotto::runtime
