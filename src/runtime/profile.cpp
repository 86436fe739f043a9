#include "profile.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "file_errors.hpp"

namespace sotto::runtime {
namespace {

namespace fs = std::filesystem;

Status make_folder(const fs::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return file_error(errno, "The profile folder " + folder.string() + " cannot be made");
  }
  return ok_status();
}

// Nobody's other folder becomes a profile by a mistyped option: its mode would be changed under the owner.
Status check_folder(const fs::path& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    return file_error(errno, "The profile folder " + folder.string() + " cannot be opened");
  }
  if (!S_ISDIR(info.st_mode)) return fail(ErrorCode::invalid_argument, folder.string() + " is not a folder.");
  if (info.st_uid != ::geteuid()) {
    return fail(ErrorCode::denied, "The profile folder " + folder.string() + " belongs to another user.");
  }
  if ((info.st_mode & 077) == 0) return ok_status();
  std::error_code error;
  const bool ours = fs::exists(folder / "sotto.db", error) || fs::exists(folder / "lock", error);
  if (!ours && !fs::is_empty(folder, error)) {
    return fail(ErrorCode::invalid_argument,
                folder.string() + " is not a Sotto profile: it holds other files. Name a new folder.");
  }
  if (::chmod(folder.c_str(), 0700) != 0) {
    return file_error(errno, "The profile folder " + folder.string() + " cannot be made private");
  }
  return ok_status();
}

}  // namespace

Result<Profile> Profile::open(const std::string& name) {
  if (name.empty()) return fail(ErrorCode::invalid_argument, "No profile folder was named.");
  std::error_code error;
  const fs::path folder = fs::absolute(name, error).lexically_normal();
  if (Status made = make_folder(folder); !made) return std::move(made).error();
  if (Status good = check_folder(folder); !good) return std::move(good).error();
  const std::string lock_path = (folder / "lock").string();
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (lock < 0) return file_error(errno, "The profile cannot be locked");
  Profile profile(folder.string(), lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error(errno, "The profile cannot be locked");
    return fail(ErrorCode::conflict, "Another Sotto program is using the profile " + folder.string() + ".");
  }
  return profile;
}

Profile::Profile(Profile&& other) noexcept
    : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)) {}

Profile::~Profile() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace sotto::runtime
