// One SQLite connection and its prepared statements, with errors as values.
//
//   Query q(db, "SELECT name FROM t WHERE id = ?");
//   q.bind(id);
//   Result<bool> row = q.next();  if (row && *row) use(q.text(0));
//
// A Query takes its statement from the connection's cache, keyed by the SQL literal's address, and gives it
// back reset. Thread: one at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"

namespace sotto::store::sqlite {

class Database {
 public:
  Database() = default;
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // `vfs` null: the system's. The file is created if it is not there.
  Status open(const std::string& path, const char* vfs = nullptr);
  void close();
  Status execute(const char* sql);  // any number of statements without results
  // True when SQLite has ended the transaction by itself, as it does when the disk is full.
  bool outside_transaction() const { return sqlite3_get_autocommit(handle_) != 0; }
  sqlite3* handle() const { return handle_; }
  int changes() const { return sqlite3_changes(handle_); }
  std::int64_t last_rowid() const { return sqlite3_last_insert_rowid(handle_); }

  // The disk said no (other than: full). Nothing that was written since can be trusted to be there.
  bool has_failed() const { return failed_; }
  // The Result for SQLite's code; remembers an I/O error.
  Error error(int code);

 private:
  friend class Query;
  sqlite3_stmt* prepared(const char* literal);

  sqlite3* handle_ = nullptr;
  bool failed_ = false;
  // By address: a literal lives as long as the program, and no string has to be hashed.
  std::unordered_map<const void*, sqlite3_stmt*> statements_;
};

class Query {
 public:
  // `sql` must be a string literal.
  Query(Database& db, const char* sql) : db_(db), statement_(db.prepared(sql)) {}
  ~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Blobs and texts are borrowed until the query is destroyed.
  template <class... Values>
  Query& bind(const Values&... values) {
    (bind_one(values), ...);
    return *this;
  }

  Result<bool> next();  // true: there is a row
  Status run();         // to the end
  // Exactly the first row, or not_found with this sentence.
  Status one(std::string_view not_found);

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t unsigned_integer(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  WallTime time(int column) const { return WallTime{integer(column)}; }
  ByteView view(int column) const;
  Bytes bytes(int column) const { return to_bytes(view(column)); }
  std::string blob_text(int column) const { return to_string(view(column)); }
  std::string text(int column) const;
  template <class IdType>
  IdType id(int column) const {
    return IdType::from_bytes(view(column)).value_or(IdType{});
  }

 private:
  void bind_one(std::int64_t value) { sqlite3_bind_int64(statement_, ++bound_, value); }
  void bind_one(std::uint64_t value) { bind_one(static_cast<std::int64_t>(value)); }
  void bind_one(std::uint32_t value) { bind_one(static_cast<std::int64_t>(value)); }
  void bind_one(bool value) { bind_one(static_cast<std::int64_t>(value)); }
  void bind_one(WallTime value) { bind_one(value.ms); }
  void bind_one(ByteView value);
  void bind_one(const Bytes& value) { bind_one(ByteView(value)); }
  void bind_one(std::string_view value);
  void bind_one(const std::string& value) { bind_one(std::string_view(value)); }
  template <class Tag>
  void bind_one(const Id<Tag>& value) {
    bind_one(value.bytes());
  }

  Database& db_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

}  // namespace sotto::store::sqlite
