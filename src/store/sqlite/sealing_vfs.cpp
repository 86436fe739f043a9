#include "sqlite/sealing_vfs.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

namespace sotto::store::sqlite {
namespace {

constexpr std::size_t kPageText = kPageSize - UnitSealer::kOverhead;
// In page 1: https://www.sqlite.org/fileformat2.html section 1.3.
constexpr std::size_t kHeaderPageSize = 16;
constexpr std::size_t kHeaderReserved = 20;

// A connection's locks, the last error and whether the file was moved: none of SQLite's other questions to a
// file (memory mapping, growing in chunks, atomic batches) may reach the file below.
bool passes_through(int operation) {
  switch (operation) {
    case SQLITE_FCNTL_LOCKSTATE:
    case SQLITE_FCNTL_LAST_ERRNO:
    case SQLITE_FCNTL_PERSIST_WAL:
    case SQLITE_FCNTL_HAS_MOVED: return true;
    default: return false;
  }
}

template <class Function>
int guarded(int otherwise, Function&& function) noexcept {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  } catch (...) {  // no exception may enter SQLite
    return otherwise;
  }
}

}  // namespace

// What SQLite holds; the file below lies right behind it in the same memory.
struct SealedFile {
  sqlite3_file base;
  SealingVfs* vfs;
  const char* path;  // of a database; SQLite's own, as long as the file is open
  SealedLog* log;    // null: a database
  std::array<std::uint8_t, kPageSize>* page;

  static SealedFile& of(sqlite3_file* file) { return *reinterpret_cast<SealedFile*>(file); }
  static sqlite3_file* below(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<SealedFile*>(file) + 1);
  }

  static int close(sqlite3_file* file);
  static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset);
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset);
  static int truncate(sqlite3_file* file, sqlite3_int64 size);
  static int sync(sqlite3_file* file, int flags);
  static int file_size(sqlite3_file* file, sqlite3_int64* size);
  static int lock(sqlite3_file* file, int level) { return below(file)->pMethods->xLock(below(file), level); }
  static int unlock(sqlite3_file* file, int level) {
    return below(file)->pMethods->xUnlock(below(file), level);
  }
  static int check_reserved_lock(sqlite3_file* file, int* out) {
    return below(file)->pMethods->xCheckReservedLock(below(file), out);
  }
  static int file_control(sqlite3_file* file, int operation, void* argument);
  static int sector_size(sqlite3_file* file) { return below(file)->pMethods->xSectorSize(below(file)); }
  static int device_characteristics(sqlite3_file* file);

  static int read_page(sqlite3_file* file, std::uint64_t number, std::uint8_t* page);
  static bool first_page_of_log(SealedFile& self, std::uint8_t* page);
};

namespace {

// Version 1: without shared memory and without memory mapping, both of which would go past the sealing.
constexpr sqlite3_io_methods kMethods = {1,
                                         SealedFile::close,
                                         SealedFile::read,
                                         SealedFile::write,
                                         SealedFile::truncate,
                                         SealedFile::sync,
                                         SealedFile::file_size,
                                         SealedFile::lock,
                                         SealedFile::unlock,
                                         SealedFile::check_reserved_lock,
                                         SealedFile::file_control,
                                         SealedFile::sector_size,
                                         SealedFile::device_characteristics,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr};

}  // namespace

int SealedFile::close(sqlite3_file* file) {
  SealedFile& self = of(file);
  int code = SQLITE_OK;
  if (self.log != nullptr) {
    code = guarded(SQLITE_IOERR_CLOSE, [&] { return self.log->flush(); });
    delete self.log;
  } else {
    --self.vfs->open_databases_;
  }
  delete self.page;
  const int closed = below(file)->pMethods->xClose(below(file));
  return code == SQLITE_OK ? closed : code;
}

// `page` has kPageSize bytes; the free ones at its end become zeros.
int SealedFile::read_page(sqlite3_file* file, std::uint64_t number, std::uint8_t* page) {
  SealedFile& self = of(file);
  const auto offset = static_cast<sqlite3_int64>((number - 1) * kPageSize);
  const int code = below(file)->pMethods->xRead(below(file), page, kPageSize, offset);
  // A page that is cut off is not there, as one beyond the end; SQLite knows how many there must be.
  if (code == SQLITE_IOERR_SHORT_READ) std::memset(page, 0, kPageSize);
  if (code != SQLITE_OK) return code;
  const bool good =
      self.vfs->sealer_.open(UnitSealer::Role::page, number, ByteView(page, kPageSize), {page, kPageText});
  std::memset(page + kPageText, 0, UnitSealer::kOverhead);
  if (good) return SQLITE_OK;
  // SQLite reads page 1 of the file before it looks at the log. If a crash tore it, it is in the log.
  if (number == 1 && first_page_of_log(self, page)) return SQLITE_OK;
  std::memset(page, 0, kPageSize);
  return SQLITE_IOERR_DATA;
}

