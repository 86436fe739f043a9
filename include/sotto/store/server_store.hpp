// What the server keeps: repositories of records and the transaction around them.
//
//   store.begin(Access::write);
//   auto appended = store.log().append(conversation, device, message, payload, now);
//   store.commit();                              // durable when it returns ok
//
// The server does not call this directly but queues StoreTasks (store_task.hpp), many of which share one
// transaction. Everything is synchronous and may block on the disk.
// Errors: not_found, conflict, denied as the functions say; storage when the disk is full or failing. After a
// failing disk (not: a full one) has_failed() stays true and every later write fails with storage.
// Thread: one, the storage thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"

namespace sotto::store {

struct Identity {
  Bytes key;          // Ed25519, 32 bytes
  Bytes certificate;  // DER, issued by the server's CA
  friend bool operator==(const Identity&, const Identity&) = default;
};

struct Account {
  UserId user;
  std::string username;
  std::string display_name;
  std::string password_hash;  // PHC string
  bool administrator = false;
  Identity identity;  // the present one; earlier ones stay in the store
  WallTime created;
  friend bool operator==(const Account&, const Account&) = default;
};

struct Device {
  DeviceId device;
  UserId user;
  std::string name;
  Bytes certificate;  // DER
  Bytes sealing_key;
  Bytes sealing_signature;
  WallTime enrolled;
  WallTime last_seen;
  bool revoked = false;
  friend bool operator==(const Device&, const Device&) = default;
};

struct Invite {
  Bytes token_hash;  // SHA-256 of the token, which itself is stored nowhere
  std::uint32_t uses_left = 1;
  WallTime expires;
  friend bool operator==(const Invite&, const Invite&) = default;
};

struct Conversation {
  ConversationId conversation;
  std::vector<UserId> members;  // in the order of their bytes
  std::uint64_t last_seq = 0;
  std::uint64_t acked_seq = 0;  // of the device that asked; 0 where none asked
  friend bool operator==(const Conversation&, const Conversation&) = default;
};

struct LogEntry {
  std::uint64_t seq = 0;
  UserId sender_user;
  DeviceId sender_device;
  WallTime time;
  MessageId message;
  std::string payload;
  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};
struct Appended {
  std::uint64_t seq = 0;
  WallTime time;
  bool repeated = false;  // this message was in the log before; nothing was added
};
struct LogPage {
  std::vector<LogEntry> entries;
  bool more = false;
};

struct Blob {
  BlobId blob;
  ConversationId conversation;
  UserId uploader;
  std::uint64_t size = 0;  // bytes known to be on the disk
  bool complete = false;
  WallTime created;
  friend bool operator==(const Blob&, const Blob&) = default;
};

class AccountRepository {
 public:
  virtual ~AccountRepository() = default;
  // conflict: the user name is taken.
  virtual Status add(const Account& account) = 0;
  virtual Result<Account> by_user(UserId user) = 0;
  virtual Result<Account> by_username(std::string_view username) = 0;
  virtual Result<std::uint64_t> count() = 0;
  virtual Status set_password_hash(UserId user, std::string_view phc) = 0;
  virtual Status set_identity(UserId user, const Identity& identity, WallTime now) = 0;
};

class DeviceRepository {
 public:
  virtual ~DeviceRepository() = default;
  // conflict: the id was used before. Entries that exist count as acknowledged by the new device, which
  // could not open them anyway: they were sealed for others.
  virtual Status add(const Device& device) = 0;
  virtual Result<Device> by_device(DeviceId device) = 0;         // revoked ones too
  virtual Result<std::vector<Device>> of_user(UserId user) = 0;  // not the revoked ones
  virtual Status revoke(DeviceId device, WallTime now) = 0;
  virtual Status set_last_seen(DeviceId device, WallTime when) = 0;
  virtual Status set_certificate(DeviceId device, ByteView certificate) = 0;
};

class InviteRepository {
 public:
  virtual ~InviteRepository() = default;
  virtual Status add(const Invite& invite, WallTime now) = 0;
  // denied, with the sentence for the user: unknown, used up or expired.
  virtual Status check(ByteView token_hash, WallTime now) = 0;
  virtual Status use(ByteView token_hash, WallTime now) = 0;  // check() and count down
};

class ConversationRepository {
 public:
  virtual ~ConversationRepository() = default;
  // The conversation of these two, made under the id `fresh` if there was none. not_found: no such user.
  virtual Result<Conversation> open_direct(UserId a, UserId b, ConversationId fresh, WallTime now) = 0;
  virtual Result<Conversation> get(ConversationId conversation) = 0;
  virtual Result<std::vector<Conversation>> of_user(UserId user, DeviceId device) = 0;
  // Everyone who shares a conversation with `user`, each once, without `user`.
  virtual Result<std::vector<UserId>> contacts(UserId user) = 0;
};

class LogRepository {
 public:
  virtual ~LogRepository() = default;
  // The next sequence number of the conversation, starting with 1; (conversation, device, message) is unique
  // among the entries that were not forgotten, or at least among the newest 131,072 of the conversation.
  virtual Result<Appended> append(ConversationId conversation, DeviceId device, MessageId message,
                                  std::string_view payload, WallTime now) = 0;
  // Entries with seq > after, oldest first, at most `limit` and, past the first, `max_bytes` of payload.
  virtual Result<LogPage> fetch(ConversationId conversation, std::uint64_t after, std::uint32_t limit,
                                std::size_t max_bytes) = 0;
  // Only forward; beyond the last entry counts as the last entry.
  virtual Status ack(ConversationId conversation, DeviceId device, std::uint64_t seq) = 0;
  // Drops entries that every device of every member acknowledged. What is left of them answers a late
  // repetition of their AppendRequest.
  virtual Status prune(ConversationId conversation) = 0;
  // Removes what prune() left and is older than `before`, a bounded number of rows per call; up to a thousand
  // entries share a row and go together. True: call again.
  virtual Result<bool> forget(WallTime before) = 0;
};

class BlobRepository {
 public:
  virtual ~BlobRepository() = default;
  virtual Status add(const Blob& blob) = 0;  // conflict: the id is taken
  virtual Result<Blob> get(BlobId blob) = 0;
  virtual Status set_size(BlobId blob, std::uint64_t size, bool complete) = 0;
  // `user` needs it no more. True: nobody does, remove it.
  virtual Result<bool> release(BlobId blob, UserId user) = 0;
  virtual Status remove(BlobId blob) = 0;
  virtual Result<std::uint64_t> bytes_of(UserId uploader) = 0;
  virtual Result<std::vector<Blob>> older_than(WallTime before, std::uint32_t limit) = 0;
};

enum class Access : std::uint8_t { read, write };

class ServerStore {
 public:
  virtual ~ServerStore() = default;

  virtual Status begin(Access access) = 0;
  virtual Status commit() = 0;  // on failure the transaction is rolled back
  virtual void rollback() = 0;
  // One part of a transaction that can be undone alone; not nested.
  virtual Status begin_part() = 0;
  virtual Status end_part() = 0;
  virtual void undo_part() = 0;

  virtual AccountRepository& accounts() = 0;
  virtual DeviceRepository& devices() = 0;
  virtual InviteRepository& invites() = 0;
  virtual ConversationRepository& conversations() = 0;
  virtual LogRepository& log() = 0;
  virtual BlobRepository& blobs() = 0;

  // The disk reported an error: stop, and let a restart recover.
  virtual bool has_failed() const = 0;
};

// Sentences that more than one back end says.
inline constexpr std::string_view kInviteUnknown = "This invite code is not valid.";
inline constexpr std::string_view kInviteUsed = "This invite code was already used.";
inline constexpr std::string_view kInviteExpired = "This invite code has expired.";
inline constexpr std::string_view kNameTaken = "That user name is taken.";

}  // namespace sotto::store
