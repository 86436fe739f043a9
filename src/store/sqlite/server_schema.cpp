#include "sqlite/server_schema.hpp"

#include <iterator>

#include "sqlite/server_sent.hpp"

namespace sotto::store::sqlite {
namespace {

// "SOTS"; PRAGMA application_id tells one program's file from another's.
constexpr std::int64_t kApplicationId = 0x534f5453;

// Integers stand for the 16-byte ids inside the file: rows stay small and indexes shallow.
// log.id is conversation * 2^32 + seq, so a conversation's entries lie together and in order.
// Entries come into inbox first and are moved, many at a time: into log those that somebody still has to
// fetch, and all without content into sent. Until then conversations.last_seq is behind (server_inbox.hpp,
// server_sent.hpp).
constexpr const char* kVersion1 = R"sql(
CREATE TABLE accounts(
  id INTEGER PRIMARY KEY,
  user BLOB NOT NULL UNIQUE CHECK(length(user) = 16),
  username TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  administrator INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE identities(
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts(id),
  identity_key BLOB NOT NULL,
  certificate BLOB NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX identities_by_account ON identities(account);
CREATE TABLE devices(
  id INTEGER PRIMARY KEY,
  device BLOB NOT NULL UNIQUE CHECK(length(device) = 16),
  account INTEGER NOT NULL REFERENCES accounts(id),
  name TEXT NOT NULL,
  certificate BLOB NOT NULL,
  sealing_key BLOB NOT NULL,
  sealing_signature BLOB NOT NULL,
  enrolled_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  revoked_ms INTEGER
) STRICT;
CREATE INDEX devices_by_account ON devices(account);
CREATE TABLE invites(
  token_hash BLOB PRIMARY KEY CHECK(length(token_hash) = 32),
  uses_left INTEGER NOT NULL CHECK(uses_left >= 0),
  expires_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE conversations(
  id INTEGER PRIMARY KEY,
  conversation BLOB NOT NULL UNIQUE CHECK(length(conversation) = 16),
  last_seq INTEGER NOT NULL DEFAULT 0,
  pruned_seq INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE members(
  conversation INTEGER NOT NULL REFERENCES conversations(id),
  account INTEGER NOT NULL REFERENCES accounts(id),
  PRIMARY KEY(conversation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_account ON members(account);
CREATE TABLE direct_pairs(
  low INTEGER NOT NULL REFERENCES accounts(id),
  high INTEGER NOT NULL REFERENCES accounts(id),
  conversation INTEGER NOT NULL REFERENCES conversations(id),
  PRIMARY KEY(low, high), CHECK(low < high)
) STRICT, WITHOUT ROWID;
CREATE TABLE log(
  id INTEGER PRIMARY KEY,
  device INTEGER NOT NULL REFERENCES devices(id),
  message BLOB NOT NULL CHECK(length(message) = 16),
  time_ms INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX log_by_message ON log(device, message);
CREATE TABLE inbox(
  id INTEGER PRIMARY KEY,
  log_id INTEGER NOT NULL,
  device INTEGER NOT NULL,
  message BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE TABLE acks(
  conversation INTEGER NOT NULL REFERENCES conversations(id),
  device INTEGER NOT NULL REFERENCES devices(id),
  seq INTEGER NOT NULL,
  PRIMARY KEY(conversation, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE blobs(
  id INTEGER PRIMARY KEY,
  blob BLOB NOT NULL UNIQUE CHECK(length(blob) = 16),
  conversation INTEGER NOT NULL REFERENCES conversations(id),
  uploader INTEGER NOT NULL REFERENCES accounts(id),
  size INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX blobs_by_uploader ON blobs(uploader);
CREATE INDEX blobs_by_age ON blobs(created_ms);
CREATE TABLE blob_releases(
  blob INTEGER NOT NULL REFERENCES blobs(id) ON DELETE CASCADE,
  account INTEGER NOT NULL REFERENCES accounts(id),
  PRIMARY KEY(blob, account)
) STRICT, WITHOUT ROWID;
)sql";

// The inbox holds one row a transaction instead of one an entry.
constexpr const char* kVersion2 = R"sql(
INSERT INTO log(id, device, message, time_ms, payload)
  SELECT log_id, device, message, time_ms, CASE WHEN (log_id & 0xffffffff) <= pruned_seq THEN x'' ELSE payload END
  FROM inbox JOIN conversations ON conversations.id = log_id >> 32 ORDER BY log_id;
DROP TABLE inbox;
CREATE TABLE inbox(
  id INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
) STRICT;
)sql";

// What everybody acknowledged leaves the log, and a message is known again by sent instead of an index.
constexpr const char* kVersion3 = R"sql(
CREATE TABLE sent(
  id INTEGER PRIMARY KEY,
  newest_ms INTEGER NOT NULL,
  entries BLOB NOT NULL
) STRICT;
)sql";
constexpr const char* kVersion3Log = R"sql(
DROP INDEX log_by_message;
DELETE FROM log WHERE (id & 0xffffffff) <= (SELECT pruned_seq FROM conversations WHERE conversations.id = log.id >> 32);
)sql";

Status pack_log(Database& db) {
  SentWriter sent(db);
  {
    Query query(db, "SELECT id, device, message, time_ms FROM log ORDER BY id");
    while (true) {
      const Result<bool> row = query.next();
      if (!row) return row.error();
      if (!*row) break;
      Status done = sent.add(query.integer(0), {query.id<MessageId>(2), query.integer(1), query.time(3)});
      if (!done) return done;
    }
  }
  if (Status done = sent.finish(); !done) return done;
  return db.execute(kVersion3Log);
}

// Step n makes version n + 1 out of version n. Released steps never change.
struct Step {
  const char* sql;
  Status (*then)(Database&) = nullptr;
};
constexpr Step kSteps[] = {{kVersion1}, {kVersion2}, {kVersion3, pack_log}};
static_assert(std::size(kSteps) == kServerSchemaVersion);

Result<std::int64_t> pragma(Database& db, const char* sql) {
  Query query(db, sql);
  if (Status row = query.one("The database does not answer."); !row) return std::move(row).error();
  return query.integer(0);
}

Status migrate(Database& db, bool may_change) {
  const Result<std::int64_t> version = pragma(db, "PRAGMA user_version");
  if (!version) return version.error();
  const Result<std::int64_t> application = pragma(db, "PRAGMA application_id");
  if (!application) return application.error();
  if (*version > kServerSchemaVersion) {
    return fail(ErrorCode::storage, "The database was written by a newer version of sottod (format " +
                                        std::to_string(*version) + ", this one knows " +
                                        std::to_string(kServerSchemaVersion) + ").");
  }
  if (*application != kApplicationId) {
    const Result<std::int64_t> tables = pragma(db, "SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.error();
    if (*version != 0 || *tables != 0) {
      return fail(ErrorCode::storage, "The file is not a database of a Sotto server.");
    }
  }
  if (*version < kServerSchemaVersion && !may_change) {
    return fail(
        ErrorCode::conflict,
        "The database is still that of an older version. Start `sottod serve` of this version first.");
  }
  for (std::int64_t step = *version; step < kServerSchemaVersion; ++step) {
    if (Status done = db.execute(kSteps[step].sql); !done) return done;
    if (kSteps[step].then == nullptr) continue;
    if (Status done = kSteps[step].then(db); !done) return done;
  }
  if (*version == kServerSchemaVersion) return ok_status();
  if (Status done = db.execute("PRAGMA application_id = 1397707859"); !done) return done;  // kApplicationId
  return db.execute(("PRAGMA user_version = " + std::to_string(kServerSchemaVersion)).c_str());
}
static_assert(kApplicationId == 1397707859);

}  // namespace

Status prepare_server_schema(Database& db, bool may_change) {
  if (Status begun = db.execute("BEGIN IMMEDIATE"); !begun) return begun;
  Status migrated = migrate(db, may_change);
  if (migrated) migrated = db.execute("COMMIT");
  if (!migrated && !db.outside_transaction()) (void)db.execute("ROLLBACK");
  return migrated;
}

}  // namespace sotto::store::sqlite
