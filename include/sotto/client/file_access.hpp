// Files, as the client core sees them. Module runtime implements it over the file system; tests in memory.
//
// Every failure is a sentence for people, code invalid_argument (unreadable, not a file), not_found, denied
// (permissions), storage (disk full, I/O), conflict (exists). Paths are the platform's, UTF-8.
// Thread: the client core's; calls block for as long as the disk takes for at most 128 KiB.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::client {

// Equal stamps of one path: the file was not changed in between.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t identity = 0;  // inode
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  virtual Result<FileStamp> stamp() = 0;  // of the open file
  // Fills `out` from `offset`; fewer bytes only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, MutableByteView out) = 0;
};

class WritableFile : public ReadableFile {
 public:
  virtual Status write_at(std::uint64_t offset, ByteView data) = 0;
  virtual Status sync() = 0;  // durable when it returns
};

enum class PathKind { none, file, folder, other };

class FileAccess {
 public:
  virtual ~FileAccess() = default;

  // A regular file (symbolic links are followed: the user named it).
  virtual Result<std::unique_ptr<ReadableFile>> open(const std::string& path) = 0;
  // A new file, mode 0600, O_EXCL and O_NOFOLLOW; conflict if the name is taken.
  virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path) = 0;
  // A file made by create() earlier, for going on with it; not_found if it is gone.
  virtual Result<std::unique_ptr<WritableFile>> reopen(const std::string& path) = 0;
  // Gives `temporary` its final name without ever replacing: "a.txt", "a (1).txt", ... in `folder`, and makes
  // that durable. Returns the path it got.
  virtual Result<std::string> publish(const std::string& temporary, const std::string& folder,
                                      const std::string& name) = 0;
  virtual Status remove(const std::string& path) = 0;  // a missing file is fine
  virtual PathKind kind(const std::string& path) = 0;
  // Created if missing.
  virtual Result<std::string> download_folder() = 0;
};

}  // namespace sotto::client
