#include "sotto/store_sqlite/client_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite/client_schema.hpp"
#include "sqlite/database.hpp"
#include "sqlite/sealed_database.hpp"

namespace sotto::store {
namespace sqlite {
namespace {

UserRecord read_user(const Query& q) {
  UserRecord user;
  user.id = q.id<UserId>(0);
  user.username = q.text(1);
  user.display_name = q.text(2);
  user.identity_key = q.bytes(3);
  user.identity_certificate = q.bytes(4);
  user.verified = q.integer(5) != 0;
  user.identity_changed = q.integer(6) != 0;
  return user;
}

ClientDeviceRecord read_device(const Query& q) {
  ClientDeviceRecord device;
  device.id = q.id<DeviceId>(0);
  device.user = q.id<UserId>(1);
  device.name = q.text(2);
  device.device_key = q.bytes(3);
  device.sealing_key = q.bytes(4);
  device.active = q.integer(5) != 0;
  device.last_seen_ms = q.integer(6);
  return device;
}

ClientConversationRecord read_conversation(const Query& q) {
  ClientConversationRecord conversation;
  conversation.id = q.id<ConversationId>(0);
  conversation.kind = static_cast<int>(q.integer(1));
  ByteView members = q.view(2);
  for (; members.size() >= UserId::kSize; members = members.subspan(UserId::kSize)) {
    conversation.members.push_back(*UserId::from_bytes(members.first(UserId::kSize)));
  }
  conversation.synced_seq = q.unsigned_integer(3);
  conversation.sent_counter = q.unsigned_integer(4);
  conversation.sent_hash = q.bytes(5);
  return conversation;
}

MessageRecord read_message(const Query& q) {
  MessageRecord message;
  message.id = q.id<MessageId>(0);
  message.conversation = q.id<ConversationId>(1);
  message.position = q.unsigned_integer(2);
  message.sender = q.id<UserId>(3);
  message.device = q.id<DeviceId>(4);
  message.own = q.integer(5) != 0;
  message.unread = q.integer(6) != 0;
  message.read_reported = q.integer(7) != 0;
  message.time_ms = q.integer(8);
  message.kind = static_cast<int>(q.integer(9));
  message.state = static_cast<int>(q.integer(10));
  message.text = q.text(11);
  message.failure = q.text(12);
  message.reply_to = q.id<MessageId>(13);
  message.details = q.bytes(14);
  message.transfer = q.id<TransferId>(15);
  message.local_path = q.text(16);
  return message;
}

OutboxRecord read_outbox(const Query& q) {
  OutboxRecord row;
  row.row = q.unsigned_integer(0);
  row.conversation = q.id<ConversationId>(1);
  row.message = q.id<MessageId>(2);
  row.kind = static_cast<int>(q.integer(3));
  row.content = q.bytes(4);
  row.queued_ms = q.integer(5);
  row.counter = q.unsigned_integer(6);
  row.previous = q.bytes(7);
  return row;
}

TransferRecord read_transfer(const Query& q) {
  TransferRecord transfer;
  transfer.id = q.id<TransferId>(0);
  transfer.message = q.id<MessageId>(1);
  transfer.conversation = q.id<ConversationId>(2);
  transfer.direction = static_cast<int>(q.integer(3));
  transfer.state = static_cast<int>(q.integer(4));
  transfer.blob = q.id<BlobId>(5);
  transfer.key = q.bytes(6);
  transfer.size = q.unsigned_integer(7);
  transfer.chunks = q.unsigned_integer(8);
  transfer.sha256 = q.bytes(9);
  transfer.path = q.text(10);
  transfer.temporary = q.text(11);
  transfer.folder = q.text(12);
  transfer.name = q.text(13);
  transfer.stamp_modified_ns = q.integer(14);
  transfer.stamp_identity = q.unsigned_integer(15);
  transfer.failure = q.text(16);
  return transfer;
}

std::int64_t number(int value) { return value; }

class SqliteClientStore final : public ClientStore {
 public:
  Status open(const std::string& path, const SecretBytes* key) {
    if (key != nullptr) {
      // Its name is part of what is sealed: a file of another kind under the same key does not open.
      vfs_.emplace(key->view(), "client");
      if (Status opened = open_sealed(db_, *vfs_, path); !opened) return opened;
    } else if (path != ":memory:") {
      if (Status plain = refuse_sealed(path); !plain) return plain;
      // SQLite would make it 0644 less the umask.
      const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
      if (file < 0) return fail(ErrorCode::storage, "The profile's database can't be opened.");
      ::fchmod(file, S_IRUSR | S_IWUSR);
      ::close(file);
    }
    if (key == nullptr) {
      if (Status opened = db_.open(path); !opened) return opened;
    }
    // EXCLUSIVE: the lock is taken once and kept, so a second program fails at once instead of interleaving.
    // FULL: what the server was told we have, or was shown as sent, survives a power cut.
    Status set = db_.execute(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;"
        "PRAGMA cache_size = -8192; BEGIN IMMEDIATE; COMMIT");
    if (!set) {
      if (const int code = sqlite3_errcode(db_.handle()); code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        return fail(ErrorCode::conflict, "Another program has this profile open.");
      }
      return set;
    }
    return prepare_client_schema(db_);
  }