bool SealedFile::first_page_of_log(SealedFile& self, std::uint8_t* page) {
  sqlite3_vfs* system = self.vfs->below_;
  // From an allocation of new, so aligned for everything.
  const auto memory = std::make_unique<std::uint8_t[]>(static_cast<std::size_t>(system->szOsFile));
  auto* file = reinterpret_cast<sqlite3_file*>(memory.get());
  const int flags = SQLITE_OPEN_WAL | SQLITE_OPEN_READONLY;
  if (system->xOpen(system, sqlite3_filename_wal(self.path), file, flags, nullptr) != SQLITE_OK) return false;
  SealedLog log(file, self.vfs->sealer_);
  const bool found = log.check() == SQLITE_OK && log.read_first_page({page, kPageSize});
  file->pMethods->xClose(file);
  return found;
}

int SealedFile::read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  return guarded(SQLITE_IOERR_READ, [&]() -> int {
    SealedFile& self = of(file);
    MutableByteView rest(static_cast<std::uint8_t*>(out), static_cast<std::size_t>(size));
    if (self.log != nullptr) return self.log->read(rest, offset);
    while (!rest.empty()) {
      const auto number = static_cast<std::uint64_t>(offset) / kPageSize + 1;
      const std::size_t begin = static_cast<std::uint64_t>(offset) % kPageSize;
      const std::size_t part = std::min(rest.size(), kPageSize - begin);
      const bool whole = part == kPageSize;
      const int code = read_page(file, number, whole ? rest.data() : self.page->data());
      if (code == SQLITE_IOERR_SHORT_READ) std::ranges::fill(rest, std::uint8_t{0});
      if (code != SQLITE_OK) return code;
      if (!whole) std::memcpy(rest.data(), self.page->data() + begin, part);
      rest = rest.subspan(part);
      offset += static_cast<sqlite3_int64>(part);
    }
    return SQLITE_OK;
  });
}

int SealedFile::write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  return guarded(SQLITE_IOERR_WRITE, [&]() -> int {
    SealedFile& self = of(file);
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    if (self.log != nullptr) return self.log->write({bytes, static_cast<std::size_t>(size)}, offset);
    // SQLite writes databases in pages. Anything else, and a page without room for nonce and tag, would be
    // our bug.
    if (size != static_cast<int>(kPageSize) || offset % static_cast<sqlite3_int64>(kPageSize) != 0) {
      return SQLITE_IOERR_WRITE;
    }
    if (offset == 0 && (bytes[kHeaderPageSize] != kPageSize >> 8 || bytes[kHeaderPageSize + 1] != 0 ||
                        bytes[kHeaderReserved] != UnitSealer::kOverhead)) {
      return SQLITE_IOERR_WRITE;
    }
    const auto number = static_cast<std::uint64_t>(offset) / kPageSize + 1;
    if (!self.vfs->sealer_.seal(UnitSealer::Role::page, number, {bytes, kPageText}, *self.page)) {
      return SQLITE_IOERR_WRITE;
    }
    return below(file)->pMethods->xWrite(below(file), self.page->data(), size, offset);
  });
}

int SealedFile::truncate(sqlite3_file* file, sqlite3_int64 size) {
  SealedFile& self = of(file);
  if (self.log != nullptr) return guarded(SQLITE_IOERR_TRUNCATE, [&] { return self.log->truncate(size); });
  return below(file)->pMethods->xTruncate(below(file), size);
}

int SealedFile::sync(sqlite3_file* file, int flags) {
  SealedFile& self = of(file);
  if (self.log != nullptr) {
    const int code = guarded(SQLITE_IOERR_FSYNC, [&] { return self.log->flush(); });
    if (code != SQLITE_OK) return code;
  }
  const int code = below(file)->pMethods->xSync(below(file), flags);
  if (code == SQLITE_OK && self.log != nullptr) self.log->synced();
  return code;
}

