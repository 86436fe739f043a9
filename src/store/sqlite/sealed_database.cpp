#include "sqlite/sealed_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace sotto::store::sqlite {
namespace {

constexpr std::string_view kPlainMagic{"SQLite format 3\0", 16};

// How many pages are tried to tell a wrong key from a damaged page.
constexpr std::uint64_t kPagesTried = 64;

struct Descriptor {
  explicit Descriptor(int opened) : fd(opened) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

Error disk_error() {
  return fail(ErrorCode::storage, errno == ENOSPC || errno == EDQUOT ? "The disk is full."
                                                                     : "The database file can't be opened.");
}

// sealed: pages of something that is not a plain database.
enum class Kind { absent, plain, sealed, other };

Result<Kind> kind_of(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.fd < 0) {
    if (errno == ENOENT) return Kind::absent;
    return disk_error();
  }
  std::array<char, 16> start{};
  const ssize_t size = ::pread(file.fd, start.data(), start.size(), 0);
  if (size < 0) return disk_error();
  if (size == 0) return Kind::absent;
  if (std::string_view(start.data(), static_cast<std::size_t>(size)) == kPlainMagic) return Kind::plain;
  const off_t end = ::lseek(file.fd, 0, SEEK_END);
  return end > 0 && end % static_cast<off_t>(kPageSize) == 0 ? Kind::sealed : Kind::other;
}

Status sync_path(const std::string& path, int flags) {
  const Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (file.fd < 0 || ::fsync(file.fd) != 0) return disk_error();
  return ok_status();
}

// Under another name first, so that a crash leaves no half-made database. Its first page is written without
// any journal, since a rollback journal would be a file in plain.
Status make(SealingVfs& vfs, const std::string& path) {
  const std::string fresh = path + ".new";
  for (const char* rest : {"", "-wal"}) ::unlink((fresh + rest).c_str());
  {
    const Descriptor file(::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.fd < 0 || ::fchmod(file.fd, S_IRUSR | S_IWUSR) != 0) return disk_error();
  }
  {
    Database db;
    if (Status opened = db.open(fresh, vfs.name()); !opened) return opened;
    int reserve = static_cast<int>(UnitSealer::kOverhead);
    if (const int code = sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
        code != SQLITE_OK) {
      return db.error(code);
    }
    if (Status set = db.execute("PRAGMA page_size = 4096; PRAGMA locking_mode = EXCLUSIVE;"
                                "PRAGMA journal_mode = OFF; PRAGMA journal_mode = WAL");
        !set) {
      return set;
    }
  }
  if (Status synced = sync_path(fresh, O_RDONLY); !synced) return synced;
  // A log without its database, left by whoever removed the file, would be taken for the new one's.
  ::unlink((path + "-wal").c_str());
  if (::rename(fresh.c_str(), path.c_str()) != 0) return disk_error();
  const std::size_t slash = path.rfind('/');
  return sync_path(slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
}

// Does anything of it open with this key?
bool key_fits(UnitSealer& sealer, const std::string& path) {
  std::array<std::uint8_t, kPageSize> page{};
  const MutableByteView text = MutableByteView(page).first(kPageSize - UnitSealer::kOverhead);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  for (std::uint64_t number = 1; number <= kPagesTried; ++number) {
    const auto offset = static_cast<off_t>((number - 1) * kPageSize);
    if (::pread(file.fd, page.data(), page.size(), offset) != static_cast<ssize_t>(page.size())) break;
    if (sealer.open(UnitSealer::Role::page, number, page, text)) return true;
  }
  const Descriptor log(::open((path + "-wal").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<std::uint8_t, 32 + UnitSealer::kOverhead> header{};
  return ::pread(log.fd, header.data(), header.size(), 0) == static_cast<ssize_t>(header.size()) &&
         sealer.open(UnitSealer::Role::log_header, 0, header, MutableByteView(header).first(32));
}

}  // namespace

Status refuse_sealed(const std::string& path) {
  const Result<Kind> kind = kind_of(path);
  if (!kind) return kind.error();
  if (*kind == Kind::sealed) {
    return fail(ErrorCode::denied,
                "This database is encrypted, or no database, and can't be opened without a key.");
  }
  return ok_status();
}

Status open_sealed(Database& db, SealingVfs& vfs, const std::string& path) {
  const Result<Kind> kind = kind_of(path);
  if (!kind) return kind.error();
  if (*kind == Kind::plain) {
    return fail(ErrorCode::denied, "This database is not encrypted and can't be opened with a key.");
  }
  if (*kind == Kind::absent) {
    if (Status made = make(vfs, path); !made) return std::move(made).error().with("making the database");
  }
  Status opened = db.open(path, vfs.name());
  if (opened) {
    opened = db.execute(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
        "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; COMMIT");
  }
  if (opened) return opened;
  if (db.handle() != nullptr && (sqlite3_errcode(db.handle()) & 0xff) == SQLITE_BUSY) {
    db.close();
    return fail(ErrorCode::conflict, "Another program has this database open.");
  }
  db.close();
  if (!key_fits(vfs.sealer(), path)) {
    return fail(ErrorCode::denied, "The key does not open this database.");
  }
  return opened;
}

}  // namespace sotto::store::sqlite