  void put_value(std::string_view name, ByteView value) override {
    write("INSERT OR REPLACE INTO settings(name, content) VALUES(?, ?)",
          [&](Query& q) { q.bind(name, value); });
  }
  std::optional<Bytes> value(std::string_view name) override {
    return first<Bytes>(
        "SELECT content FROM settings WHERE name = ?", [&](Query& q) { q.bind(name); },
        [](const Query& q) { return q.bytes(0); });
  }
  void remove_value(std::string_view name) override {
    write("DELETE FROM settings WHERE name = ?", [&](Query& q) { q.bind(name); });
  }

  void put_user(const UserRecord& user) override {
    write(
        "INSERT OR REPLACE INTO users(id, username, display_name, identity_key, identity_certificate, "
        "verified, "
        "identity_changed) VALUES(?, ?, ?, ?, ?, ?, ?)",
        [&](Query& q) {
          q.bind(user.id, user.username, user.display_name, user.identity_key, user.identity_certificate,
                 user.verified, user.identity_changed);
        });
  }
  std::optional<UserRecord> user(UserId id) override {
    return first<UserRecord>(
        "SELECT id, username, display_name, identity_key, identity_certificate, verified, identity_changed "
        "FROM users WHERE id = ?",
        [&](Query& q) { q.bind(id); }, read_user);
  }
  std::optional<UserRecord> user_by_name(std::string_view username) override {
    return first<UserRecord>(
        "SELECT id, username, display_name, identity_key, identity_certificate, verified, identity_changed "
        "FROM users WHERE username = ?",
        [&](Query& q) { q.bind(username); }, read_user);
  }
  std::vector<UserRecord> users() override {
    return all<UserRecord>(
        "SELECT id, username, display_name, identity_key, identity_certificate, verified, identity_changed "
        "FROM users ORDER BY username",
        [](Query&) {}, read_user);
  }

  void put_device(const ClientDeviceRecord& device) override {
    write(
        "INSERT OR REPLACE INTO devices(id, user, name, device_key, sealing_key, active, last_seen_ms) "
        "VALUES(?, ?, ?, ?, ?, ?, ?)",
        [&](Query& q) {
          q.bind(device.id, device.user, device.name, device.device_key, device.sealing_key, device.active,
                 device.last_seen_ms);
        });
  }
  std::optional<ClientDeviceRecord> device(DeviceId id) override {
    return first<ClientDeviceRecord>(
        "SELECT id, user, name, device_key, sealing_key, active, last_seen_ms FROM devices WHERE id = ?",
        [&](Query& q) { q.bind(id); }, read_device);
  }
  std::vector<ClientDeviceRecord> devices_of(UserId user) override {
    return all<ClientDeviceRecord>(
        "SELECT id, user, name, device_key, sealing_key, active, last_seen_ms FROM devices WHERE user = ? "
        "ORDER BY id",
        [&](Query& q) { q.bind(user); }, read_device);
  }

