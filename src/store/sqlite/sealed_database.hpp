// Opening a sealed database: making a new one, and telling a wrong key from damage.
#pragma once

#include <string>

#include "sotto/base/result.hpp"
#include "sqlite/database.hpp"
#include "sqlite/sealing_vfs.hpp"

namespace sotto::store::sqlite {

// Opens, or makes (0600, and whole or not at all), and leaves the connection with its exclusive lock, in WAL
// mode, synchronous=FULL, temp_store=MEMORY. `vfs` outlives `db`. denied: another key, or the file is a plain
// database. conflict: another connection has it. storage: damaged, or the disk.
Status open_sealed(Database& db, SealingVfs& vfs, const std::string& path);

// For those who open plainly: denied, with a sentence, if the file looks like a sealed database.
Status refuse_sealed(const std::string& path);

}  // namespace sotto::store::sqlite
