// Accounts, identities, devices and invites.
#include "sqlite/server_repositories.hpp"

#include "sotto/base/secret_bytes.hpp"

namespace sotto::store::sqlite {
namespace {

constexpr std::string_view kNoUser = "There is no such user.";
constexpr std::string_view kNoDevice = "There is no such device.";

Account account_from(const Query& row) {
  return Account{row.id<UserId>(0), row.text(1),         row.text(2),
                 row.text(3),       row.integer(4) != 0, Identity{row.bytes(6), row.bytes(7)},
                 row.time(5)};
}

Device device_from(const Query& row) {
  return Device{row.id<DeviceId>(0), row.id<UserId>(1), row.text(2), row.bytes(3),   row.bytes(4),
                row.bytes(5),        row.time(6),       row.time(7), !row.is_null(8)};
}

Status add_identity(Database& db, std::int64_t account, const Identity& identity, WallTime now) {
  Query insert(db, "INSERT INTO identities(account, identity_key, certificate, since_ms) VALUES(?, ?, ?, ?)");
  return insert.bind(account, identity.key, identity.certificate, now).run();
}

}  // namespace

Result<std::int64_t> account_row(Database& db, UserId user) {
  Query query(db, "SELECT id FROM accounts WHERE user = ?");
  query.bind(user);
  if (Status row = query.one(kNoUser); !row) return std::move(row).error();
  return query.integer(0);
}

Status Accounts::add(const Account& account) {
  {
    Query taken(db_, "SELECT 1 FROM accounts WHERE username = ?");
    const Result<bool> row = taken.bind(account.username).next();
    if (!row) return row.error();
    if (*row) return fail(ErrorCode::conflict, std::string(kNameTaken));
  }
  Query insert(db_,
               "INSERT INTO accounts(user, username, display_name, password_hash, administrator, created_ms)"
               " VALUES(?, ?, ?, ?, ?, ?)");
  insert.bind(account.user, account.username, account.display_name, account.password_hash,
              account.administrator, account.created);
  if (Status done = insert.run(); !done) return done;
  return add_identity(db_, db_.last_rowid(), account.identity, account.created);
}

Result<Account> Accounts::by_user(UserId user) {
  Query query(db_,
              "SELECT user, username, display_name, password_hash, administrator, created_ms,"
              " identity_key, certificate FROM accounts JOIN identities ON identities.account = accounts.id"
              " WHERE user = ? ORDER BY identities.id DESC LIMIT 1");
  if (Status row = query.bind(user).one(kNoUser); !row) return std::move(row).error();
  return account_from(query);
}

Result<Account> Accounts::by_username(std::string_view username) {
  Query query(db_,
              "SELECT user, username, display_name, password_hash, administrator, created_ms,"
              " identity_key, certificate FROM accounts JOIN identities ON identities.account = accounts.id"
              " WHERE username = ? ORDER BY identities.id DESC LIMIT 1");
  if (Status row = query.bind(username).one(kNoUser); !row) return std::move(row).error();
  return account_from(query);
}

Result<std::uint64_t> Accounts::count() {
  Query query(db_, "SELECT count(*) FROM accounts");
  if (Status row = query.one(kNoUser); !row) return std::move(row).error();
  return query.unsigned_integer(0);
}

Status Accounts::set_password_hash(UserId user, std::string_view phc) {
  Query update(db_, "UPDATE accounts SET password_hash = ? WHERE user = ?");
  if (Status done = update.bind(phc, user).run(); !done) return done;
  if (db_.changes() == 0) return fail(ErrorCode::not_found, std::string(kNoUser));
  return ok_status();
}

Status Accounts::set_identity(UserId user, const Identity& identity, WallTime now) {
  const Result<std::int64_t> account = account_row(db_, user);
  if (!account) return account.error();
  return add_identity(db_, *account, identity, now);
}

Status Devices::add(const Device& device) {
  const Result<std::int64_t> account = account_row(db_, device.user);
  if (!account) return account.error();
  {
    Query insert(db_,
                 "INSERT INTO devices(device, account, name, certificate, sealing_key, sealing_signature,"
                 " enrolled_ms, last_seen_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    insert.bind(device.device, *account, device.name, device.certificate, device.sealing_key,
                device.sealing_signature, device.enrolled, device.last_seen);
    Status done = insert.run();
    if (!done && done.error().code == ErrorCode::conflict) {
      return fail(ErrorCode::conflict, "This device was enrolled before.");
    }
    if (!done) return done;
  }
  const std::int64_t row = db_.last_rowid();
  if (Status recorded = inbox_.record_newest(); !recorded) return recorded;
  Query acks(db_,
             "INSERT INTO acks(conversation, device, seq)"
             " SELECT conversations.id, ?, last_seq FROM members JOIN conversations"
             " ON conversations.id = members.conversation WHERE members.account = ?");
  return acks.bind(row, *account).run();
}

Result<Device> Devices::by_device(DeviceId device) {
  Query query(db_,
              "SELECT device, user, name, certificate, sealing_key, sealing_signature, enrolled_ms,"
              " last_seen_ms, revoked_ms FROM devices JOIN accounts ON accounts.id = devices.account"
              " WHERE device = ?");
  if (Status row = query.bind(device).one(kNoDevice); !row) return std::move(row).error();
  return device_from(query);
}

Result<std::vector<Device>> Devices::of_user(UserId user) {
  Query query(db_,
              "SELECT device, user, name, certificate, sealing_key, sealing_signature, enrolled_ms,"
              " last_seen_ms, revoked_ms FROM devices JOIN accounts ON accounts.id = devices.account"
              " WHERE user = ? AND revoked_ms IS NULL ORDER BY devices.id");
  query.bind(user);
  std::vector<Device> devices;
  while (true) {
    const Result<bool> row = query.next();
    if (!row) return row.error();
    if (!*row) return devices;
    devices.push_back(device_from(query));
  }
}

Status Devices::revoke(DeviceId device, WallTime now) {
  Query update(db_, "UPDATE devices SET revoked_ms = coalesce(revoked_ms, ?) WHERE device = ?");
  if (Status done = update.bind(now, device).run(); !done) return done;
  if (db_.changes() == 0) return fail(ErrorCode::not_found, std::string(kNoDevice));
  return ok_status();
}

Status Devices::set_last_seen(DeviceId device, WallTime when) {
  Query update(db_, "UPDATE devices SET last_seen_ms = ? WHERE device = ?");
  if (Status done = update.bind(when, device).run(); !done) return done;
  if (db_.changes() == 0) return fail(ErrorCode::not_found, std::string(kNoDevice));
  return ok_status();
}

Status Devices::set_certificate(DeviceId device, ByteView certificate) {
  Query update(db_, "UPDATE devices SET certificate = ? WHERE device = ?");
  if (Status done = update.bind(certificate, device).run(); !done) return done;
  if (db_.changes() == 0) return fail(ErrorCode::not_found, std::string(kNoDevice));
  return ok_status();
}

Status Invites::add(const Invite& invite, WallTime now) {
  Query insert(db_, "INSERT INTO invites(token_hash, uses_left, expires_ms, created_ms) VALUES(?, ?, ?, ?)");
  return insert.bind(invite.token_hash, invite.uses_left, invite.expires, now).run();
}

Status Invites::check(ByteView token_hash, WallTime now) {
  Query query(db_, "SELECT token_hash, uses_left, expires_ms FROM invites WHERE token_hash = ?");
  const Result<bool> row = query.bind(token_hash).next();
  if (!row) return row.error();
  // The index compared hashes, which say nothing about a token; the last word has a comparison that takes
  // the same time whatever differs.
  if (!*row || !constant_time_equal(query.view(0), token_hash)) {
    return fail(ErrorCode::denied, std::string(kInviteUnknown));
  }
  if (query.integer(1) <= 0) return fail(ErrorCode::denied, std::string(kInviteUsed));
  if (query.time(2) <= now) return fail(ErrorCode::denied, std::string(kInviteExpired));
  return ok_status();
}

Status Invites::use(ByteView token_hash, WallTime now) {
  if (Status good = check(token_hash, now); !good) return good;
  Query update(db_, "UPDATE invites SET uses_left = uses_left - 1 WHERE token_hash = ?");
  return update.bind(token_hash).run();
}

}  // namespace sotto::store::sqlite
