// Where entries of the log go first: one table in order of arrival, moved into the log many at a time.
//
// Written one by one, the entries of a hundred conversations dirty a hundred leaves of the log and a hundred of
// its index, each written out whole for one short message. In order of arrival a dozen share a page; and when
// they are moved, the oldest first, a conversation's entries go together, most of them without content because
// everyone has them by then. So a conversation's entries here are always newer than those in the log.
//
// What the table holds is also known in memory (some 200 bytes each, at most kKeep and a batch): by its place
// in the log, for fetch(), and by message, for repeated requests. Memory follows the transaction: begin(),
// begin_part(), undo_part() and rollback() mirror the store's. One process appends; others may write the rest.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sotto/base/ids.hpp"
#include "sqlite/database.hpp"

namespace sotto::store::sqlite {

class Inbox {
 public:
  struct Place {
    std::int64_t log_id = 0;
    WallTime time;
  };

  explicit Inbox(Database& db) : db_(db) {}
  Status load();  // what the last run left

  std::optional<Place> find(std::int64_t conversation, std::int64_t device, MessageId message) const;
  Status add(std::int64_t log_id, std::int64_t device, MessageId message, WallTime time, std::string_view payload);
  // Row ids of the entries with first <= log id <= last, in this order.
  std::vector<std::pair<std::int64_t, std::int64_t>> between(std::int64_t first, std::int64_t last) const;

  void begin();
  void begin_part() { part_ = order_.size(); }
  void undo_part() { undo_to(part_); }
  void rollback() { undo_to(before_); }

  // To be asked after each commit. Moving needs a transaction of its own; after its commit: moved(), and if it
  // fails, postpone().
  bool is_due() const { return all_due_ || order_.size() >= move_at_ || bytes_ >= kMaxBytes; }
  bool empty() const { return order_.empty(); }
  void make_all_due() { all_due_ = !order_.empty(); }
  Status move_to_log();
  void moved();
  void postpone();

 private:
  // Chosen: an entry stays for a second at 8,000 a second, in which most are acknowledged; moving takes 5 ms.
  static constexpr std::size_t kKeep = 8192;
  static constexpr std::size_t kMoveAtOnce = 1024;
  static constexpr std::size_t kMaxBytes = 16U << 20;
  struct Key {
    std::int64_t conversation;
    std::int64_t device;
    MessageId message;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      // The message id is random, but its sender's choice: mixed with what it cannot choose.
      return std::hash<MessageId>()(key.message) ^ static_cast<std::size_t>(key.device * 0x9e3779b97f4a7c15);
    }
  };
  void remember(std::int64_t row, std::int64_t log_id, std::int64_t device, MessageId message, WallTime time,
                std::size_t size);
  void undo_to(std::size_t count);

  Database& db_;
  std::map<std::int64_t, std::int64_t> rows_;  // log id to row id
  std::unordered_map<Key, Place, KeyHash> messages_;
  struct Entry {
    std::int64_t row;
    std::int64_t log_id;
    Key key;
    std::size_t size;
  };
  std::deque<Entry> order_;  // oldest first
  std::size_t bytes_ = 0;
  std::size_t move_at_ = kKeep;
  bool all_due_ = false;
  std::size_t moving_ = 0;   // the oldest entries, between move_to_log() and moved()
  std::size_t before_ = 0;   // order_.size() before this transaction
  std::size_t part_ = 0;     // and before this part
};

}  // namespace sotto::store::sqlite
