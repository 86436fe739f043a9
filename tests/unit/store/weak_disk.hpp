// An SQLite file system over the system's that remembers what was synced, so that the power can be cut, and
// that can be full.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sealed_fixture.hpp"
#include "sotto/base/random.hpp"

namespace sotto::test {

class WeakDisk {
 public:
  explicit WeakDisk(const char* name) : name_(name), below_(sqlite3_vfs_find(nullptr)) {
    vfs_ = *below_;
    vfs_.iVersion = 1;
    vfs_.pNext = nullptr;
    vfs_.zName = name_.c_str();
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + below_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    vfs_.xDelete = [](sqlite3_vfs* v, const char* path, int sync) {
      of(v).files_.erase(path);
      return of(v).below_->xDelete(of(v).below_, path, sync);
    };
    sqlite3_vfs_register(&vfs_, 0);
  }
  ~WeakDisk() { sqlite3_vfs_unregister(&vfs_); }
  WeakDisk(const WeakDisk&) = delete;
  WeakDisk& operator=(const WeakDisk&) = delete;

  const char* name() const { return name_.c_str(); }

  std::int64_t room = INT64_MAX;  // bytes that can still be written

  // What a disk may hold after the power went now: all that was synced, and of the rest any 512-byte sectors.
  void cut_power_into(const std::string& folder, Random& random) const {
    for (const auto& [path, state] : files_) {
      Bytes content = state.synced;
      for (const auto& [offset, data] : state.unsynced) {
        for (std::size_t at = 0; at < data.size();) {
          const std::size_t part = std::min(data.size() - at, 512 - (offset + at) % 512);
          if (random.below(2) == 0) {
            content.resize(std::max(content.size(), offset + at + part));
            std::copy_n(&data[at], part, &content[offset + at]);
          }
          at += part;
        }
      }
      write_file(folder + "/" + std::filesystem::path(path).filename().string(), content);
    }
  }

 private:
  struct State {
    Bytes synced;
    std::vector<std::pair<std::size_t, Bytes>> unsynced;
  };
  struct File {
    sqlite3_file base;
    WeakDisk* disk;
    State* state;
    const char* path;
  };
  static WeakDisk& of(sqlite3_vfs* vfs) { return *static_cast<WeakDisk*>(vfs->pAppData); }
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    static const sqlite3_io_methods kMethods = {
        1,
        [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); },
        [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
          return real(f)->pMethods->xRead(real(f), to, n, at);
        },
        write,
        [](sqlite3_file* f, sqlite3_int64 size) {
          // Taken as synced at once; what was to be written behind is gone.
          State& state = *of(f).state;
          state.synced.resize(std::min(state.synced.size(), static_cast<std::size_t>(size)));
          std::erase_if(state.unsynced,
                        [size](const auto& w) { return w.first >= static_cast<std::size_t>(size); });
          return real(f)->pMethods->xTruncate(real(f), size);
        },
        [](sqlite3_file* f, int how) {
          const int code = real(f)->pMethods->xSync(real(f), how);
          of(f).state->synced = read_file(of(f).path);
          of(f).state->unsynced.clear();
          return code;
        },
        [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
        [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); },
        [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); },
        [](sqlite3_file* f, int* out_lock) {
          return real(f)->pMethods->xCheckReservedLock(real(f), out_lock);
        },
        [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
        [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
        [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
        nullptr,
        nullptr,
        nullptr,
        nullptr,
        nullptr,
        nullptr};
    WeakDisk& disk = of(vfs);
    file->pMethods = nullptr;
    sqlite3_file* below_file = reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
    const int code = disk.below_->xOpen(disk.below_, path, below_file, flags, out);
    if (code != SQLITE_OK) return code;
    const auto [entry, fresh] = disk.files_.try_emplace(path);
    if (fresh) entry->second.synced = read_file(path);
    of(file).disk = &disk;
    of(file).state = &entry->second;
    of(file).path = path;
    file->pMethods = &kMethods;
    return SQLITE_OK;
  }

  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    WeakDisk& disk = *of(file).disk;
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    // A full disk takes what still fits.
    const auto fits = static_cast<int>(std::min<std::int64_t>(size, disk.room));
    disk.room -= disk.room == INT64_MAX ? 0 : fits;
    if (fits > 0) {
      of(file).state->unsynced.emplace_back(static_cast<std::size_t>(offset), Bytes(bytes, bytes + fits));
      const int code = real(file)->pMethods->xWrite(real(file), data, fits, offset);
      if (code != SQLITE_OK) return code;
    }
    return fits == size ? SQLITE_OK : SQLITE_FULL;
  }

  std::string name_;
  sqlite3_vfs* below_;
  sqlite3_vfs vfs_{};
  std::map<std::string, State> files_;
};

}  // namespace sotto::test
