// Tables of the client's database and the way from older ones.
#pragma once

#include "sotto/base/result.hpp"
#include "sqlite/database.hpp"

namespace sotto::store::sqlite {

// Creates or migrates. Refuses another program's file and one that a newer version wrote.
Status prepare_client_schema(Database& db);

}  // namespace sotto::store::sqlite
