// The server's store in one SQLite file (WAL, synchronous=FULL).
//
// Another process may open the same file at the same time, as `sottod invite` does; writers wait for each
// other for up to five seconds. Thread: as ServerStore.
#pragma once

#include <memory>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/store/server_store.hpp"

namespace sotto::store {

// Creates the file (0600, whatever the umask says) or migrates it. storage: not writable, damaged, or written
// by a newer version.
Result<std::unique_ptr<ServerStore>> open_sqlite_server_store(const std::string& path);

}  // namespace sotto::store
