// What was sent, to know a repeated message again after its entry has left the inbox: entries without their
// content, packed.
//
//   SentWriter writer(db);  writer.add(log_id, entry) for each, in ascending order;  writer.finish();
//   find_sent(db, log_id);                      // one of them, or nothing
//   for_sent(db, conversation, at_least, f);    // a conversation's newest ones
//
// A row's id is the log id of its newest entry. Its entries have consecutive sequence numbers, so each one's
// follows from its place: message id (16), device's row (8), time (8), big-endian, oldest first. One row an
// entry, with an index to find a message by, cost almost a page an entry, because message ids are random.
//
// Errors: storage, also for a row that is damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "sotto/base/ids.hpp"
#include "sqlite/database.hpp"

namespace sotto::store::sqlite {

struct SentEntry {
  MessageId message;
  std::int64_t device = 0;
  WallTime time;
};

// Begins a new row where the conversation changes, numbers are missing, or the row is full.
class SentWriter {
 public:
  explicit SentWriter(Database& db) : db_(db) {}
  Status add(std::int64_t log_id, const SentEntry& entry);
  Status finish();

 private:
  static constexpr std::size_t kMaxRowBytes = 32U << 10;  // 1,024 entries; looking up one reads the row

  Database& db_;
  Bytes packed_;
  std::int64_t newest_id_ = 0;
  WallTime newest_time_;
};

Result<std::optional<SentEntry>> find_sent(Database& db, std::int64_t log_id);

// The newest rows first, within one from the oldest entry on, until `at_least` entries were told.
Status for_sent(Database& db, std::int64_t conversation, std::size_t at_least,
                const std::function<void(std::int64_t seq, const SentEntry& entry)>& tell);

}  // namespace sotto::store::sqlite