  void put_conversation(const ClientConversationRecord& conversation) override {
    Bytes members;
    for (const UserId& member : conversation.members) append(members, member.bytes());
    write(
        "INSERT OR REPLACE INTO conversations(id, kind, members, synced_seq, sent_counter, sent_hash) "
        "VALUES(?, ?, ?, ?, ?, ?)",
        [&](Query& q) {
          q.bind(conversation.id, number(conversation.kind), members, conversation.synced_seq,
                 conversation.sent_counter, conversation.sent_hash);
        });
  }
  std::optional<ClientConversationRecord> conversation(ConversationId id) override {
    return first<ClientConversationRecord>(
        "SELECT id, kind, members, synced_seq, sent_counter, sent_hash FROM conversations WHERE id = ?",
        [&](Query& q) { q.bind(id); }, read_conversation);
  }
  std::vector<ClientConversationRecord> conversations() override {
    return all<ClientConversationRecord>(
        "SELECT id, kind, members, synced_seq, sent_counter, sent_hash FROM conversations", [](Query&) {},
        read_conversation);
  }

  void put_sender_chain(const SenderChainRecord& chain) override {
    write("INSERT OR REPLACE INTO sender_chains(conversation, device, counter, hash) VALUES(?, ?, ?, ?)",
          [&](Query& q) { q.bind(chain.conversation, chain.device, chain.counter, chain.hash); });
  }
  std::optional<SenderChainRecord> sender_chain(ConversationId conversation, DeviceId device) override {
    return first<SenderChainRecord>(
        "SELECT counter, hash FROM sender_chains WHERE conversation = ? AND device = ?",
        [&](Query& q) { q.bind(conversation, device); },
        [&](const Query& q) {
          return SenderChainRecord{conversation, device, q.unsigned_integer(0), q.bytes(1)};
        });
  }

  void put_message(const MessageRecord& message) override {
    write(
        "INSERT INTO messages(id, conversation, position, sender, device, own, unread, read_reported, "
        "time_ms, kind, "
        "state, text, failure, reply_to, details, transfer, local_path) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) "
        "ON CONFLICT(id) DO UPDATE SET conversation = ?2, position = ?3, sender = ?4, device = ?5, own = ?6, "
        "unread = ?7, read_reported = ?8, time_ms = ?9, kind = ?10, state = ?11, text = ?12, failure = ?13, "
        "reply_to = ?14, details = ?15, transfer = ?16, local_path = ?17",
        [&](Query& q) {
          q.bind(message.id, message.conversation, message.position, message.sender, message.device,
                 message.own, message.unread, message.read_reported, message.time_ms, number(message.kind),
                 number(message.state), message.text, message.failure, message.reply_to, message.details,
                 message.transfer, message.local_path);
        });
  }
  std::optional<MessageRecord> message(MessageId id) override {
    return first<MessageRecord>(
        "SELECT id, conversation, position, sender, device, own, unread, read_reported, time_ms, kind, "
        "state, text, "
        "failure, reply_to, details, transfer, local_path FROM messages WHERE id = ?",
        [&](Query& q) { q.bind(id); }, read_message);
  }
  std::vector<MessageRecord> history(ConversationId conversation, std::uint64_t before, int limit) override {
    auto newest_first = all<MessageRecord>(
        "SELECT id, conversation, position, sender, device, own, unread, read_reported, time_ms, kind, "
        "state, text, "
        "failure, reply_to, details, transfer, local_path FROM messages "
        "WHERE conversation = ? AND position < ? ORDER BY position DESC LIMIT ?",
        [&](Query& q) { q.bind(conversation, before, number(limit)); }, read_message);
    return {newest_first.rbegin(), newest_first.rend()};
  }
  std::optional<MessageRecord> newest_message(ConversationId conversation) override {
    return first<MessageRecord>(
        "SELECT id, conversation, position, sender, device, own, unread, read_reported, time_ms, kind, "
        "state, text, "
        "failure, reply_to, details, transfer, local_path FROM messages "
        "WHERE conversation = ? ORDER BY position DESC LIMIT 1",
        [&](Query& q) { q.bind(conversation); }, read_message);
  }
  std::uint64_t unread_count(ConversationId conversation) override {
    return first<std::uint64_t>(
               "SELECT count(*) FROM messages WHERE conversation = ? AND unread = 1",
               [&](Query& q) { q.bind(conversation); }, [](const Query& q) { return q.unsigned_integer(0); })
        .value_or(0);
  }
  std::vector<MessageRecord> unread(ConversationId conversation, std::uint64_t position, int limit) override {
    return all<MessageRecord>(
        "SELECT id, conversation, position, sender, device, own, unread, read_reported, time_ms, kind, "
        "state, text, "
        "failure, reply_to, details, transfer, local_path FROM messages "
        "WHERE conversation = ? AND position <= ? AND unread = 1 ORDER BY position LIMIT ?",
        [&](Query& q) { q.bind(conversation, position, number(limit)); }, read_message);
  }
  std::uint64_t highest_position(ConversationId conversation, std::uint64_t before) override {
    return first<std::uint64_t>(
               "SELECT position FROM messages WHERE conversation = ? AND position < ? ORDER BY position DESC "
               "LIMIT 1",
               [&](Query& q) { q.bind(conversation, before); },
               [](const Query& q) { return q.unsigned_integer(0); })
        .value_or(0);
  }
  std::vector<MessageRecord> messages_in_state(int kind, int state) override {
    return all<MessageRecord>(
        "SELECT id, conversation, position, sender, device, own, unread, read_reported, time_ms, kind, "
        "state, text, "
        "failure, reply_to, details, transfer, local_path FROM messages WHERE kind = ? AND state = ? ORDER "
        "BY row",
        [&](Query& q) { q.bind(number(kind), number(state)); }, read_message);
  }

