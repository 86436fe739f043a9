#include "sqlite/server_repositories.hpp"

namespace sotto::store::sqlite {
namespace {
constexpr std::string_view kNoBlob = "There is no such file on the server.";

Blob blob_from(const Query& row, BlobId blob) {
  return Blob{
      blob,       row.id<ConversationId>(0), row.id<UserId>(1), row.unsigned_integer(2), row.integer(3) != 0,
      row.time(4)};
}
}  // namespace

Status Blobs::add(const Blob& blob) {
  const Result<std::int64_t> conversation = rows_.conversation(blob.conversation);
  if (!conversation) return conversation.error();
  const Result<std::int64_t> uploader = account_row(db_, blob.uploader);
  if (!uploader) return uploader.error();
  Query insert(db_,
               "INSERT INTO blobs(blob, conversation, uploader, size, complete, created_ms)"
               " VALUES(?, ?, ?, ?, ?, ?)");
  return insert.bind(blob.blob, *conversation, *uploader, blob.size, blob.complete, blob.created).run();
}

Result<Blob> Blobs::get(BlobId blob) {
  Query query(db_,
              "SELECT conversations.conversation, user, size, complete, blobs.created_ms FROM blobs"
              " JOIN conversations ON conversations.id = blobs.conversation"
              " JOIN accounts ON accounts.id = blobs.uploader WHERE blob = ?");
  if (Status row = query.bind(blob).one(kNoBlob); !row) return std::move(row).error();
  return blob_from(query, blob);
}

Status Blobs::set_size(BlobId blob, std::uint64_t size, bool complete) {
  Query update(db_, "UPDATE blobs SET size = ?, complete = ? WHERE blob = ?");
  if (Status done = update.bind(size, complete, blob).run(); !done) return done;
  if (db_.changes() == 0) return fail(ErrorCode::not_found, std::string(kNoBlob));
  return ok_status();
}

Result<bool> Blobs::release(BlobId blob, UserId user) {
  const Result<Blob> known = get(blob);
  if (!known) return known.error();
  if (!known->complete && known->uploader == user) return true;
  {
    Query insert(db_,
                 "INSERT OR IGNORE INTO blob_releases(blob, account)"
                 " SELECT blobs.id, accounts.id FROM blobs, accounts WHERE blob = ? AND user = ?");
    if (Status done = insert.bind(blob, user).run(); !done) return std::move(done).error();
  }
  Query waiting(db_,
                "SELECT count(*) FROM blobs JOIN members ON members.conversation = blobs.conversation"
                " WHERE blob = ? AND members.account <> blobs.uploader AND NOT EXISTS("
                "  SELECT 1 FROM blob_releases WHERE blob_releases.blob = blobs.id"
                "  AND blob_releases.account = members.account)");
  if (Status row = waiting.bind(blob).one(kNoBlob); !row) return std::move(row).error();
  return known->complete && waiting.integer(0) == 0;
}

Status Blobs::remove(BlobId blob) {
  Query drop(db_, "DELETE FROM blobs WHERE blob = ?");
  if (Status done = drop.bind(blob).run(); !done) return done;
  if (db_.changes() == 0) return fail(ErrorCode::not_found, std::string(kNoBlob));
  return ok_status();
}

Result<std::uint64_t> Blobs::bytes_of(UserId uploader) {
  Query query(
      db_,
      "SELECT coalesce(sum(size), 0) FROM blobs WHERE uploader = (SELECT id FROM accounts WHERE user = ?)");
  if (Status row = query.bind(uploader).one(kNoBlob); !row) return std::move(row).error();
  return query.unsigned_integer(0);
}

Result<std::vector<Blob>> Blobs::older_than(WallTime before, std::uint32_t limit) {
  Query query(db_,
              "SELECT conversations.conversation, user, size, complete, blobs.created_ms, blob FROM blobs"
              " JOIN conversations ON conversations.id = blobs.conversation"
              " JOIN accounts ON accounts.id = blobs.uploader"
              " WHERE blobs.created_ms < ? ORDER BY blobs.created_ms LIMIT ?");
  query.bind(before, limit);
  std::vector<Blob> blobs;
  while (true) {
    const Result<bool> row = query.next();
    if (!row) return row.error();
    if (!*row) return blobs;
    blobs.push_back(blob_from(query, query.id<BlobId>(5)));
  }
}

}  // namespace sotto::store::sqlite
