// What a client keeps: account, pinned identities, conversations, messages, outbox, transfers, cursors.
//
// Synchronous, on the client core's thread. Whatever must survive together is written in one Transaction:
//
//   Transaction tx(store);
//   store.put_message(message);
//   store.put_conversation(conversation);           // with the advanced cursor
//   if (Status done = tx.commit(); !done) ...       // storage: nothing of it happened
//
// The first failure inside a transaction sticks: later writes do nothing, reads find nothing, and commit()
// reports it and rolls back. So code reads straight through and asks once. A write outside of a transaction
// is one of its own. A failed read outside of a transaction finds nothing; problem() then tells why. Ids are
// unique; put_* replaces a record with the same id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"

namespace sotto::store {

// A person, and the identity key pinned for them.
struct UserRecord {
  UserId id;
  std::string username;
  std::string display_name;
  Bytes identity_key;  // Ed25519 public key; empty: not pinned yet
  Bytes identity_certificate;
  bool verified = false;          // the safety number was compared
  bool identity_changed = false;  // after it had been verified; sending is held
};

// A device whose chain was verified down from the pinned identity.
struct ClientDeviceRecord {
  DeviceId id;
  UserId user;
  std::string name;
  Bytes device_key;    // Ed25519 public key: checks what it signs
  Bytes sealing_key;   // X25519 public key: seals what is for it
  bool active = true;  // false: revoked or replaced; kept for checking old messages
  std::int64_t last_seen_ms = 0;
};

struct ClientConversationRecord {
  ConversationId id;
  int kind = 0;  // 0 direct, 1 room
  std::vector<UserId> members;
  std::uint64_t synced_seq = 0;    // everything up to here is stored
  std::uint64_t sent_counter = 0;  // of this device's newest accepted message
  Bytes sent_hash;                 // its hash, empty before the first
};

// What was last accepted from a device in a conversation.
struct SenderChainRecord {
  ConversationId conversation;
  DeviceId device;
  std::uint64_t counter = 0;
  Bytes hash;
};

struct MessageRecord {
  MessageId id;
  ConversationId conversation;
  UserId sender;
  DeviceId device;
  bool own = false;
  bool unread = false;         // incoming and not yet seen by the user
  bool read_reported = false;  // incoming: the read receipt is stored in the outbox
  std::int64_t time_ms = 0;
  // Place in the conversation. Sent: seq << 20; what happened only here (events, calls) in between; not yet
  // sent: kUnsentPosition + a running number.
  std::uint64_t position = 0;
  int kind = 0;   // client::MessageKind
  int state = 0;  // client::MessageState
  std::string text;
  std::string failure;
  MessageId reply_to;
  Bytes details;  // kind file: serialised proto::File (with its key); call: the summary
  TransferId transfer;
  std::string local_path;
};
inline constexpr int kPositionShift = 20;
inline constexpr std::uint64_t kUnsentPosition = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kAllPositions = (std::uint64_t{1} << 63) - 1;  // above every position

// One sealed-to-be content on its way to the server. Rows of one conversation go out in order, one at a time.
struct OutboxRecord {
  std::uint64_t row = 0;  // 0 when new; ascending
  ConversationId conversation;
  MessageId message;
  int kind = 0;   // client-defined: message, receipt, call signal
  Bytes content;  // serialised proto::Content
  std::int64_t queued_ms = 0;
  // Fixed at the first attempt, so that every later one sends the same.
  std::uint64_t counter = 0;
  Bytes previous;
};

struct TransferRecord {
  TransferId id;
  MessageId message;
  ConversationId conversation;
  int direction = 0;  // client::TransferDirection
  int state = 0;      // client::TransferState
  BlobId blob;
  Bytes key;
  std::uint64_t size = 0;              // of the plain file
  std::uint64_t chunks = 0;            // up: accepted by the server; down: verified and written
  Bytes sha256;                        // down: expected
  std::string path;                    // up: source; down: final path once done
  std::string temporary;               // down
  std::string folder;                  // down: where it will lie
  std::string name;                    // down: the name it will get; up: as announced
  std::int64_t stamp_modified_ns = 0;  // up: the source as it was at the start
  std::uint64_t stamp_identity = 0;
  std::string failure;
};

class ClientStore {
 public:
  virtual ~ClientStore() = default;

  // Small settings and the account's own records, by name.
  virtual void put_value(std::string_view name, ByteView value) = 0;
  virtual std::optional<Bytes> value(std::string_view name) = 0;
  virtual void remove_value(std::string_view name) = 0;

  virtual void put_user(const UserRecord& user) = 0;
  virtual std::optional<UserRecord> user(UserId id) = 0;
  virtual std::optional<UserRecord> user_by_name(std::string_view username) = 0;
  virtual std::vector<UserRecord> users() = 0;

  virtual void put_device(const ClientDeviceRecord& device) = 0;
  virtual std::optional<ClientDeviceRecord> device(DeviceId id) = 0;
  virtual std::vector<ClientDeviceRecord> devices_of(UserId user) = 0;

  virtual void put_conversation(const ClientConversationRecord& conversation) = 0;
  virtual std::optional<ClientConversationRecord> conversation(ConversationId id) = 0;
  virtual std::vector<ClientConversationRecord> conversations() = 0;

  virtual void put_sender_chain(const SenderChainRecord& chain) = 0;
  virtual std::optional<SenderChainRecord> sender_chain(ConversationId conversation, DeviceId device) = 0;

  virtual void put_message(const MessageRecord& message) = 0;
  virtual std::optional<MessageRecord> message(MessageId id) = 0;
  // The newest `limit` with a position below `before`, oldest first.
  virtual std::vector<MessageRecord> history(ConversationId conversation, std::uint64_t before,
                                             int limit) = 0;
  virtual std::optional<MessageRecord> newest_message(ConversationId conversation) = 0;
  virtual std::uint64_t unread_count(ConversationId conversation) = 0;
  // Incoming messages at or below `position` that are unread, oldest first, at most `limit`.
  virtual std::vector<MessageRecord> unread(ConversationId conversation, std::uint64_t position,
                                            int limit) = 0;
  // The highest position in use below `before`; 0 if there is none.
  virtual std::uint64_t highest_position(ConversationId conversation, std::uint64_t before) = 0;
  // Of one kind and state, all conversations: for putting things right at the start.
  virtual std::vector<MessageRecord> messages_in_state(int kind, int state) = 0;

  virtual std::uint64_t put_outbox(const OutboxRecord& row) = 0;  // the row number
  virtual void remove_outbox(std::uint64_t row) = 0;
  virtual std::vector<OutboxRecord> outbox(ConversationId conversation, int limit) = 0;  // in order
  virtual std::optional<OutboxRecord> outbox_of_message(MessageId message) = 0;
  virtual std::vector<ConversationId> conversations_with_outbox() = 0;

  virtual void put_transfer(const TransferRecord& transfer) = 0;
  virtual std::optional<TransferRecord> transfer(TransferId id) = 0;
  virtual std::vector<TransferRecord> transfers_in_state(int state) = 0;

  // Everything; after a logout or before another account moves in.
  virtual void clear() = 0;

  virtual Status problem() const = 0;  // of the newest failed read or write; ok again after a success

 private:
  friend class Transaction;
  virtual void begin() = 0;
  virtual Status commit() = 0;
  virtual void rollback() = 0;
};

// One at a time; rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(ClientStore& store);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  Status commit();

 private:
  ClientStore& store_;
  bool open_ = true;
};

}  // namespace sotto::store
