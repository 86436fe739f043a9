#include <algorithm>

#include "sqlite/server_log_id.hpp"
#include "sqlite/server_repositories.hpp"
#include "sqlite/server_sent.hpp"

namespace sotto::store::sqlite {
namespace {

std::int64_t clamp_seq(std::uint64_t seq) {
  return static_cast<std::int64_t>(std::min(seq, static_cast<std::uint64_t>(kMaxSeq)));
}

}  // namespace

Result<Appended> Log::append(ConversationId conversation, DeviceId device, MessageId message,
                             std::string_view payload, WallTime now) {
  const Result<std::int64_t> row = rows_.conversation(conversation);
  if (!row) return row.error();
  const Result<std::int64_t> sender = rows_.device(device);
  if (!sender) return sender.error();
  SeenMessages::Talk* seen = seen_.find(*row);
  if (seen == nullptr) {
    const Result<SeenMessages::Talk*> loaded = load_seen(*row);
    if (!loaded) return loaded.error();
    seen = *loaded;
  }
  const std::uint32_t print = seen_.print(*sender, message);
  for (std::size_t probe = 0; const std::optional<std::int64_t> seq = seen->candidate(print, probe);) {
    const Result<std::optional<SentEntry>> before = find(*row, *seq);
    if (!before) return before.error();
    if (!*before || (*before)->device != *sender || (*before)->message != message) continue;
    return Appended{static_cast<std::uint64_t>(*seq), (*before)->time, true};
  }
  const Result<std::int64_t> newest = inbox_.newest(*row);
  if (!newest) return newest.error();
  const std::int64_t seq = *newest + 1;
  if (seq > kMaxSeq) return fail(ErrorCode::too_large, "This conversation has reached its last message.");
  inbox_.add(*row, seq, *sender, message, now, payload);
  seen_.add(*seen, print, seq);
  return Appended{static_cast<std::uint64_t>(seq), now, false};
}

// At least the newest kMaxMessages; one that lies behind is taken for new when it is repeated.
Result<SeenMessages::Talk*> Log::load_seen(std::int64_t conversation) {
  std::vector<std::pair<std::uint32_t, std::int64_t>> found;
  Status loaded =
      for_sent(db_, conversation, SeenMessages::kMaxMessages, [&](std::int64_t seq, const SentEntry& entry) {
        found.emplace_back(seen_.print(entry.device, entry.message), seq);
      });
  if (!loaded) return std::move(loaded).error();
  for (const Inbox::Entry& entry : inbox_.after(conversation, 0)) {
    found.emplace_back(seen_.print(entry.device, entry.message), seq_of(entry.log_id));
  }
  SeenMessages::Talk& talk = seen_.begin(conversation);
  for (const auto& [print, seq] : found) seen_.add(talk, print, seq);
  return &talk;
}

Result<std::optional<SentEntry>> Log::find(std::int64_t conversation, std::int64_t seq) {
  if (const std::optional<Inbox::Entry> entry = inbox_.find(conversation, seq)) {
    return std::optional(SentEntry{entry->message, entry->device, entry->time});
  }
  return find_sent(db_, log_id(conversation, seq));
}

namespace {

// Whether the page has room for an entry of this size.
bool has_room(LogPage& page, std::size_t& bytes, std::size_t size, std::uint32_t limit,
              std::size_t max_bytes) {
  if (page.entries.size() >= limit || (!page.entries.empty() && bytes + size > max_bytes)) {
    page.more = true;
    return false;
  }
  bytes += size;
  return true;
}

}  // namespace

Result<LogPage> Log::fetch(ConversationId conversation, std::uint64_t after, std::uint32_t limit,
                           std::size_t max_bytes) {
  const Result<std::int64_t> row = rows_.conversation(conversation);
  if (!row) return row.error();
  std::int64_t from = clamp_seq(after);
  {
    Query pruned(db_, "SELECT pruned_seq FROM conversations WHERE id = ?");
    if (Status found = pruned.bind(*row).one("There is no such conversation."); !found)
      return std::move(found).error();
    from = std::max(from, pruned.integer(0));
  }
  LogPage page;
  std::size_t bytes = 0;
  {
    Query query(db_,
                "SELECT user, devices.device, time_ms, message, payload, log.id FROM log"
                " JOIN devices ON devices.id = log.device JOIN accounts ON accounts.id = devices.account"
                " WHERE log.id > ? AND log.id <= ? ORDER BY log.id");
    query.bind(log_id(*row, from), last_id(*row));
    while (true) {
      const Result<bool> found = query.next();
      if (!found) return found.error();
      if (!*found) break;
      if (!has_room(page, bytes, query.view(4).size(), limit, max_bytes)) return page;
      page.entries.push_back(LogEntry{query.unsigned_integer(5) & static_cast<std::uint64_t>(kMaxSeq),
                                      query.id<UserId>(0), query.id<DeviceId>(1), query.time(2),
                                      query.id<MessageId>(3), query.blob_text(4)});
    }
  }
  // What is still in the inbox is newer than all of a conversation's log.
  std::unordered_map<std::int64_t, std::pair<UserId, DeviceId>> senders;
  for (const Inbox::Entry& entry : inbox_.after(*row, from)) {
    if (!has_room(page, bytes, entry.payload.size(), limit, max_bytes)) return page;
    const auto [sender, unknown] = senders.try_emplace(entry.device);
    if (unknown) {
      Query query(db_,
                  "SELECT user, device FROM devices JOIN accounts ON accounts.id = devices.account"
                  " WHERE devices.id = ?");
      if (Status found = query.bind(entry.device).one("A device is missing."); !found)
        return std::move(found).error();
      sender->second = {query.id<UserId>(0), query.id<DeviceId>(1)};
    }
    page.entries.push_back(LogEntry{static_cast<std::uint64_t>(seq_of(entry.log_id)), sender->second.first,
                                    sender->second.second, entry.time, entry.message,
                                    to_string(entry.payload)});
  }
  return page;
}

Status Log::ack(ConversationId conversation, DeviceId device, std::uint64_t seq) {
  const Result<std::int64_t> row = rows_.conversation(conversation);
  if (!row) return row.error();
  const Result<std::int64_t> by = rows_.device(device);
  if (!by) return by.error();
  const Result<std::int64_t> newest = inbox_.newest(*row);
  if (!newest) return newest.error();
  Query upsert(db_,
               "INSERT INTO acks(conversation, device, seq) VALUES(?, ?, ?)"
               " ON CONFLICT(conversation, device) DO UPDATE SET seq = max(seq, excluded.seq)");
  return upsert.bind(*row, *by, std::min(clamp_seq(seq), *newest)).run();
}

Status Log::prune(ConversationId conversation) {
  const Result<std::int64_t> row = rows_.conversation(conversation);
  if (!row) return row.error();
  std::int64_t upto = 0;
  std::int64_t from = 0;
  {
    // A device that never acknowledged anything holds everything.
    Query least(
        db_,
        "SELECT coalesce(min(coalesce(acks.seq, 0)), 0),"
        " (SELECT pruned_seq FROM conversations WHERE id = ?1)"
        " FROM members JOIN devices ON devices.account = members.account AND devices.revoked_ms IS NULL"
        " LEFT JOIN acks ON acks.conversation = ?1 AND acks.device = devices.id"
        " WHERE members.conversation = ?1");
    if (Status found = least.bind(*row).one("There is no such conversation."); !found) return found;
    upto = least.integer(0);
    from = least.integer(1);
  }
  if (upto <= from) return ok_status();
  {
    Query drop(db_, "DELETE FROM log WHERE id > ? AND id <= ?");
    if (Status done = drop.bind(log_id(*row, from), log_id(*row, upto)).run(); !done) return done;
  }
  Query mark(db_, "UPDATE conversations SET pruned_seq = ? WHERE id = ?");
  return mark.bind(upto, *row).run();
}

Result<bool> Log::forget(WallTime before) {
  // Each round begins with what is still in the inbox: it is moved after this transaction.
  if (!inbox_asked_ && !inbox_.empty()) {
    inbox_asked_ = true;
    inbox_.make_all_due();
    return true;
  }
  // A conversation at a time, its oldest rows first.
  constexpr std::int64_t kRowsPerCall = 200;
  constexpr int kConversationsPerCall = 200;
  std::int64_t removed = 0;
  for (int i = 0; i < kConversationsPerCall && removed < kRowsPerCall; ++i) {
    std::int64_t pruned = 0;
    {
      Query next(
          db_,
          "SELECT id, pruned_seq FROM conversations WHERE id > ? AND pruned_seq > 0 ORDER BY id LIMIT 1");
      const Result<bool> row = next.bind(forget_from_).next();
      if (!row) return row.error();
      if (!*row) {
        forget_from_ = 0;
        inbox_asked_ = false;
        return false;
      }
      forget_from_ = next.integer(0);
      pruned = next.integer(1);
    }
    Query drop(db_,
               "DELETE FROM sent WHERE id IN (SELECT id FROM sent WHERE id > ? AND id <= ?"
               " ORDER BY id LIMIT ?) AND newest_ms < ?");
    drop.bind(first_id(forget_from_), log_id(forget_from_, pruned), kRowsPerCall, before);
    if (Status done = drop.run(); !done) return std::move(done).error();
    const int changes = db_.changes();
    removed += changes;
    if (changes == kRowsPerCall) --forget_from_;  // the same one again
  }
  return true;
}

}  // namespace sotto::store::sqlite