  std::uint64_t put_outbox(const OutboxRecord& row) override {
    if (row.row == 0) {
      write(
          "INSERT INTO outbox(conversation, message, kind, content, queued_ms, counter, previous) "
          "VALUES(?, ?, ?, ?, ?, ?, ?)",
          [&](Query& q) {
            q.bind(row.conversation, row.message, number(row.kind), row.content, row.queued_ms, row.counter,
                   row.previous);
          });
      return static_cast<std::uint64_t>(db_.last_rowid());
    }
    write(
        "UPDATE outbox SET conversation = ?, message = ?, kind = ?, content = ?, queued_ms = ?, counter = ?, "
        "previous = ? WHERE row = ?",
        [&](Query& q) {
          q.bind(row.conversation, row.message, number(row.kind), row.content, row.queued_ms, row.counter,
                 row.previous, row.row);
        });
    return row.row;
  }
  void remove_outbox(std::uint64_t row) override {
    write("DELETE FROM outbox WHERE row = ?", [&](Query& q) { q.bind(row); });
  }
  std::vector<OutboxRecord> outbox(ConversationId conversation, int limit) override {
    return all<OutboxRecord>(
        "SELECT row, conversation, message, kind, content, queued_ms, counter, previous FROM outbox "
        "WHERE conversation = ? ORDER BY row LIMIT ?",
        [&](Query& q) { q.bind(conversation, number(limit)); }, read_outbox);
  }
  std::optional<OutboxRecord> outbox_of_message(MessageId message) override {
    return first<OutboxRecord>(
        "SELECT row, conversation, message, kind, content, queued_ms, counter, previous FROM outbox WHERE "
        "message = ?",
        [&](Query& q) { q.bind(message); }, read_outbox);
  }
  std::vector<ConversationId> conversations_with_outbox() override {
    return all<ConversationId>(
        "SELECT DISTINCT conversation FROM outbox", [](Query&) {},
        [](const Query& q) { return q.id<ConversationId>(0); });
  }

