// An SQLite file system that seals one database at rest: every page of it, and its log.
//
//   SealingVfs vfs(key.view(), "profile");
//   Status opened = open_sealed(db, vfs, path);     // see sealed_database.hpp
//
// Format. Nothing is plain. Page n of the database file is 4068 bytes of ciphertext, 12 of nonce and 16 of
// tag, as UnitSealer makes them; the 28 bytes at the end are kept free by SQLite ("reserved bytes per page",
// byte 20 of the header), so pages stay where they are and are written as one aligned block. The log: see
// sealed_log.hpp. There are no other files: rollback journals, temporary files and further databases are
// refused with SQLITE_CANTOPEN (so VACUUM INTO and ATTACH are), and shared memory is not offered, so the log
// works in locking_mode=EXCLUSIVE only. Set temp_store=MEMORY, or large statements fail; set
// synchronous=FULL, which the log's damage check builds on.
//
// A unit that does not open gives SQLITE_IOERR_DATA. Not noticed: the whole database, or single pages, put
// back to an older state by somebody who can write the files; a log that was cut off. One database per
// object, which must outlive its connection. Thread: that of the connection.
#pragma once

#include <sqlite3.h>

#include <string>
#include <string_view>

#include "sotto/base/bytes.hpp"
#include "sqlite/sealed_log.hpp"
#include "sqlite/unit_sealer.hpp"

namespace sotto::store::sqlite {

class SealingVfs {
 public:
  // Registers with SQLite under a name of its own, over `below` (null: the system's). `key` has 32 bytes.
  SealingVfs(ByteView key, std::string_view file_id, const char* below = nullptr);
  ~SealingVfs();
  SealingVfs(const SealingVfs&) = delete;
  SealingVfs& operator=(const SealingVfs&) = delete;

  const char* name() const { return name_.c_str(); }
  UnitSealer& sealer() { return sealer_; }
  sqlite3_vfs* below() const { return below_; }

 private:
  friend struct SealedFile;
  static int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags);

  std::string name_;
  sqlite3_vfs* below_;
  UnitSealer sealer_;
  sqlite3_vfs vfs_{};
  int open_databases_ = 0;
};

}  // namespace sotto::store::sqlite
