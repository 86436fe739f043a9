// People and their devices: asks the server, believes only what the pinned identity key signed, remembers.
//
// A device counts when server CA -> identity -> device verifies and the identity key is the one pinned for
// that user; the first one seen is pinned. When it changes, an unverified contact is pinned anew with a
// notice; for a verified one sending is held besides until the user decides (verify()). Expiry of a contact's
// certificates is not held against them: whether a device may still connect is the server's business, and a
// message to somebody who was away for months must still be sealed. Thread: the client core's.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "context.hpp"
#include "profile.hpp"
#include "session.hpp"

namespace sotto::client {

class Directory {
 public:
  struct Hooks {
    // Inside the transaction that pins a new identity: adds notices to conversations.
    std::function<void(const store::UserRecord& user, bool was_verified)> identity_changed;
    // With the outcome of that transaction, which it passes on.
    std::function<Status(Status)> committed;
    // A user's devices or identity may have changed: held messages may go now.
    std::function<void(UserId user)> user_changed;
  };

  Directory(Context& context, Session& session);
  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }
  void set_profile(const Profile* profile) { profile_ = profile; }

  // Asks the server; several calls for one user share one request.
  void refresh(UserId user, std::function<void(Status)> done);
  void find(const std::string& username, std::function<void(Result<UserId>)> done);
  // Asked during this connection, and nothing was said since that would make it stale.
  bool is_fresh(UserId user) const { return fresh_.contains(user); }

  UserView view(const store::UserRecord& user) const;
  UserView view(UserId user) const;
  std::vector<store::ClientDeviceRecord> active_devices(UserId user) const;

  Result<std::string> safety_number(UserId user) const;
  Result<UserView> verify(UserId user, bool verified, const std::string& digits);

  void on_online();
  void on_offline();
  void on_presence(const proto::PresencePush& push);
  void on_devices_changed(const proto::DevicesChangedPush& push);

 private:
  Result<UserId> apply(const proto::User& user);
  void put_devices(const proto::User& user, const store::UserRecord& record,
                   const Bytes& identity_certificate);
  void finish_refresh(UserId user, const Status& status);

  Context& context_;
  Session& session_;
  Hooks hooks_;
  const Profile* profile_ = nullptr;
  std::set<UserId> fresh_;
  std::set<UserId> online_;
  std::map<UserId, std::vector<std::function<void(Status)>>> asking_;
};

}  // namespace sotto::client
