// Who is who, who is there: user look-ups, presence, and telling contacts that devices changed.
#pragma once

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
  void went_offline(UserId user);
  // Two people share a conversation from now on, and see from now on whether the other is there.
  void became_contacts(UserId a, UserId b);
  void devices_changed(UserId user);

 private:
  struct Found;
  void answer(Request request, Result<Found> found);
  void tell_contacts(UserId user, Bytes frame);
  static Bytes presence_frame(UserId user, bool online);

  Hub& hub_;
  Buckets<UserId> find_rate_{kFindUserRate};
};

}  // namespace sotto::server
