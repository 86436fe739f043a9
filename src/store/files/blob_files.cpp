#include "sotto/store_files/blob_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace sotto::store {
namespace {

// Asking the disk to begin with what has come so far, so that a later sync() finds little left to wait for
// and receiving goes on meanwhile. Chosen: a few dozen pieces, a fraction of what is synced at once.
constexpr std::uint64_t kWriteBehindBytes = 4U << 20;

Error disk_error(int number) {
  switch (number) {
    case ENOENT: return fail(ErrorCode::not_found, "There is no such file on the server.");
    case ENOSPC:
    case EDQUOT: return fail(ErrorCode::storage, "The server's disk is full.");
    case EFBIG: return fail(ErrorCode::too_large, "The file is larger than the server's disk can hold.");
    default: return fail(ErrorCode::storage, "The server's disk reported an error.");
  }
}

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) {
    if (::chmod(path.c_str(), 0700) != 0) return disk_error(errno);  // the umask may have taken bits away
    return ok_status();
  }
  if (errno == EEXIST) return ok_status();
  return disk_error(errno);
}

Status sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return disk_error(errno);
  const int result = ::fsync(fd);
  const int number = errno;
  ::close(fd);
  if (result != 0) return disk_error(number);
  return ok_status();
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
  if (dir == nullptr) return names;
  while (const dirent* entry = ::readdir(dir.get()))
    names.emplace_back(static_cast<const char*>(entry->d_name));
  return names;
}

}  // namespace

Result<BlobFiles> BlobFiles::open(std::string directory) {
  if (Status made = make_directory(directory); !made) return std::move(made).error();
  return BlobFiles(std::move(directory));
}

BlobFiles::BlobFiles(BlobFiles&& other) noexcept
    : directory_(std::move(other.directory_)),
      open_(std::move(other.open_)),
      recent_(std::move(other.recent_)) {
  other.open_.clear();
}

BlobFiles::~BlobFiles() {
  for (const auto& [blob, file] : open_) ::close(file.fd);
}

std::string BlobFiles::path(BlobId blob) const {
  const std::string name = blob.str();
  return directory_ + "/" + name.substr(0, 2) + "/" + name;
}

Result<BlobFiles::Open*> BlobFiles::get(BlobId blob, bool create) {
  if (const auto found = open_.find(blob); found != open_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second.place);
    return &found->second;
  }
  const std::string file = path(blob);
  int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT && create) {
    const std::string folder = file.substr(0, file.rfind('/'));
    if (Status made = make_directory(folder); !made) return std::move(made).error();
    fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  }
  if (fd < 0) return disk_error(errno);
  struct stat info {};
  if (::fstat(fd, &info) != 0 || ::fchmod(fd, 0600) != 0) {
    const int number = errno;
    ::close(fd);
    return disk_error(number);
  }
  if (open_.size() >= kMaxOpen) close(recent_.back());
  recent_.push_front(blob);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  return &open_.emplace(blob, Open{fd, size, size, false, recent_.begin()}).first->second;
}

void BlobFiles::close(BlobId blob) {
  const auto found = open_.find(blob);
  if (found == open_.end()) return;
  ::close(found->second.fd);
  recent_.erase(found->second.place);
  open_.erase(found);
}

Status BlobFiles::prepare(BlobId blob, std::uint64_t size) {
  const Result<Open*> file = get(blob, size == 0);
  if (!file) return file.error();
  if ((*file)->size < size) return fail(ErrorCode::not_found, "A part of the file is missing on the server.");
  if ((*file)->size == size) return ok_status();
  if (::ftruncate((*file)->fd, static_cast<off_t>(size)) != 0) return disk_error(errno);
  (*file)->size = size;
  (*file)->started = std::min((*file)->started, size);
  return ok_status();
}

Status BlobFiles::write(BlobId blob, std::uint64_t offset, ByteView data) {
  const Result<Open*> got = get(blob, false);
  if (!got) return got.error();
  Open& file = **got;
  if (offset != file.size) {
    return fail(ErrorCode::conflict, "The file goes on at byte " + std::to_string(file.size) + ".");
  }
  while (!data.empty()) {
    const ssize_t count = ::pwrite(file.fd, data.data(), data.size(), static_cast<off_t>(file.size));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int number = count < 0 ? errno : EIO;
      file.size = offset;
      file.started = std::min(file.started, offset);
      // Should even this fail, the bytes behind the end are cut off when the upload is taken up again.
      if (::ftruncate(file.fd, static_cast<off_t>(offset)) != 0) close(blob);
      return disk_error(number);
    }
    file.size += static_cast<std::uint64_t>(count);
    data = data.subspan(static_cast<std::size_t>(count));
  }
  if (file.size - file.started >= kWriteBehindBytes) {
    // Only a hint: whether the bytes are on the disk is for sync() to find out.
    ::sync_file_range(file.fd, static_cast<off_t>(file.started), static_cast<off_t>(file.size - file.started),
                      SYNC_FILE_RANGE_WRITE);
    file.started = file.size;
  }
  return ok_status();
}

BlobFiles::Sync::~Sync() {
  if (fd_ >= 0) ::close(fd_);
}

Status BlobFiles::Sync::run() {
  if (::fdatasync(fd_) != 0) return disk_error(errno);
  return ok_status();
}

Result<BlobFiles::Sync> BlobFiles::begin_sync(BlobId blob) {
  const Result<Open*> file = get(blob, false);
  if (!file) return file.error();
  if (!(*file)->named) {
    const std::string name = path(blob);
    if (Status synced = sync_directory(name.substr(0, name.rfind('/'))); !synced)
      return std::move(synced).error();
    if (Status synced = sync_directory(directory_); !synced) return std::move(synced).error();
    (*file)->named = true;
  }
  // The same open file, so that an error of the disk is reported to it once, here.
  const int fd = ::fcntl((*file)->fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return disk_error(errno);
  return Sync(fd);
}

Status BlobFiles::sync(BlobId blob) {
  Result<Sync> begun = begin_sync(blob);
  if (!begun) return std::move(begun).error();
  return begun->run();
}

Status BlobFiles::read(BlobId blob, std::uint64_t offset, std::uint32_t length, Bytes& out) {
  const Result<Open*> file = get(blob, false);
  if (!file) return file.error();
  const std::size_t begin = out.size();
  out.resize(begin + length);
  std::size_t at = begin;
  while (at < out.size()) {
    const ssize_t count =
        ::pread((*file)->fd, out.data() + at, out.size() - at, static_cast<off_t>(offset + (at - begin)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return disk_error(errno);
    if (count == 0) break;
    at += static_cast<std::size_t>(count);
  }
  out.resize(at);
  return ok_status();
}

Status BlobFiles::remove(BlobId blob) {
  close(blob);
  if (::unlink(path(blob).c_str()) != 0) return disk_error(errno);
  return ok_status();
}

Result<std::vector<BlobId>> BlobFiles::list() const {
  std::vector<BlobId> blobs;
  for (const std::string& folder : names_in(directory_)) {
    if (folder.size() != 2 || folder.front() == '.') continue;
    for (const std::string& name : names_in(directory_ + "/" + folder)) {
      if (const std::optional<BlobId> blob = BlobId::from_string(name); blob && blob->str() == name) {
        blobs.push_back(*blob);
      }
    }
  }
  return blobs;
}

}  // namespace sotto::store
