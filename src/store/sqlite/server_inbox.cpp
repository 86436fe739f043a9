#include "sqlite/server_inbox.hpp"

#include <algorithm>

#include "sqlite/server_log_id.hpp"

namespace sotto::store::sqlite {

Inbox::Entry Inbox::entry_at(const Batch& batch, std::size_t offset) {
  const std::uint8_t* at = batch.packed.data() + offset;
  Entry entry;
  entry.log_id = get<std::int64_t>(at);
  entry.device = get<std::int64_t>(at + 8);
  entry.time.ms = get<std::int64_t>(at + 16);
  std::copy_n(at + 24, MessageId::kSize, entry.message.mutable_bytes().begin());
  entry.payload = ByteView(at + kHeaderBytes, get<std::uint32_t>(at + 40));
  return entry;
}

Status Inbox::load() {
  Query query(db_, "SELECT id, entries FROM inbox ORDER BY id");
  while (true) {
    const Result<bool> row = query.next();
    if (!row) return row.error();
    if (!*row) break;
    if (Status done = load_row(query.integer(0), query.bytes(1)); !done) return done;
  }
  begin();
  return ok_status();
}

Status Inbox::load_row(std::int64_t row, Bytes packed) {
  next_row_ = row + 1;
  batches_.push_back(std::make_unique<Batch>());
  Batch& batch = *batches_.back();
  batch.row = row;
  batch.packed = std::move(packed);
  batch.written = true;
  for (std::size_t at = 0; at < batch.packed.size();) {
    const std::size_t left = batch.packed.size() - at;
    const std::size_t size = left < kHeaderBytes ? left : kHeaderBytes + entry_at(batch, at).payload.size();
    if (left < kHeaderBytes || left < size) return fail(ErrorCode::storage, "The database file is damaged.");
    remember(batch, at);
    ++batch.entries;
    at += size;
  }
  bytes_ += batch.packed.size();
  return ok_status();
}

void Inbox::remember(const Batch& batch, std::size_t offset) {
  const Entry entry = entry_at(batch, offset);
  Talk& talk = talks_[conversation_of(entry.log_id)];
  talk.newest = seq_of(entry.log_id);
  talk.entries.push_back({&batch, static_cast<std::uint32_t>(offset)});
  ++count_;
}

std::int64_t Inbox::newest(std::int64_t conversation, std::int64_t recorded) const {
  const auto talk = talks_.find(conversation);
  return talk == talks_.end() ? recorded : std::max(recorded, talk->second.newest);
}

Result<std::int64_t> Inbox::newest(std::int64_t conversation) {
  if (const auto talk = talks_.find(conversation); talk != talks_.end()) return talk->second.newest;
  Query query(db_, "SELECT last_seq FROM conversations WHERE id = ?");
  if (Status row = query.bind(conversation).one("There is no such conversation."); !row)
    return std::move(row).error();
  return query.integer(0);
}

std::optional<Inbox::Entry> Inbox::find(std::int64_t conversation, std::int64_t seq) const {
  const auto talk = talks_.find(conversation);
  if (talk == talks_.end() || seq < talk->second.oldest() || seq > talk->second.newest) return std::nullopt;
  const Place& place = talk->second.entries[static_cast<std::size_t>(seq - talk->second.oldest())];
  return entry_at(*place.batch, place.offset);
}

std::vector<Inbox::Entry> Inbox::after(std::int64_t conversation, std::int64_t after) const {
  std::vector<Entry> found;
  const auto talk = talks_.find(conversation);
  if (talk == talks_.end()) return found;
  const std::vector<Place>& entries = talk->second.entries;
  const std::int64_t skip = std::max<std::int64_t>(after - talk->second.oldest() + 1, 0);
  for (auto i = static_cast<std::size_t>(skip); i < entries.size(); ++i) {
    found.push_back(entry_at(*entries[i].batch, entries[i].offset));
  }
  return found;
}

void Inbox::add(std::int64_t conversation, std::int64_t seq, std::int64_t device, MessageId message,
                WallTime time, std::string_view payload) {
  appends_ = true;
  if (batches_.empty() || batches_.back()->written || batches_.back()->packed.size() >= kRowBytes) {
    batches_.push_back(std::make_unique<Batch>());
    batches_.back()->row = next_row_++;
  }
  Batch& batch = *batches_.back();
  const std::size_t offset = batch.packed.size();
  batch.packed.resize(offset + kHeaderBytes);
  std::uint8_t* at = batch.packed.data() + offset;
  put(at, log_id(conversation, seq));
  put(at + 8, device);
  put(at + 16, time.ms);
  std::ranges::copy(message.bytes(), at + 24);
  put(at + 40, static_cast<std::uint32_t>(payload.size()));
  append(batch.packed, as_bytes(payload));
  ++batch.entries;
  bytes_ += batch.packed.size() - offset;
  remember(batch, offset);
  added_.push_back(conversation);
}

Status Inbox::write() {
  if (added_.empty()) return ok_status();
  auto first = batches_.end();
  while (first != batches_.begin() && !(*std::prev(first))->written) --first;
  for (; first != batches_.end(); ++first) {
    Query insert(db_, "INSERT INTO inbox(id, entries) VALUES(?, ?)");
    if (Status done = insert.bind((*first)->row, (*first)->packed).run(); !done) return done;
  }
  return ok_status();
}

Status Inbox::record_newest() {
  for (const auto& [conversation, talk] : talks_) {
    Query update(db_, "UPDATE conversations SET last_seq = ?2 WHERE id = ?1 AND last_seq < ?2");
    if (Status done = update.bind(conversation, talk.newest).run(); !done) return done;
  }
  return ok_status();
}

void Inbox::begin() {
  // What the transaction before left was committed, or undone by rollback().
  if (!added_.empty()) {
    for (auto batch = batches_.rbegin(); batch != batches_.rend() && !(*batch)->written; ++batch) {
      (*batch)->written = true;
    }
  }
  added_.clear();
  part_ = 0;
}

void Inbox::undo_to(std::size_t count) {
  for (; added_.size() > count; added_.pop_back()) {
    const auto found = talks_.find(added_.back());
    Talk& talk = found->second;
    Batch& batch = *batches_.back();
    const std::size_t offset = talk.entries.back().offset;
    bytes_ -= batch.packed.size() - offset;
    batch.packed.resize(offset);
    if (--batch.entries == 0) batches_.pop_back();
    --count_;
    --talk.newest;
    talk.entries.pop_back();
    if (talk.entries.empty()) talks_.erase(found);
  }
}

Status Inbox::move_to_log() {
  const bool all = all_due_ || bytes_ >= kMaxBytes;
  moving_entries_.clear();
  std::size_t entries = 0;
  for (moving_ = 0; moving_ < batches_.size() && (all || entries < kMoveAtOnce); ++moving_) {
    const Batch& batch = *batches_[moving_];
    entries += batch.entries;
    for (std::size_t at = 0; at < batch.packed.size();) {
      const Entry entry = entry_at(batch, at);
      ++moving_entries_[conversation_of(entry.log_id)];
      at += kHeaderBytes + entry.payload.size();
    }
  }
  if (moving_ == 0) return ok_status();
  // In the order of the tables, so that each page is visited once.
  SentWriter sent(db_);
  for (const auto& [conversation, count] : moving_entries_) {
    if (Status done = move(conversation, talks_.at(conversation), count, sent); !done) return done;
  }
  if (Status done = sent.finish(); !done) return done;
  Query drop(db_, "DELETE FROM inbox WHERE id <= ?");
  return drop.bind(batches_[moving_ - 1]->row).run();
}

// The conversation's oldest `count` entries.
Status Inbox::move(std::int64_t conversation, const Talk& talk, std::size_t count, SentWriter& sent) {
  std::int64_t seq = talk.oldest();
  std::int64_t pruned = 0;
  {
    Query record(db_,
                 "UPDATE conversations SET last_seq = max(last_seq, ?2) WHERE id = ?1 RETURNING pruned_seq");
    record.bind(conversation, seq + static_cast<std::int64_t>(count) - 1);
    if (Status found = record.one("There is no such conversation."); !found) return found;
    pruned = record.integer(0);
  }
  for (std::size_t i = 0; i < count; ++i, ++seq) {
    const Entry entry = entry_at(*talk.entries[i].batch, talk.entries[i].offset);
    if (Status done = sent.add(entry.log_id, {entry.message, entry.device, entry.time}); !done) return done;
    if (seq <= pruned) continue;
    Query insert(db_, "INSERT INTO log(id, device, message, time_ms, payload) VALUES(?, ?, ?, ?, ?)");
    insert.bind(entry.log_id, entry.device, entry.message, entry.time, entry.payload);
    if (Status done = insert.run(); !done) return done;
  }
  return ok_status();
}

void Inbox::moved() {
  for (; moving_ > 0; --moving_) {
    count_ -= batches_.front()->entries;
    bytes_ -= batches_.front()->packed.size();
    batches_.pop_front();
  }
  for (const auto& [conversation, count] : moving_entries_) {
    const auto found = talks_.find(conversation);
    std::vector<Place>& entries = found->second.entries;
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count));
    if (entries.empty()) talks_.erase(found);
  }
  moving_entries_.clear();
  move_at_ = kMoveAt;
  all_due_ = false;
}

void Inbox::postpone() {
  moving_ = 0;
  move_at_ = count_ + kMoveAtOnce;
  all_due_ = false;
}

}  // namespace sotto::store::sqlite
