// Where entries of the log go first: one table in order of arrival, moved into the log many at a time.
//
// Written one by one, the entries of a hundred conversations dirty a hundred leaves of the log and a hundred of
// its index, each written out whole for one short message. In order of arrival a dozen share a page; and when
// they are moved, a conversation's entries go together, most of them without content because everyone has them.
//
// What the table holds is also known in memory (some 200 bytes each, at most kMoveAt and a batch): by its place
// in the log, for fetch(), and by message, for repeated requests. Memory follows the transaction: begin(),
// begin_part(), undo_part() and rollback() mirror the store's. One process appends; others may write the rest.
#pragma once

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
  void begin_part() { part_ = added_.size(); }
  void undo_part() { undo_to(part_); }
  void rollback() { undo_to(0); }

  // To be asked after each commit. Moving needs a transaction of its own; after its commit: moved(), and if it
  // fails, postpone().
  bool is_due() const { return due_ || rows_.size() >= move_at_ || bytes_ >= kMaxBytes; }
  void make_due() { due_ = !rows_.empty(); }
  Status move_to_log();
  void moved();
  void postpone();

 private:
  // Chosen: 10 ms of work at a time, and some 20 entries for each of 100 busy conversations.
  static constexpr std::size_t kMoveAt = 2048;
  static constexpr std::size_t kMaxBytes = 8U << 20;
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
  std::size_t bytes_ = 0;
  std::size_t move_at_ = kMoveAt;
  bool due_ = false;
  struct Added {
    std::int64_t log_id;
    Key key;
    std::size_t size;
  };
  std::vector<Added> added_;  // in this transaction
  std::size_t part_ = 0;      // how many of them before this part
};

}  // namespace sotto::store::sqlite
