// The server's tables, and how an older file becomes a newer one.
#pragma once

#include "sqlite/database.hpp"

namespace sotto::store::sqlite {

inline constexpr std::int64_t kServerSchemaVersion = 3;

// Creates or migrates in one transaction; refuses a newer version and a file that is no server's database,
// and unless it `may_change` the file, an older version too.
Status prepare_server_schema(Database& db, bool may_change);

}  // namespace sotto::store::sqlite
