#include "sqlite/server_inbox.hpp"

#include <algorithm>

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
  order_.push_back({row, log_id, key, size});
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
  before_ = order_.size();
  part_ = before_;
}

void Inbox::undo_to(std::size_t count) {
  while (order_.size() > count) {
    const Entry& last = order_.back();
    rows_.erase(last.log_id);
    messages_.erase(last.key);
    bytes_ -= last.size;
    order_.pop_back();
  }
}

Status Inbox::move_to_log() {
  const bool all = all_due_ || bytes_ >= kMaxBytes;
  moving_ = all ? order_.size() : std::min(order_.size(), kMoveAtOnce);
  if (moving_ == 0) return ok_status();
  const std::int64_t upto = order_[moving_ - 1].row;
  {
    // In the log's order, so that each of its pages is visited once.
    Query move(db_,
               "INSERT INTO log(id, device, message, time_ms, payload)"
               " SELECT log_id, device, message, time_ms,"
               "  CASE WHEN (log_id & 0xffffffff) <= pruned_seq THEN x'' ELSE payload END"
               " FROM inbox JOIN conversations ON conversations.id = log_id >> 32"
               " WHERE inbox.id <= ? ORDER BY log_id");
    if (Status done = move.bind(upto).run(); !done) return done;
  }
  Query drop(db_, "DELETE FROM inbox WHERE id <= ?");
  return drop.bind(upto).run();
}

void Inbox::moved() {
  for (; moving_ > 0; --moving_) {
    const Entry& oldest = order_.front();
    rows_.erase(oldest.log_id);
    messages_.erase(oldest.key);
    bytes_ -= oldest.size;
    order_.pop_front();
  }
  move_at_ = kKeep;
  all_due_ = false;
  begin();
}

void Inbox::postpone() {
  moving_ = 0;
  move_at_ = order_.size() + kMoveAtOnce;
  all_due_ = false;
}

}  // namespace sotto::store::sqlite