  void put_transfer(const TransferRecord& t) override {
    write(
        "INSERT OR REPLACE INTO transfers(id, message, conversation, direction, state, blob, key, size, "
        "chunks, "
        "sha256, path, temporary, folder, name, stamp_modified_ns, stamp_identity, failure) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [&](Query& q) {
          q.bind(t.id, t.message, t.conversation, number(t.direction), number(t.state), t.blob, t.key, t.size,
                 t.chunks, t.sha256, t.path, t.temporary, t.folder, t.name, t.stamp_modified_ns,
                 t.stamp_identity, t.failure);
        });
  }
  std::optional<TransferRecord> transfer(TransferId id) override {
    return first<TransferRecord>(
        "SELECT id, message, conversation, direction, state, blob, key, size, chunks, sha256, path, "
        "temporary, folder, "
        "name, stamp_modified_ns, stamp_identity, failure FROM transfers WHERE id = ?",
        [&](Query& q) { q.bind(id); }, read_transfer);
  }
  std::vector<TransferRecord> transfers_in_state(int state) override {
    return all<TransferRecord>(
        "SELECT id, message, conversation, direction, state, blob, key, size, chunks, sha256, path, "
        "temporary, folder, "
        "name, stamp_modified_ns, stamp_identity, failure FROM transfers WHERE state = ?",
        [&](Query& q) { q.bind(number(state)); }, read_transfer);
  }

  void clear() override {
    const bool own = !in_transaction_;
    if (own) begin();
    static constexpr const char* kStatements[] = {"DELETE FROM settings",      "DELETE FROM users",
                                                  "DELETE FROM devices",       "DELETE FROM conversations",
                                                  "DELETE FROM sender_chains", "DELETE FROM messages",
                                                  "DELETE FROM outbox",        "DELETE FROM transfers"};
    for (const char* statement : kStatements) write(statement, [](Query&) {});
    if (own) (void)commit();
  }

  Status problem() const override { return problem_; }

 private:
  void begin() override {
    in_transaction_ = true;
    failed_ = ok_status();
    if (Status begun = db_.execute("BEGIN IMMEDIATE"); !begun) keep(std::move(begun).error());
  }
  Status commit() override {
    if (failed_) {
      if (db_.outside_transaction()) {
        keep(fail(ErrorCode::storage, "The disk is full."));
      } else if (Status done = db_.execute("COMMIT"); !done) {
        keep(std::move(done).error());
      }
    }
    Status result = failed_;
    if (!result) rollback();
    in_transaction_ = false;
    failed_ = ok_status();
    problem_ = result;
    return result;
  }
  void rollback() override {
    if (!db_.outside_transaction()) (void)db_.execute("ROLLBACK");
    in_transaction_ = false;
    failed_ = ok_status();
  }

  void keep(Error error) {
    problem_ = error;
    if (in_transaction_ && failed_) failed_ = std::move(error);
  }

  template <class Bind>
  void write(const char* sql, Bind&& bind) {
    if (in_transaction_ && !failed_) return;
    Query query(db_, sql);
    bind(query);
    if (Status done = query.run(); !done) {
      keep(std::move(done).error());
    } else if (!in_transaction_) {
      problem_ = ok_status();
    }
  }
  template <class T, class Bind, class Read>
  std::optional<T> first(const char* sql, Bind&& bind, Read&& read) {
    if (in_transaction_ && !failed_) return std::nullopt;
    Query query(db_, sql);
    bind(query);
    const Result<bool> row = query.next();
    if (!row) {
      keep(row.error());
      return std::nullopt;
    }
    if (!in_transaction_) problem_ = ok_status();
    if (!*row) return std::nullopt;
    return read(query);
  }
  template <class T, class Bind, class Read>
  std::vector<T> all(const char* sql, Bind&& bind, Read&& read) {
    std::vector<T> out;
    if (in_transaction_ && !failed_) return out;
    Query query(db_, sql);
    bind(query);
    while (true) {
      const Result<bool> row = query.next();
      if (!row) {
        keep(row.error());
        out.clear();
        return out;
      }
      if (!*row) break;
      out.push_back(read(query));
    }
    if (!in_transaction_) problem_ = ok_status();
    return out;
  }

  std::optional<SealingVfs> vfs_;  // outlives the connection
  Database db_;
  bool in_transaction_ = false;
  Status failed_ = ok_status();   // of the open transaction
  Status problem_ = ok_status();  // of the newest access
};

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<ClientStore>> open_sqlite_client_store(const std::string& path,
                                                              const SecretBytes* key) {
  auto store = std::make_unique<sqlite::SqliteClientStore>();
  if (Status opened = store->open(path, key); !opened)
    return std::move(opened).error().with("opening the profile");
  return std::unique_ptr<ClientStore>(std::move(store));
}

}  // namespace sotto::store