int SealedFile::file_size(sqlite3_file* file, sqlite3_int64* size) {
  SealedFile& self = of(file);
  if (self.log == nullptr) return below(file)->pMethods->xFileSize(below(file), size);
  return guarded(SQLITE_IOERR_FSTAT, [&] {
    std::int64_t logical = 0;
    const int code = self.log->size(logical);
    *size = logical;
    return code;
  });
}

int SealedFile::file_control(sqlite3_file* file, int operation, void* argument) {
  if (!passes_through(operation)) return SQLITE_NOTFOUND;
  return below(file)->pMethods->xFileControl(below(file), operation, argument);
}

int SealedFile::device_characteristics(sqlite3_file* file) {
  const int all = below(file)->pMethods->xDeviceCharacteristics(below(file));
  // The others promise something of single writes, which here are larger or elsewhere than SQLite thinks.
  return all & (SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN);
}

int SealingVfs::open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;  // nothing to close, should this fail
  auto& self = *static_cast<SealingVfs*>(vfs->pAppData);
  const bool database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  const bool log = (flags & SQLITE_OPEN_WAL) != 0;
  if (path == nullptr || (!database && !log) || (database && self.open_databases_ != 0))
    return SQLITE_CANTOPEN;

  auto* sealed = new (file) SealedFile{};
  sqlite3_file* below_file = SealedFile::below(file);
  const int opened = self.below_->xOpen(self.below_, path, below_file, flags, out_flags);
  if (opened != SQLITE_OK) {
    if (below_file->pMethods != nullptr) below_file->pMethods->xClose(below_file);
    return opened;
  }
  sealed->vfs = &self;
  sealed->path = path;
  const int made = guarded(SQLITE_CANTOPEN, [&] {
    auto page = std::make_unique<std::array<std::uint8_t, kPageSize>>();
    if (log) {
      auto the_log = std::make_unique<SealedLog>(below_file, self.sealer_);
      if (const int code = the_log->check(); code != SQLITE_OK) return code;
      sealed->log = the_log.release();
    }
    sealed->page = page.release();
    return SQLITE_OK;
  });
  if (made != SQLITE_OK) {
    below_file->pMethods->xClose(below_file);
    return made;
  }
  if (database) ++self.open_databases_;
  sealed->base.pMethods = &kMethods;
  return SQLITE_OK;
}

SealingVfs::SealingVfs(ByteView key, std::string_view file_id, const char* below)
    : below_(sqlite3_vfs_find(below)), sealer_(key, file_id) {
  static std::atomic<std::uint64_t> count{0};
  name_ = "sotto-sealed-" + std::to_string(++count);
  if (below_ == nullptr) throw std::runtime_error("SQLite has no file system");

  // Version 1: what came later (the time in milliseconds, replaceable system calls) is not needed.
  vfs_ = {};
  vfs_.iVersion = 1;
  vfs_.szOsFile = static_cast<int>(sizeof(SealedFile)) + below_->szOsFile;
  vfs_.mxPathname = below_->mxPathname;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = open_file;
  static constexpr auto of = [](sqlite3_vfs* vfs) { return static_cast<SealingVfs*>(vfs->pAppData)->below_; };
  vfs_.xDelete = [](sqlite3_vfs* v, const char* path, int sync) { return of(v)->xDelete(of(v), path, sync); };
  vfs_.xAccess = [](sqlite3_vfs* v, const char* path, int flags, int* out) {
    return of(v)->xAccess(of(v), path, flags, out);
  };
  vfs_.xFullPathname = [](sqlite3_vfs* v, const char* path, int size, char* out) {
    return of(v)->xFullPathname(of(v), path, size, out);
  };
  // No loading of extensions.
  vfs_.xRandomness = [](sqlite3_vfs* v, int size, char* out) { return of(v)->xRandomness(of(v), size, out); };
  vfs_.xSleep = [](sqlite3_vfs* v, int us) { return of(v)->xSleep(of(v), us); };
  vfs_.xCurrentTime = [](sqlite3_vfs* v, double* out) { return of(v)->xCurrentTime(of(v), out); };
  vfs_.xGetLastError = [](sqlite3_vfs* v, int size, char* out) {
    return of(v)->xGetLastError(of(v), size, out);
  };
  if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) throw std::runtime_error("SQLite has no memory");
}

SealingVfs::~SealingVfs() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace sotto::store::sqlite
