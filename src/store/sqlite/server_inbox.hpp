// Where entries of the log go first: packed, one row a transaction, and moved into the log many at a time.
//
// Written one by one, the entries of a hundred conversations dirty a hundred leaves of the log, a hundred of
// its index and a hundred rows of conversations. Packed together they cost one INSERT for all that share a
// commit; and when they are moved, the oldest transactions first, most are not written at all, because
// everyone has them by then, and what remains to know them again (server_sent.hpp) is one row a conversation.
// So a conversation's entries here are always newer than those in the log, and conversations.last_seq is
// behind until they are moved: ask newest().
//
// What the table holds is also in memory (at most kMaxBytes and a transaction), by conversation. Memory
// follows the transaction: begin(), begin_part(), undo_part() and rollback() mirror the store's. One process
// appends; others may write the rest.
//
// A row is a sequence of entries: log id, device's row, time (8 bytes each), message id (16), length of the
// payload (4), payload; numbers big-endian.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sotto/base/ids.hpp"
#include "sqlite/database.hpp"
#include "sqlite/server_sent.hpp"

namespace sotto::store::sqlite {

class Inbox {
 public:
  // Valid until something is added, undone or moved.
  struct Entry {
    std::int64_t log_id = 0;
    std::int64_t device = 0;
    WallTime time;
    MessageId message;
    ByteView payload;
  };

  explicit Inbox(Database& db) : db_(db) {}
  Status load();  // what the last run left

  // The newest entry's number; `recorded` is what the conversation's row says.
  std::int64_t newest(std::int64_t conversation, std::int64_t recorded) const;
  // The same where the row was not read yet. not_found: no such conversation.
  Result<std::int64_t> newest(std::int64_t conversation);
  std::optional<Entry> find(std::int64_t conversation, std::int64_t seq) const;
  // Entries with a sequence number above `after`, oldest first.
  std::vector<Entry> after(std::int64_t conversation, std::int64_t after) const;

  // The conversation's next entry: `seq` is newest() + 1.
  void add(std::int64_t conversation, std::int64_t seq, std::int64_t device, MessageId message, WallTime time,
           std::string_view payload);
  // Writes this transaction's entries; before its commit.
  Status write();
  // Brings conversations.last_seq up to date within this transaction, for statements that look at it.
  Status record_newest();

  void begin();
  void begin_part() { part_ = added_.size(); }
  void undo_part() { undo_to(part_); }
  void rollback() { undo_to(0); }

  // To be asked after each commit. Moving needs a transaction of its own; after its commit: moved(), and if
  // it fails, postpone(). Only who appends moves: another process would take the entries away from the memory
  // of the one that does.
  bool is_due() const { return all_due_ || (appends_ && (count_ >= move_at_ || bytes_ >= kMaxBytes)); }
  bool empty() const { return count_ == 0; }
  void make_all_due() { all_due_ = !empty(); }
  Status move_to_log();
  void moved();
  void postpone();

 private:
  // Chosen: an entry stays for a second at 8,000 a second, in which most are acknowledged; moving takes 10
  // ms.
  static constexpr std::size_t kMoveAt = 12288;
  static constexpr std::size_t kMoveAtOnce = 4096;
  static constexpr std::size_t kMaxBytes = 16U << 20;
  static constexpr std::size_t kRowBytes = 1U << 20;  // then another row
  static constexpr std::size_t kHeaderBytes = 44;

  struct Batch {
    std::int64_t row = 0;
    std::size_t entries = 0;
    Bytes packed;
    bool written = false;  // or undone with its transaction
  };
  struct Place {
    const Batch* batch;
    std::uint32_t offset;
  };
  // A conversation with entries here, whose numbers are consecutive.
  struct Talk {
    std::int64_t newest = 0;
    std::vector<Place> entries;
    std::int64_t oldest() const { return newest - static_cast<std::int64_t>(entries.size()) + 1; }
  };
  static Entry entry_at(const Batch& batch, std::size_t offset);
  Status load_row(std::int64_t row, Bytes packed);
  void remember(const Batch& batch, std::size_t offset);
  Status move(std::int64_t conversation, const Talk& talk, std::size_t count, SentWriter& sent);
  void undo_to(std::size_t count);

  Database& db_;
  std::unordered_map<std::int64_t, Talk> talks_;  // by the conversation's row
  std::deque<std::unique_ptr<Batch>> batches_;    // oldest first; by pointer because places point to them
  std::int64_t next_row_ = 1;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t move_at_ = kMoveAt;
  bool all_due_ = false;
  bool appends_ = false;  // this process does
  // Between move_to_log() and moved(): the oldest batches, and how many entries of each conversation they
  // have.
  std::size_t moving_ = 0;
  std::map<std::int64_t, std::size_t> moving_entries_;
  std::vector<std::int64_t> added_;  // conversations of this transaction's entries
  std::size_t part_ = 0;             // added_.size() before this part
};

}  // namespace sotto::store::sqlite
