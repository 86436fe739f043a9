#include "sqlite/server_sent.hpp"

#include <algorithm>

#include "sqlite/server_log_id.hpp"

namespace sotto::store::sqlite {
namespace {

constexpr std::size_t kEntryBytes = 32;

// How many entries a row has.
Result<std::int64_t> count(std::int64_t newest_id, ByteView packed) {
  const auto entries = static_cast<std::int64_t>(packed.size() / kEntryBytes);
  if (entries == 0 || packed.size() % kEntryBytes != 0 || entries > seq_of(newest_id)) {
    return fail(ErrorCode::storage, "The database file is damaged.");
  }
  return entries;
}

SentEntry entry_at(ByteView packed, std::int64_t place) {
  const std::uint8_t* at = packed.data() + static_cast<std::size_t>(place) * kEntryBytes;
  SentEntry entry;
  std::copy_n(at, MessageId::kSize, entry.message.mutable_bytes().begin());
  entry.device = get<std::int64_t>(at + 16);
  entry.time.ms = get<std::int64_t>(at + 24);
  return entry;
}

}  // namespace

Status SentWriter::add(std::int64_t log_id, const SentEntry& entry) {
  if (log_id != newest_id_ + 1 || packed_.size() >= kMaxRowBytes) {
    if (Status done = finish(); !done) return done;
  }
  const std::size_t at = packed_.size();
  packed_.resize(at + kEntryBytes);
  std::ranges::copy(entry.message.bytes(), packed_.begin() + static_cast<std::ptrdiff_t>(at));
  put(&packed_[at + 16], entry.device);
  put(&packed_[at + 24], entry.time.ms);
  newest_id_ = log_id;
  newest_time_ = at == 0 ? entry.time : std::max(newest_time_, entry.time);
  return ok_status();
}

Status SentWriter::finish() {
  if (packed_.empty()) return ok_status();
  Query insert(db_, "INSERT INTO sent(id, newest_ms, entries) VALUES(?, ?, ?)");
  Status done = insert.bind(newest_id_, newest_time_, packed_).run();
  packed_.clear();
  return done;
}

Result<std::optional<SentEntry>> find_sent(Database& db, std::int64_t log_id) {
  Query query(db, "SELECT id, entries FROM sent WHERE id >= ? AND id <= ? ORDER BY id LIMIT 1");
  const Result<bool> row = query.bind(log_id, last_id(conversation_of(log_id))).next();
  if (!row) return row.error();
  if (!*row) return std::optional<SentEntry>();
  const Result<std::int64_t> entries = count(query.integer(0), query.view(1));
  if (!entries) return entries.error();
  const std::int64_t place = *entries - 1 - (query.integer(0) - log_id);
  if (place < 0) return std::optional<SentEntry>();
  return std::optional(entry_at(query.view(1), place));
}

Status for_sent(Database& db, std::int64_t conversation, std::size_t at_least,
                const std::function<void(std::int64_t seq, const SentEntry& entry)>& tell) {
  Query query(db, "SELECT id, entries FROM sent WHERE id > ? AND id <= ? ORDER BY id DESC");
  query.bind(first_id(conversation), last_id(conversation));
  for (std::size_t told = 0; told < at_least;) {
    const Result<bool> row = query.next();
    if (!row) return row.error();
    if (!*row) break;
    const std::int64_t newest = seq_of(query.integer(0));
    const Result<std::int64_t> entries = count(query.integer(0), query.view(1));
    if (!entries) return entries.error();
    for (std::int64_t place = 0; place < *entries; ++place) {
      tell(newest - *entries + 1 + place, entry_at(query.view(1), place));
    }
    told += static_cast<std::size_t>(*entries);
  }
  return ok_status();
}

}  // namespace sotto::store::sqlite
