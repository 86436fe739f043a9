#include "sqlite/client_schema.hpp"

#include <iterator>
#include <string>

namespace sotto::store::sqlite {

namespace {

// "SOTC"; tells this file from the server's and from anybody else's.
constexpr std::int64_t kApplicationId = 0x534f5443;

constexpr const char* kVersion1 = R"sql(
CREATE TABLE settings(name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE users(
  id BLOB PRIMARY KEY CHECK(length(id) = 16),
  username TEXT NOT NULL,
  display_name TEXT NOT NULL,
  identity_key BLOB NOT NULL,
  identity_certificate BLOB NOT NULL,
  verified INTEGER NOT NULL,
  identity_changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_name ON users(username);
CREATE TABLE devices(
  id BLOB PRIMARY KEY CHECK(length(id) = 16),
  user BLOB NOT NULL,
  name TEXT NOT NULL,
  device_key BLOB NOT NULL,
  sealing_key BLOB NOT NULL,
  active INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_user ON devices(user);
CREATE TABLE conversations(
  id BLOB PRIMARY KEY CHECK(length(id) = 16),
  kind INTEGER NOT NULL,
  members BLOB NOT NULL,
  synced_seq INTEGER NOT NULL,
  sent_counter INTEGER NOT NULL,
  sent_hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sender_chains(
  conversation BLOB NOT NULL,
  device BLOB NOT NULL,
  counter INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY(conversation, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE messages(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE CHECK(length(id) = 16),
  conversation BLOB NOT NULL,
  position INTEGER NOT NULL,
  sender BLOB NOT NULL,
  device BLOB NOT NULL,
  own INTEGER NOT NULL,
  unread INTEGER NOT NULL,
  read_reported INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  text TEXT NOT NULL,
  failure TEXT NOT NULL,
  reply_to BLOB NOT NULL,
  details BLOB NOT NULL,
  transfer BLOB NOT NULL,
  local_path TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_in_order ON messages(conversation, position);
CREATE INDEX messages_unread ON messages(conversation, position) WHERE unread = 1;
CREATE INDEX messages_by_state ON messages(kind, state) WHERE state IN (0, 4);
CREATE TABLE outbox(
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation BLOB NOT NULL,
  message BLOB NOT NULL UNIQUE,
  kind INTEGER NOT NULL,
  content BLOB NOT NULL,
  queued_ms INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  previous BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_by_conversation ON outbox(conversation, row);
CREATE TABLE transfers(
  id BLOB PRIMARY KEY CHECK(length(id) = 16),
  message BLOB NOT NULL,
  conversation BLOB NOT NULL,
  direction INTEGER NOT NULL,
  state INTEGER NOT NULL,
  blob BLOB NOT NULL,
  key BLOB NOT NULL,
  size INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  path TEXT NOT NULL,
  temporary TEXT NOT NULL,
  folder TEXT NOT NULL,
  name TEXT NOT NULL,
  stamp_modified_ns INTEGER NOT NULL,
  stamp_identity INTEGER NOT NULL,
  failure TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX transfers_by_state ON transfers(state);
)sql";

constexpr const char* kVersions[] = {kVersion1};

Result<std::int64_t> pragma(Database& db, const char* sql) {
  Query query(db, sql);
  if (Status row = query.one("no answer"); !row) return std::move(row).error();
  return query.integer(0);
}

}  // namespace

Status prepare_client_schema(Database& db) {
  const Result<std::int64_t> application = pragma(db, "PRAGMA application_id");
  if (!application) return application.error();
  const Result<std::int64_t> version = pragma(db, "PRAGMA user_version");
  if (!version) return version.error();
  const bool is_new = *application == 0 && *version == 0;
  if (!is_new && *application != kApplicationId) {
    return fail(ErrorCode::storage, "This file is not a Sotto profile.");
  }
  const auto newest = static_cast<std::int64_t>(std::size(kVersions));
  if (*version > newest) {
    return fail(ErrorCode::storage, "This profile was written by a newer version of Sotto; please update.");
  }
  // Each step is one transaction with its version number in it: a crash leaves the version before.
  for (std::int64_t next = *version; next < newest; ++next) {
    const std::string step = "BEGIN IMMEDIATE;" + std::string(kVersions[next]) +
                             "PRAGMA application_id = " + std::to_string(kApplicationId) +
                             ";PRAGMA user_version = " + std::to_string(next + 1) + ";COMMIT";
    if (Status done = db.execute(step.c_str()); !done) {
      if (!db.outside_transaction()) (void)db.execute("ROLLBACK");
      return std::move(done).error().with("preparing the profile's database");
    }
  }
  return ok_status();
}

}  // namespace sotto::store::sqlite
