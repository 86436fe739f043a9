#include "sqlite/server_inbox.hpp"

namespace sotto::store::sqlite {

Status Inbox::load() {
  Query query(db_, "SELECT id, log_id, device, message, time_ms, length(payload) FROM inbox ORDER BY id");
  while (true) {
    const Result<bool> row = query.next();
    if (!row) return row.error();
    if (!*row) break;
    remember(query.integer(0), query.integer(1), query.integer(2), query.id<MessageId>(3), query.time(4),
             static_cast<std::size_t>(query.integer(5)));
  }
  begin();
  return ok_status();
}

void Inbox::remember(std::int64_t row, std::int64_t log_id, std::int64_t device, MessageId message, WallTime time,
                     std::size_t size) {
  const Key key{log_id >> 32, device, message};
  rows_.emplace(log_id, row);
  messages_.emplace(key, Place{log_id, time});
  bytes_ += size;
  added_.push_back({log_id, key, size});
}

std::optional<Inbox::Place> Inbox::find(std::int64_t conversation, std::int64_t device, MessageId message) const {
  const auto found = messages_.find(Key{conversation, device, message});
  if (found == messages_.end()) return std::nullopt;
  return found->second;
}

Status Inbox::add(std::int64_t log_id, std::int64_t device, MessageId message, WallTime time,
                  std::string_view payload) {
  Query insert(db_, "INSERT INTO inbox(log_id, device, message, time_ms, payload) VALUES(?, ?, ?, ?, ?)");
  if (Status done = insert.bind(log_id, device, message, time, as_bytes(payload)).run(); !done) return done;
  remember(db_.last_rowid(), log_id, device, message, time, payload.size());
  return ok_status();
}

std::vector<std::pair<std::int64_t, std::int64_t>> Inbox::between(std::int64_t first, std::int64_t last) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (auto at = rows_.lower_bound(first); at != rows_.end() && at->first <= last; ++at) found.push_back(*at);
  return found;
}

void Inbox::begin() {
  added_.clear();
  part_ = 0;
}

void Inbox::undo_to(std::size_t count) {
  while (added_.size() > count) {
    const Added& last = added_.back();
    rows_.erase(last.log_id);
    messages_.erase(last.key);
    bytes_ -= last.size;
    added_.pop_back();
  }
}

Status Inbox::move_to_log() {
  {
    // In the log's order, so that each of its pages is visited once.
    Query move(db_,
               "INSERT INTO log(id, device, message, time_ms, payload)"
               " SELECT log_id, device, message, time_ms,"
               "  CASE WHEN (log_id & 0xffffffff) <= pruned_seq THEN x'' ELSE payload END"
               " FROM inbox JOIN conversations ON conversations.id = log_id >> 32 ORDER BY log_id");
    if (Status done = move.run(); !done) return done;
  }
  return Query(db_, "DELETE FROM inbox").run();
}

void Inbox::moved() {
  rows_.clear();
  messages_.clear();
  bytes_ = 0;
  move_at_ = kMoveAt;
  due_ = false;
  begin();
}

void Inbox::postpone() {
  move_at_ = rows_.size() + kMoveAt;
  due_ = false;
}

}  // namespace sotto::store::sqlite
