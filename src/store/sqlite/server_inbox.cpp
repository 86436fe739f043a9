#include "sqlite/server_inbox.hpp"

#include <algorithm>

namespace sotto::store::sqlite {
namespace {

constexpr std::int64_t kMaxSeq = 0xffffffff;  // the lower half of a log id

void put(Bytes& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint64_t get(const std::uint8_t* at, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | at[i];
  return value;
}

}  // namespace

Inbox::Entry Inbox::entry_at(const Batch& batch, std::size_t offset) {
  const std::uint8_t* at = batch.packed.data() + offset;
  Entry entry;
  entry.log_id = static_cast<std::int64_t>(get(at, 8));
  entry.device = static_cast<std::int64_t>(get(at + 8, 8));
  entry.time = WallTime{static_cast<std::int64_t>(get(at + 16, 8))};
  std::copy_n(at + 24, MessageId::kSize, entry.message.mutable_bytes().begin());
  entry.payload = ByteView(at + kHeaderBytes, get(at + 40, 4));
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

std::uint32_t Inbox::print(MessageId message) { return static_cast<std::uint32_t>(get(message.bytes().data(), 4)); }

void Inbox::remember(const Batch& batch, std::size_t offset) {
  const Entry entry = entry_at(batch, offset);
  Talk& talk = talks_[entry.log_id >> 32];
  talk.newest = entry.log_id & kMaxSeq;
  talk.entries.push_back({&batch, static_cast<std::uint32_t>(offset), print(entry.message)});
  ++count_;
}

std::int64_t Inbox::newest(std::int64_t conversation, std::int64_t recorded) const {
  const auto talk = talks_.find(conversation);
  return talk == talks_.end() ? recorded : std::max(recorded, talk->second.newest);
}

Result<std::int64_t> Inbox::newest(std::int64_t conversation) {
  if (const auto talk = talks_.find(conversation); talk != talks_.end()) return talk->second.newest;
  Query query(db_, "SELECT last_seq FROM conversations WHERE id = ?");
  if (Status row = query.bind(conversation).one("There is no such conversation."); !row) return std::move(row).error();
  return query.integer(0);
}

std::optional<Inbox::Entry> Inbox::find(std::int64_t conversation, std::int64_t device, MessageId message) const {
  const auto talk = talks_.find(conversation);
  if (talk == talks_.end()) return std::nullopt;
  for (const Place& place : talk->second.entries) {
    if (place.print != print(message)) continue;
    const Entry entry = entry_at(*place.batch, place.offset);
    if (entry.device == device && entry.message == message) return entry;
  }
  return std::nullopt;
}

std::vector<Inbox::Entry> Inbox::after(std::int64_t conversation, std::int64_t after) const {
  std::vector<Entry> found;
  const auto talk = talks_.find(conversation);
  if (talk == talks_.end()) return found;
  const std::vector<Place>& entries = talk->second.entries;
  // Their numbers are consecutive and end with the newest.
  const std::int64_t oldest = talk->second.newest - static_cast<std::int64_t>(entries.size()) + 1;
  const std::int64_t skip = std::max<std::int64_t>(after - oldest + 1, 0);
  for (auto i = static_cast<std::size_t>(skip); i < entries.size(); ++i) {
    found.push_back(entry_at(*entries[i].batch, entries[i].offset));
  }
  return found;
}

void Inbox::add(std::int64_t conversation, std::int64_t seq, std::int64_t device, MessageId message, WallTime time,
                std::string_view payload) {
  if (batches_.empty() || batches_.back()->written || batches_.back()->packed.size() >= kRowBytes) {
    batches_.push_back(std::make_unique<Batch>());
    batches_.back()->row = next_row_++;
  }
  Batch& batch = *batches_.back();
  const std::size_t offset = batch.packed.size();
  const std::int64_t log_id = conversation << 32 | seq;
  put(batch.packed, static_cast<std::uint64_t>(log_id), 8);
  put(batch.packed, static_cast<std::uint64_t>(device), 8);
  put(batch.packed, static_cast<std::uint64_t>(time.ms), 8);
  append(batch.packed, message.bytes());
  put(batch.packed, payload.size(), 4);
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
  std::vector<std::pair<std::int64_t, Place>> entries;
  for (moving_ = 0; moving_ < batches_.size() && (all || entries.size() < kMoveAtOnce); ++moving_) {
    const Batch& batch = *batches_[moving_];
    for (std::size_t at = 0; at < batch.packed.size();) {
      const Entry entry = entry_at(batch, at);
      entries.push_back({entry.log_id, {&batch, static_cast<std::uint32_t>(at), 0}});
      at += kHeaderBytes + entry.payload.size();
    }
  }
  if (moving_ == 0) return ok_status();
  // In the log's order, so that each of its pages is visited once.
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry.first; });
  std::int64_t conversation = 0;
  std::int64_t pruned = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& [log_id, place] = entries[i];
    if (log_id >> 32 != conversation) {
      conversation = log_id >> 32;
      std::size_t last = i;
      while (last + 1 < entries.size() && entries[last + 1].first >> 32 == conversation) ++last;
      Query record(db_,
                   "UPDATE conversations SET last_seq = max(last_seq, ?2) WHERE id = ?1 RETURNING pruned_seq");
      Status found = record.bind(conversation, entries[last].first & kMaxSeq).one("There is no such conversation.");
      if (!found) return found;
      pruned = record.integer(0);
    }
    const Entry entry = entry_at(*place.batch, place.offset);
    Query insert(db_, "INSERT INTO log(id, device, message, time_ms, payload) VALUES(?, ?, ?, ?, ?)");
    insert.bind(log_id, entry.device, entry.message, entry.time,
                (log_id & kMaxSeq) <= pruned ? ByteView() : entry.payload);
    if (Status done = insert.run(); !done) return done;
  }
  Query drop(db_, "DELETE FROM inbox WHERE id <= ?");
  return drop.bind(batches_[moving_ - 1]->row).run();
}

void Inbox::moved() {
  std::unordered_map<std::int64_t, std::size_t> gone;
  for (; moving_ > 0; --moving_) {
    const Batch& oldest = *batches_.front();
    for (std::size_t at = 0; at < oldest.packed.size();) {
      const Entry entry = entry_at(oldest, at);
      ++gone[entry.log_id >> 32];
      at += kHeaderBytes + entry.payload.size();
    }
    count_ -= oldest.entries;
    bytes_ -= oldest.packed.size();
    batches_.pop_front();
  }
  for (const auto& [conversation, count] : gone) {
    const auto found = talks_.find(conversation);
    std::vector<Place>& entries = found->second.entries;
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count));
    if (entries.empty()) talks_.erase(found);
  }
  move_at_ = kMoveAt;
  all_due_ = false;
}

void Inbox::postpone() {
  moving_ = 0;
  move_at_ = count_ + kMoveAtOnce;
  all_due_ = false;
}

}  // namespace sotto::store::sqlite
