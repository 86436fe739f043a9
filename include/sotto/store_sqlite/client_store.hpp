// The client's store in one SQLite file (WAL, synchronous=FULL): history, keys and outbox of one profile.
//
// Exactly one process may have it open: a second open fails with conflict, so that two programs never share
// one profile. The file holds keys and message text; it is made with mode 0600 and belongs in a 0700 folder.
#pragma once

#include <memory>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/store/client_store.hpp"

namespace sotto::store {

// Creates the file or migrates it. With a `key` of 32 bytes, everything on the disk is sealed by it, and
// stays so. storage: not writable, damaged, or written by a newer version. denied: another key, a key for a
// plain database, or none for a sealed one.
// ":memory:" lives as long as the object.
Result<std::unique_ptr<ClientStore>> open_sqlite_client_store(const std::string& path,
                                                              const SecretBytes* key = nullptr);

}  // namespace sotto::store
