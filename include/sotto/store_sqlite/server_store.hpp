// The server's store in one SQLite file (WAL, synchronous=FULL).
//
// Another process may open the same file at the same time, as `sottod invite` does; writers wait for each
// other for up to five seconds. Thread: as ServerStore.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/store/server_store.hpp"

namespace sotto::store {

// A server brings a file of an older version up to date. A command must not: the server of that version may
// be running on it.
enum class OldFormat : std::uint8_t { migrate, refuse };

// Creates the file (0600, whatever the umask says) or migrates it. storage: not writable, damaged, or written
// by a newer version. conflict: by an older one, and that is to be refused.
Result<std::unique_ptr<ServerStore>> open_sqlite_server_store(const std::string& path,
                                                              OldFormat old = OldFormat::migrate);

}  // namespace sotto::store
