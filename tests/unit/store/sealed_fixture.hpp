// A sealed database in a scratch folder, and looking at its files.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "sqlite/sealed_database.hpp"
#include "support/temp_dir.hpp"

namespace sotto::test {

inline Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

inline void write_file(const std::string& path, ByteView content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}

struct SealedDatabase {
  explicit SealedDatabase(ByteView key, const char* below = nullptr) : vfs(key, "test", below) {}
  store::sqlite::SealingVfs vfs;
  store::sqlite::Database db;
};

class Sealed : public testing::Test {
 protected:
  static Bytes key(std::uint8_t fill = 7) { return Bytes(32, fill); }

  // Opens the database of `path`, or tells why not.
  Status open(const std::string& path, const Bytes& with = key()) {
    sealed_.reset();
    sealed_ = std::make_unique<SealedDatabase>(with);
    return store::sqlite::open_sealed(sealed_->db, sealed_->vfs, path);
  }
  Status open() { return open(path_); }
  void close() { sealed_.reset(); }
  store::sqlite::Database& db() { return sealed_->db; }

  void run(const char* sql) {
    const Status done = db().execute(sql);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  // The first value of the first row, or "error: ..."
  std::string ask(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(db().handle(), sql.c_str(), -1, &statement, nullptr);
    std::string answer;
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
      answer = text == nullptr ? "" : text;
    } else if (code != SQLITE_DONE) {
      answer = "error: " + db().error(code).message;
    }
    sqlite3_finalize(statement);
    return answer;
  }

  TempDir folder_;
  std::string path_ = folder_.file("sotto.db");
  std::unique_ptr<SealedDatabase> sealed_;
};

}  // namespace sotto::test
