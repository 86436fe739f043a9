#include "posix_files.hpp"

#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "file_errors.hpp"

namespace sotto::runtime {
namespace {

namespace fs = std::filesystem;
using client::FileStamp;
using client::PathKind;

// Beyond that somebody fills the folder on purpose.
constexpr int kMaxNameAttempts = 10000;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

class PosixFile final : public client::WritableFile {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<FileStamp> stamp() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return file_error(errno, "Reading " + path_);
    return FileStamp{static_cast<std::uint64_t>(info.st_size),
                     info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec,
                     static_cast<std::uint64_t>(info.st_ino)};
  }

  Result<std::size_t> read_at(std::uint64_t offset, MutableByteView out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto count =
          ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return file_error(errno, "Reading " + path_);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Status write_at(std::uint64_t offset, ByteView data) override {
    while (!data.empty()) {
      const auto count = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return file_error(count < 0 ? errno : ENOSPC, "Writing " + path_);
      offset += static_cast<std::uint64_t>(count);
      data = data.subspan(static_cast<std::size_t>(count));
    }
    return ok_status();
  }

  Status sync() override {
    if (::fdatasync(fd_.get()) != 0) return file_error(errno, "Writing " + path_);
    return ok_status();
  }

 private:
  Descriptor fd_;
  std::string path_;  // for messages
};

// O_NONBLOCK: opening a pipe must not wait for its other end; it changes nothing for regular files.
Result<std::unique_ptr<PosixFile>> open_regular(const std::string& path, int flags,
                                                const std::string& doing) {
  if (path.find('\0') != std::string::npos)
    return fail(ErrorCode::invalid_argument, "The path holds a zero byte.");
  Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!fd.valid()) return file_error(errno, doing + " " + path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error(errno, doing + " " + path);
  if (S_ISDIR(info.st_mode)) return file_error(EISDIR, doing + " " + path);
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::invalid_argument, doing + " " + path + ": it is not an ordinary file.");
  }
  return std::make_unique<PosixFile>(std::move(fd), path);
}

Status sync_folder(int folder, const std::string& name) {
  // EINVAL: shared folders of virtual machines, among others, know no syncing of folders.
  if (::fsync(folder) != 0 && errno != EINVAL) return file_error(errno, "Saving in " + name);
  return ok_status();
}

// 0, or errno. Never replaces: EEXIST when the name is taken.
int rename_noreplace(int from_folder, const char* from, int to_folder, const char* to) {
  if (::renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without RENAME_NOREPLACE: a hard link refuses a taken name as well.
  if (::linkat(from_folder, from, to_folder, to, 0) == 0) {
    ::unlinkat(from_folder, from, 0);
    return 0;
  }
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
  // Without hard links either: an empty file of ours takes the name, and is what the rename replaces.
  if (!Descriptor(::openat(to_folder, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600))
           .valid())
    return errno;
  if (::renameat(from_folder, from, to_folder, to) == 0) return 0;
  const int error = errno;
  ::unlinkat(to_folder, to, 0);
  return error;
}

}  // namespace

std::string numbered_name(const std::string& name, int attempt) {
  if (attempt == 0) return name;
  const fs::path path(name);
  std::string stem = path.stem().string();
  std::string ending = path.extension().string();
  if (const auto inner = fs::path(stem).extension().string(); inner == ".tar") {
    ending = inner + ending;
    stem = fs::path(stem).stem().string();
  }
  return stem + " (" + std::to_string(attempt) + ")" + ending;
}

Result<std::unique_ptr<client::ReadableFile>> PosixFiles::open(const std::string& path) {
  auto file = open_regular(path, O_RDONLY, "Opening");
  if (!file) return std::move(file).error();
  return std::unique_ptr<client::ReadableFile>(std::move(*file));
}

Result<std::unique_ptr<client::WritableFile>> PosixFiles::create(const std::string& path) {
  auto file = open_regular(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, "Making");
  if (!file) return std::move(file).error();
  return std::unique_ptr<client::WritableFile>(std::move(*file));
}

Result<std::unique_ptr<client::WritableFile>> PosixFiles::reopen(const std::string& path) {
  auto file = open_regular(path, O_RDWR | O_NOFOLLOW, "Opening");
  if (!file) return std::move(file).error();
  return std::unique_ptr<client::WritableFile>(std::move(*file));
}

Result<std::string> PosixFiles::publish(const std::string& temporary, const std::string& folder,
                                        const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "The file's name cannot be used as a name here.");
  }
  // The folder is opened once, so that it cannot become another one between the attempts.
  const Descriptor target(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!target.valid()) return file_error(errno, "Saving in " + folder);
  for (int attempt = 0; attempt < kMaxNameAttempts; ++attempt) {
    const std::string final_name = numbered_name(name, attempt);
    const int error = rename_noreplace(AT_FDCWD, temporary.c_str(), target.get(), final_name.c_str());
    if (error == EEXIST) continue;
    if (error != 0) return file_error(error, "Saving " + final_name + " in " + folder);
    if (Status synced = sync_folder(target.get(), folder); !synced) return std::move(synced).error();
    return (fs::path(folder) / final_name).string();
  }
  return fail(ErrorCode::conflict, "There are too many files named " + name + " in " + folder + ".");
}

Status PosixFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return file_error(errno, "Removing " + path);
  return ok_status();
}

PathKind PosixFiles::kind(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return PathKind::none;
  if (S_ISREG(info.st_mode)) return PathKind::file;
  return S_ISDIR(info.st_mode) ? PathKind::folder : PathKind::other;
}

Result<std::string> PosixFiles::download_folder() {
  if (download_folder_.empty())
    return fail(ErrorCode::not_found, "There is no download folder; name a path.");
  std::error_code error;
  fs::create_directories(download_folder_, error);
  if (!fs::is_directory(download_folder_)) {
    return file_error(error ? error.value() : ENOTDIR,
                      "The download folder " + download_folder_ + " cannot be made");
  }
  return download_folder_;
}

}  // namespace sotto::runtime
