#include <algorithm>

#include "sqlite/server_repositories.hpp"

namespace sotto::store::sqlite {
namespace {
constexpr std::string_view kNoConversation = "There is no such conversation.";
}  // namespace

Result<std::int64_t> RowCache::conversation(ConversationId id) {
  if (const auto known = conversations_.find(id); known != conversations_.end()) return known->second;
  Query query(db_, "SELECT id FROM conversations WHERE conversation = ?");
  if (Status row = query.bind(id).one(kNoConversation); !row) return std::move(row).error();
  if (conversations_.size() >= kMaxRows) conversations_.clear();
  return conversations_.emplace(id, query.integer(0)).first->second;
}

Result<std::int64_t> RowCache::device(DeviceId id) {
  if (const auto known = devices_.find(id); known != devices_.end()) return known->second;
  Query query(db_, "SELECT id FROM devices WHERE device = ?");
  if (Status row = query.bind(id).one("There is no such device."); !row) return std::move(row).error();
  if (devices_.size() >= kMaxRows) devices_.clear();
  return devices_.emplace(id, query.integer(0)).first->second;
}

void RowCache::forget() {
  conversations_.clear();
  devices_.clear();
}

Result<Conversation> Conversations::open_direct(UserId a, UserId b, ConversationId fresh, WallTime now) {
  if (a == b) return fail(ErrorCode::invalid_argument, "A conversation needs two different people.");
  const Result<std::int64_t> row_a = account_row(db_, a);
  if (!row_a) return row_a.error();
  const Result<std::int64_t> row_b = account_row(db_, b);
  if (!row_b) return row_b.error();
  const std::int64_t low = std::min(*row_a, *row_b);
  const std::int64_t high = std::max(*row_a, *row_b);
  {
    Query find(db_,
               "SELECT conversation FROM conversations WHERE id ="
               " (SELECT conversation FROM direct_pairs WHERE low = ? AND high = ?)");
    const Result<bool> row = find.bind(low, high).next();
    if (!row) return row.error();
    if (*row) return get(find.id<ConversationId>(0));
  }
  {
    Query insert(db_, "INSERT INTO conversations(conversation, created_ms) VALUES(?, ?)");
    if (Status done = insert.bind(fresh, now).run(); !done) return std::move(done).error();
  }
  const std::int64_t conversation = db_.last_rowid();
  {
    Query insert(db_, "INSERT INTO members(conversation, account) VALUES(?1, ?2), (?1, ?3)");
    if (Status done = insert.bind(conversation, low, high).run(); !done) return std::move(done).error();
  }
  Query insert(db_, "INSERT INTO direct_pairs(low, high, conversation) VALUES(?, ?, ?)");
  if (Status done = insert.bind(low, high, conversation).run(); !done) return std::move(done).error();
  return get(fresh);
}

Result<std::vector<UserId>> Conversations::members(std::int64_t conversation) {
  Query query(db_,
              "SELECT user FROM members JOIN accounts ON accounts.id = members.account"
              " WHERE members.conversation = ? ORDER BY user");
  query.bind(conversation);
  std::vector<UserId> users;
  while (true) {
    const Result<bool> row = query.next();
    if (!row) return row.error();
    if (!*row) return users;
    users.push_back(query.id<UserId>(0));
  }
}

Result<Conversation> Conversations::get(ConversationId id) {
  Query query(db_, "SELECT id, last_seq FROM conversations WHERE conversation = ?");
  if (Status row = query.bind(id).one(kNoConversation); !row) return std::move(row).error();
  Result<std::vector<UserId>> users = members(query.integer(0));
  if (!users) return std::move(users).error();
  return Conversation{id, *std::move(users), newest(query), 0};
}

std::uint64_t Conversations::newest(const Query& row) const {
  return static_cast<std::uint64_t>(inbox_.newest(row.integer(0), row.integer(1)));
}

Result<std::vector<Conversation>> Conversations::of_user(UserId user, DeviceId device) {
  Query query(db_,
              "SELECT conversations.id, last_seq, conversation,"
              " coalesce((SELECT seq FROM acks WHERE acks.conversation = conversations.id AND acks.device ="
              "  (SELECT id FROM devices WHERE device = ?2)), 0)"
              " FROM conversations WHERE id IN (SELECT conversation FROM members WHERE account ="
              "  (SELECT id FROM accounts WHERE user = ?1)) ORDER BY id");
  query.bind(user, device);
  std::vector<Conversation> conversations;
  while (true) {
    const Result<bool> row = query.next();
    if (!row) return row.error();
    if (!*row) return conversations;
    Result<std::vector<UserId>> users = members(query.integer(0));
    if (!users) return std::move(users).error();
    conversations.push_back(Conversation{query.id<ConversationId>(2), *std::move(users), newest(query),
                                         query.unsigned_integer(3)});
  }
}

Result<std::vector<UserId>> Conversations::contacts(UserId user) {
  Query query(db_,
              "SELECT DISTINCT others.user FROM accounts AS self"
              " JOIN members AS mine ON mine.account = self.id"
              " JOIN members AS theirs ON theirs.conversation = mine.conversation"
              " JOIN accounts AS others ON others.id = theirs.account"
              " WHERE self.user = ?1 AND others.user <> ?1 ORDER BY others.user");
  query.bind(user);
  std::vector<UserId> users;
  while (true) {
    const Result<bool> row = query.next();
    if (!row) return row.error();
    if (!*row) return users;
    users.push_back(query.id<UserId>(0));
  }
}

}  // namespace sotto::store::sqlite
