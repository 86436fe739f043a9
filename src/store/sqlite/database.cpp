#include "sqlite/database.hpp"

namespace sotto::store::sqlite {

Database::~Database() { close(); }

void Database::close() {
  for (const auto& [literal, statement] : statements_) sqlite3_finalize(statement);
  statements_.clear();
  if (handle_ != nullptr) sqlite3_close(handle_);
  handle_ = nullptr;
}

Status Database::open(const std::string& path, const char* vfs) {
  close();
  failed_ = false;
  // NOMUTEX: one thread at a time uses a connection, so its locks would only cost.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, vfs);
  if (code != SQLITE_OK) {
    Error failure = error(code);
    close();
    return failure;
  }
  return ok_status();
}

Status Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return ok_status();
}

Error Database::error(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return fail(ErrorCode::storage, "The disk is full.");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fail(ErrorCode::storage, "Another program holds the database; try again.");
    case SQLITE_CONSTRAINT: return fail(ErrorCode::conflict, "This exists already.");
    case SQLITE_TOOBIG: return fail(ErrorCode::too_large, "This is larger than the database can hold.");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return fail(ErrorCode::storage, "The database file is damaged.");
    case SQLITE_CANTOPEN: return fail(ErrorCode::storage, "The database file can't be opened.");
    case SQLITE_READONLY:
    case SQLITE_PERM: return fail(ErrorCode::storage, "The database file can't be written.");
    case SQLITE_IOERR:
      failed_ = true;
      // What the sealing file system says of a page that does not open.
      if (code == SQLITE_IOERR_DATA) {
        return fail(ErrorCode::storage, "The database file is damaged or was changed by somebody else.");
      }
      return fail(ErrorCode::storage, "The disk reported an error.");
    default:
      return fail(ErrorCode::internal, std::string("The database refused a request: ") +
                                           sqlite3_errstr(code) + " (" +
                                           (handle_ != nullptr ? sqlite3_errmsg(handle_) : "") + ").");
  }
}

sqlite3_stmt* Database::prepared(const char* literal) {
  sqlite3_stmt*& statement = statements_[literal];
  if (statement == nullptr) {
    sqlite3_prepare_v3(handle_, literal, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  }
  return statement;
}

Result<bool> Query::next() {
  if (statement_ == nullptr) return db_.error(sqlite3_extended_errcode(db_.handle()));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return db_.error(code);
}

Status Query::run() {
  while (true) {
    const Result<bool> row = next();
    if (!row) return row.error();
    if (!*row) return ok_status();
  }
}

Status Query::one(std::string_view not_found) {
  const Result<bool> row = next();
  if (!row) return row.error();
  if (!*row) return fail(ErrorCode::not_found, std::string(not_found));
  return ok_status();
}

ByteView Query::view(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const std::uint8_t*>(data), data == nullptr ? 0U : static_cast<std::size_t>(size)};
}

std::string Query::text(int column) const { return to_string(view(column)); }

void Query::bind_one(ByteView value) {
  // A null pointer would bind NULL instead of an empty blob.
  static constexpr std::uint8_t kNothing = 0;
  sqlite3_bind_blob64(statement_, ++bound_, value.empty() ? &kNothing : value.data(), value.size(),
                      SQLITE_STATIC);
}

void Query::bind_one(std::string_view value) {
  sqlite3_bind_text64(statement_, ++bound_, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}

}  // namespace sotto::store::sqlite
