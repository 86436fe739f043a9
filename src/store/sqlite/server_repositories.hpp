// The SQLite repositories of the server: one class each, one file each.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "sotto/store/server_store.hpp"
#include "sqlite/database.hpp"
#include "sqlite/server_inbox.hpp"
#include "sqlite/server_seen.hpp"
#include "sqlite/server_sent.hpp"

namespace sotto::store::sqlite {

// Rows of the ids that every append names. Rows are never deleted, so an answer stays right, except when the
// transaction that made the row is undone: then forget() everything.
class RowCache {
 public:
  explicit RowCache(Database& db) : db_(db) {}
  Result<std::int64_t> conversation(ConversationId id);
  Result<std::int64_t> device(DeviceId id);
  void forget();

 private:
  static constexpr std::size_t kMaxRows = 65536;  // some 3 MB each; then start over
  Database& db_;
  std::unordered_map<ConversationId, std::int64_t> conversations_;
  std::unordered_map<DeviceId, std::int64_t> devices_;
};

Result<std::int64_t> account_row(Database& db, UserId user);

class Accounts final : public AccountRepository {
 public:
  explicit Accounts(Database& db) : db_(db) {}
  Status add(const Account& account) override;
  Result<Account> by_user(UserId user) override;
  Result<Account> by_username(std::string_view username) override;
  Result<std::uint64_t> count() override;
  Status set_password_hash(UserId user, std::string_view phc) override;
  Status set_identity(UserId user, const Identity& identity, WallTime now) override;

 private:
  Database& db_;
};

class Devices final : public DeviceRepository {
 public:
  Devices(Database& db, Inbox& inbox) : db_(db), inbox_(inbox) {}
  Status add(const Device& device) override;
  Result<Device> by_device(DeviceId device) override;
  Result<std::vector<Device>> of_user(UserId user) override;
  Status revoke(DeviceId device, WallTime now) override;
  Status set_last_seen(DeviceId device, WallTime when) override;
  Status set_certificate(DeviceId device, ByteView certificate) override;

 private:
  Database& db_;
  Inbox& inbox_;
};

class Invites final : public InviteRepository {
 public:
  explicit Invites(Database& db) : db_(db) {}
  Status add(const Invite& invite, WallTime now) override;
  Status check(ByteView token_hash, WallTime now) override;
  Status use(ByteView token_hash, WallTime now) override;

 private:
  Database& db_;
};

class Conversations final : public ConversationRepository {
 public:
  Conversations(Database& db, const Inbox& inbox) : db_(db), inbox_(inbox) {}
  Result<Conversation> open_direct(UserId a, UserId b, ConversationId fresh, WallTime now) override;
  Result<Conversation> get(ConversationId conversation) override;
  Result<std::vector<Conversation>> of_user(UserId user, DeviceId device) override;
  Result<std::vector<UserId>> contacts(UserId user) override;

 private:
  Result<std::vector<UserId>> members(std::int64_t conversation);
  std::uint64_t newest(const Query& row) const;  // of a row that begins with id and last_seq
  Database& db_;
  const Inbox& inbox_;
};

class Log final : public LogRepository {
 public:
  Log(Database& db, RowCache& rows, Inbox& inbox, SeenMessages seen = SeenMessages())
      : db_(db), rows_(rows), inbox_(inbox), seen_(std::move(seen)) {}
  Result<Appended> append(ConversationId conversation, DeviceId device, MessageId message,
                          std::string_view payload, WallTime now) override;
  Result<LogPage> fetch(ConversationId conversation, std::uint64_t after, std::uint32_t limit,
                        std::size_t max_bytes) override;
  Status ack(ConversationId conversation, DeviceId device, std::uint64_t seq) override;
  Status prune(ConversationId conversation) override;
  Result<bool> forget(WallTime before) override;

 private:
  Result<SeenMessages::Talk*> load_seen(std::int64_t conversation);
  Result<std::optional<SentEntry>> find(std::int64_t conversation, std::int64_t seq);

  Database& db_;
  RowCache& rows_;
  Inbox& inbox_;
  SeenMessages seen_;
  bool inbox_asked_ = false;      // this round of forget() has had the inbox moved
  std::int64_t forget_from_ = 0;  // where the next call of forget() goes on
};

class Blobs final : public BlobRepository {
 public:
  Blobs(Database& db, RowCache& rows) : db_(db), rows_(rows) {}
  Status add(const Blob& blob) override;
  Result<Blob> get(BlobId blob) override;
  Status set_size(BlobId blob, std::uint64_t size, bool complete) override;
  Result<bool> release(BlobId blob, UserId user) override;
  Status remove(BlobId blob) override;
  Result<std::uint64_t> bytes_of(UserId uploader) override;
  Result<std::vector<Blob>> older_than(WallTime before, std::uint32_t limit) override;

 private:
  Database& db_;
  RowCache& rows_;
};

}  // namespace sotto::store::sqlite
