// Who is who, who is there: user look-ups, presence, and telling contacts that devices changed.
#pragma once

#include <optional>

#include "hub.hpp"

namespace sotto::server {

class Directory {
 public:
  explicit Directory(Hub& hub) : hub_(hub) {}

  void find_user(Connection& connection, Request request, const proto::FindUserRequest& body);
  void get_user(Connection& connection, Request request, const proto::GetUserRequest& body);
  void set_presence(Connection& connection, Request request, const proto::SetPresenceRequest& body);

  // `contacts` as the store knows them; the newcomer learns who of them is there.
  void came_online(Connection& connection, bool was_visible, const std::vector<UserId>& contacts);
  // A device's connection has ended.
  void left(const Connection& connection, bool was_visible);
  // Two people share a conversation from now on, and see from now on whether the other is there.
  void became_contacts(UserId a, UserId b);
  void devices_changed(UserId user);

 private:
  struct Found;
  void answer(Request request, Result<Found> found);
  // `if_visible`: tells them only if that is so when they are known.
  void tell_contacts(UserId user, Bytes frame, std::optional<bool> if_visible = std::nullopt);
  void tell_presence(UserId user, bool online);
  void note_seen(DeviceId device);
  static Bytes presence_frame(UserId user, bool online);

  Hub& hub_;
  Buckets<UserId> find_rate_{kFindUserRate};
};

}  // namespace sotto::server
