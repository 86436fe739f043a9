// The server's store in memory, for tests of the core: everything the interface promises except the disk.
//
// Faults: `full` makes every write fail as a full disk does; `broken` makes commits fail and has_failed()
// true.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "sotto/store/server_store.hpp"

namespace sotto::test {

namespace fake {

using namespace sotto::store;

struct Log {
  Conversation record;
  std::uint64_t pruned = 0;
  std::map<std::uint64_t, LogEntry> entries;
  std::map<DeviceId, std::uint64_t> acks;
};
struct StoredBlob {
  Blob record;
  std::set<UserId> released;
};
struct State {
  std::map<UserId, Account> accounts;
  std::vector<Device> devices;
  std::map<Bytes, Invite> invites;
  std::map<ConversationId, Log> logs;
  std::map<BlobId, StoredBlob> blobs;
};

inline Error missing(const char* what) { return fail(ErrorCode::not_found, what); }

}  // namespace fake

class FakeServerStore final : public store::ServerStore,
                              private store::AccountRepository,
                              private store::DeviceRepository,
                              private store::InviteRepository,
                              private store::ConversationRepository,
                              private store::LogRepository,
                              private store::BlobRepository {
 public:
  bool full = false;
  bool broken = false;

  Status begin(store::Access access) override {
    if (access == store::Access::write && broken)
      return fail(ErrorCode::storage, "The disk reported an error.");
    before_ = state_;
    return ok_status();
  }
  Status commit() override {
    if (broken || full) {
      const bool changed = changed_;
      if (changed) rollback();
      changed_ = false;
      if (changed)
        return fail(ErrorCode::storage, broken ? "The disk reported an error." : "The disk is full.");
    }
    changed_ = false;
    return ok_status();
  }
  void rollback() override {
    state_ = before_;
    changed_ = false;
  }
  Status begin_part() override {
    part_ = state_;
    return ok_status();
  }
  Status end_part() override { return ok_status(); }
  void undo_part() override { state_ = part_; }

  store::AccountRepository& accounts() override { return *this; }
  store::DeviceRepository& devices() override { return *this; }
  store::InviteRepository& invites() override { return *this; }
  store::ConversationRepository& conversations() override { return *this; }
  store::LogRepository& log() override { return *this; }
  store::BlobRepository& blobs() override { return *this; }
  bool has_failed() const override { return broken; }

 private:
  using State = fake::State;
  using Account = store::Account;
  using Device = store::Device;
  using Conversation = store::Conversation;
  using Blob = store::Blob;

  Status changing() {
    changed_ = true;
    if (full) return fail(ErrorCode::storage, "The disk is full.");
    return ok_status();
  }

  // ---- Accounts ----
  Status add(const Account& account) override {
    if (Status good = changing(); !good) return good;
    for (const auto& [user, one] : state_.accounts) {
      if (one.username == account.username) return fail(ErrorCode::conflict, std::string(store::kNameTaken));
    }
    state_.accounts[account.user] = account;
    return ok_status();
  }
  Result<Account> by_user(UserId user) override {
    const auto found = state_.accounts.find(user);
    if (found == state_.accounts.end()) return fake::missing("There is no such user.");
    return found->second;
  }
  Result<Account> by_username(std::string_view username) override {
    for (const auto& [user, one] : state_.accounts) {
      if (one.username == username) return one;
    }
    return fake::missing("There is no such user.");
  }
  Result<std::uint64_t> count() override { return std::uint64_t{state_.accounts.size()}; }
  Status set_password_hash(UserId user, std::string_view phc) override {
    if (Status good = changing(); !good) return good;
    const auto found = state_.accounts.find(user);
    if (found == state_.accounts.end()) return fake::missing("There is no such user.");
    found->second.password_hash = std::string(phc);
    return ok_status();
  }
  Status set_identity(UserId user, const store::Identity& identity, WallTime) override {
    if (Status good = changing(); !good) return good;
    const auto found = state_.accounts.find(user);
    if (found == state_.accounts.end()) return fake::missing("There is no such user.");
    found->second.identity = identity;
    return ok_status();
  }

  // ---- Devices ----
  Device* device(DeviceId id) {
    const auto found = std::ranges::find(state_.devices, id, &Device::device);
    return found == state_.devices.end() ? nullptr : &*found;
  }
  Status add(const Device& added) override {
    if (Status good = changing(); !good) return good;
    if (!state_.accounts.contains(added.user)) return fake::missing("There is no such user.");
    if (device(added.device) != nullptr) return fail(ErrorCode::conflict, "This device was enrolled before.");
    state_.devices.push_back(added);
    for (auto& [id, log] : state_.logs) {
      if (std::ranges::count(log.record.members, added.user) != 0)
        log.acks[added.device] = log.record.last_seq;
    }
    return ok_status();
  }
  Result<Device> by_device(DeviceId id) override {
    const Device* found = device(id);
    if (found == nullptr) return fake::missing("There is no such device.");
    return *found;
  }
  Result<std::vector<Device>> of_user(UserId user) override {
    std::vector<Device> devices;
    for (const Device& one : state_.devices) {
      if (one.user == user && !one.revoked) devices.push_back(one);
    }
    return devices;
  }
  template <class Change>
  Status change_device(DeviceId id, Change change) {
    if (Status good = changing(); !good) return good;
    Device* found = device(id);
    if (found == nullptr) return fake::missing("There is no such device.");
    change(*found);
    return ok_status();
  }
  Status revoke(DeviceId id, WallTime) override {
    return change_device(id, [](Device& one) { one.revoked = true; });
  }
  Status set_last_seen(DeviceId id, WallTime when) override {
    return change_device(id, [&](Device& one) { one.last_seen = when; });
  }
  Status set_certificate(DeviceId id, ByteView certificate) override {
    return change_device(id, [&](Device& one) { one.certificate = to_bytes(certificate); });
  }

  // ---- Invites ----
  Status add(const store::Invite& invite, WallTime) override {
    if (Status good = changing(); !good) return good;
    if (!state_.invites.emplace(invite.token_hash, invite).second) {
      return fail(ErrorCode::conflict, "This exists already.");
    }
    return ok_status();
  }
  Status check(ByteView token_hash, WallTime now) override {
    const auto found = state_.invites.find(to_bytes(token_hash));
    if (found == state_.invites.end()) return fail(ErrorCode::denied, std::string(store::kInviteUnknown));
    if (found->second.uses_left == 0) return fail(ErrorCode::denied, std::string(store::kInviteUsed));
    if (found->second.expires <= now) return fail(ErrorCode::denied, std::string(store::kInviteExpired));
    return ok_status();
  }
  Status use(ByteView token_hash, WallTime now) override {
    if (Status good = changing(); !good) return good;
    if (Status good = check(token_hash, now); !good) return good;
    --state_.invites[to_bytes(token_hash)].uses_left;
    return ok_status();
  }

  // ---- Conversations ----
  Result<Conversation> open_direct(UserId a, UserId b, ConversationId fresh, WallTime) override {
    if (Status good = changing(); !good) return std::move(good).error();
    if (a == b) return fail(ErrorCode::invalid_argument, "A conversation needs two different people.");
    if (!state_.accounts.contains(a) || !state_.accounts.contains(b))
      return fake::missing("There is no such user.");
    const std::vector<UserId> members{std::min(a, b), std::max(a, b)};
    for (const auto& [id, log] : state_.logs) {
      if (log.record.members == members) return log.record;
    }
    return (state_.logs[fresh].record = Conversation{fresh, members, 0, 0});
  }
  Result<Conversation> get(ConversationId id) override {
    const auto found = state_.logs.find(id);
    if (found == state_.logs.end()) return fake::missing("There is no such conversation.");
    return found->second.record;
  }
  Result<std::vector<Conversation>> of_user(UserId user, DeviceId asking) override {
    std::vector<Conversation> all;
    for (const auto& [id, log] : state_.logs) {
      if (std::ranges::count(log.record.members, user) == 0) continue;
      all.push_back(log.record);
      if (const auto ack = log.acks.find(asking); ack != log.acks.end()) all.back().acked_seq = ack->second;
    }
    return all;
  }
  Result<std::vector<UserId>> contacts(UserId user) override {
    std::set<UserId> all;
    for (const auto& [id, log] : state_.logs) {
      if (std::ranges::count(log.record.members, user) == 0) continue;
      all.insert(log.record.members.begin(), log.record.members.end());
    }
    all.erase(user);
    return std::vector<UserId>(all.begin(), all.end());
  }

  // ---- Log ----
  Result<store::Appended> append(ConversationId id, DeviceId sender, MessageId message,
                                 std::string_view payload, WallTime now) override {
    if (Status good = changing(); !good) return std::move(good).error();
    const auto found = state_.logs.find(id);
    if (found == state_.logs.end()) return fake::missing("There is no such conversation.");
    const Device* by = device(sender);
    if (by == nullptr) return fake::missing("There is no such device.");
    fake::Log& log = found->second;
    for (const auto& [seq, entry] : log.entries) {
      if (entry.sender_device == sender && entry.message == message)
        return store::Appended{seq, entry.time, true};
    }
    const std::uint64_t seq = ++log.record.last_seq;
    log.entries[seq] = store::LogEntry{seq, by->user, sender, now, message, std::string(payload)};
    return store::Appended{seq, now, false};
  }
  Result<store::LogPage> fetch(ConversationId id, std::uint64_t after, std::uint32_t limit,
                               std::size_t max_bytes) override {
    const auto found = state_.logs.find(id);
    if (found == state_.logs.end()) return fake::missing("There is no such conversation.");
    store::LogPage page;
    std::size_t bytes = 0;
    const fake::Log& log = found->second;
    for (auto it = log.entries.upper_bound(std::max(after, log.pruned)); it != log.entries.end(); ++it) {
      const std::size_t size = it->second.payload.size();
      if (page.entries.size() >= limit || (!page.entries.empty() && bytes + size > max_bytes)) {
        page.more = true;
        break;
      }
      bytes += size;
      page.entries.push_back(it->second);
    }
    return page;
  }
  Status ack(ConversationId id, DeviceId by, std::uint64_t seq) override {
    if (Status good = changing(); !good) return good;
    const auto found = state_.logs.find(id);
    if (found == state_.logs.end()) return fake::missing("There is no such conversation.");
    if (device(by) == nullptr) return fake::missing("There is no such device.");
    std::uint64_t& acked = found->second.acks[by];
    acked = std::max(acked, std::min(seq, found->second.record.last_seq));
    return ok_status();
  }
  Status prune(ConversationId id) override {
    if (Status good = changing(); !good) return good;
    const auto found = state_.logs.find(id);
    if (found == state_.logs.end()) return fake::missing("There is no such conversation.");
    fake::Log& log = found->second;
    std::optional<std::uint64_t> least;
    for (const Device& one : state_.devices) {
      if (one.revoked || std::ranges::count(log.record.members, one.user) == 0) continue;
      const auto acked = log.acks.find(one.device);
      const std::uint64_t seq = acked == log.acks.end() ? 0 : acked->second;
      least = least ? std::min(*least, seq) : seq;
    }
    if (least) log.pruned = std::max(log.pruned, *least);
    for (auto& [seq, entry] : log.entries) {
      if (seq <= log.pruned) entry.payload.clear();
    }
    return ok_status();
  }
  Result<bool> forget(WallTime before) override {
    if (Status good = changing(); !good) return std::move(good).error();
    for (auto& [id, log] : state_.logs) {
      const std::uint64_t pruned = log.pruned;  // clang captures no structured bindings
      std::erase_if(log.entries,
                    [&](const auto& one) { return one.first <= pruned && one.second.time < before; });
    }
    return false;
  }

  // ---- Blobs ----
  Status add(const Blob& blob) override {
    if (Status good = changing(); !good) return good;
    if (!state_.logs.contains(blob.conversation)) return fake::missing("There is no such conversation.");
    if (!state_.accounts.contains(blob.uploader)) return fake::missing("There is no such user.");
    if (!state_.blobs.emplace(blob.blob, fake::StoredBlob{blob, {}}).second) {
      return fail(ErrorCode::conflict, "This exists already.");
    }
    return ok_status();
  }
  Result<Blob> get(BlobId blob) override {
    const auto found = state_.blobs.find(blob);
    if (found == state_.blobs.end()) return fake::missing("There is no such file on the server.");
    return found->second.record;
  }
  Status set_size(BlobId blob, std::uint64_t size, bool complete) override {
    if (Status good = changing(); !good) return good;
    const auto found = state_.blobs.find(blob);
    if (found == state_.blobs.end()) return fake::missing("There is no such file on the server.");
    found->second.record.size = size;
    found->second.record.complete = complete;
    return ok_status();
  }
  Result<bool> release(BlobId blob, UserId user) override {
    if (Status good = changing(); !good) return std::move(good).error();
    const auto found = state_.blobs.find(blob);
    if (found == state_.blobs.end()) return fake::missing("There is no such file on the server.");
    const Blob& record = found->second.record;
    if (!record.complete && record.uploader == user) return true;
    found->second.released.insert(user);
    return record.complete &&
           std::ranges::all_of(state_.logs[record.conversation].record.members, [&](UserId member) {
             return member == record.uploader || found->second.released.contains(member);
           });
  }
  Status remove(BlobId blob) override {
    if (Status good = changing(); !good) return good;
    if (state_.blobs.erase(blob) == 0) return fake::missing("There is no such file on the server.");
    return ok_status();
  }
  Result<std::uint64_t> bytes_of(UserId uploader) override {
    std::uint64_t sum = 0;
    for (const auto& [id, one] : state_.blobs) sum += one.record.uploader == uploader ? one.record.size : 0;
    return sum;
  }
  Result<std::vector<Blob>> older_than(WallTime before, std::uint32_t limit) override {
    std::vector<Blob> old;
    for (const auto& [id, one] : state_.blobs) {
      if (one.record.created < before && old.size() < limit) old.push_back(one.record);
    }
    return old;
  }

  State state_;
  State before_;
  State part_;
  bool changed_ = false;
};

}  // namespace sotto::test
