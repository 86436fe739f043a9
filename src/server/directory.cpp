#include "directory.hpp"

#include <algorithm>

#include "rules.hpp"

namespace sotto::server {

struct Directory::Found {
  store::Account account;
  std::vector<store::Device> devices;
  bool is_contact = false;
};

namespace {

template <class FoundType>
Result<FoundType> look_up(store::ServerStore& store, Result<store::Account> account, UserId asker) {
  if (!account) return std::move(account).error();
  FoundType found{*std::move(account), {}, false};
  Result<std::vector<store::Device>> devices = store.devices().of_user(found.account.user);
  if (!devices) return std::move(devices).error();
  found.devices = *std::move(devices);
  Result<std::vector<UserId>> contacts = store.conversations().contacts(asker);
  if (!contacts) return std::move(contacts).error();
  found.is_contact = found.account.user == asker || std::ranges::binary_search(*contacts, found.account.user);
  return found;
}

}  // namespace

void Directory::find_user(Connection& connection, Request request, const proto::FindUserRequest& body) {
  if (Status good = check_username(body.username()); !good) {
    return hub_.reply_error(request, fail(ErrorCode::not_found, "There is no such user."));
  }
  if (const Duration wait = find_rate_.take(connection.user, hub_.moment.now); wait > Duration::zero()) {
    return hub_.reply_error(
        request, fail(ErrorCode::rate_limited, "You looked up many names. Try again later."), wait);
  }
  hub_.ask<Found>(
      store::Access::read,
      [name = body.username(), asker = connection.user](store::ServerStore& store) {
        return look_up<Found>(store, store.accounts().by_username(name), asker);
      },
      [this, request](Result<Found> found) { answer(request, std::move(found)); });
}

void Directory::get_user(Connection& connection, Request request, const proto::GetUserRequest& body) {
  const std::optional<UserId> user = UserId::from_bytes(as_bytes(body.user()));
  if (!user) return hub_.reply_error(request, fail(ErrorCode::invalid_argument, "A user id has 16 bytes."));
  hub_.ask<Found>(
      store::Access::read,
      [user = *user, asker = connection.user](store::ServerStore& store) {
        return look_up<Found>(store, store.accounts().by_user(user), asker);
      },
      [this, request](Result<Found> found) { answer(request, std::move(found)); });
}

void Directory::answer(Request request, Result<Found> found) {
  if (!found) return hub_.reply_error(request, found.error());
  proto::Envelope envelope;
  envelope.set_id(request.id);
  proto::User& user = *envelope.mutable_user_reply()->mutable_user();
  user.set_user(to_string(found->account.user.bytes()));
  user.set_username(found->account.username);
  user.set_display_name(found->account.display_name);
  // Presence is for people who share a conversation.
  user.set_online(found->is_contact && hub_.is_visible(found->account.user));
  user.set_identity_certificate(to_string(found->account.identity.certificate));
  for (const store::Device& device : found->devices) {
    proto::Device& out = *user.add_devices();
    out.set_device(to_string(device.device.bytes()));
    out.set_name(device.name);
    out.set_certificate(to_string(device.certificate));
    out.mutable_sealing_key()->set_public_key(to_string(device.sealing_key));
    out.mutable_sealing_key()->set_signature(to_string(device.sealing_signature));
    if (!found->is_contact) continue;
    const Connection* online = hub_.device(device.device);
    const bool there = online != nullptr && online->visible;
    out.set_last_seen_ms(there ? hub_.moment.wall.ms : device.last_seen.ms);
  }
  hub_.reply(request, envelope);
}

void Directory::set_presence(Connection& connection, Request request, const proto::SetPresenceRequest& body) {
  const bool before = hub_.is_visible(connection.user);
  if (connection.visible && !body.visible()) note_seen(connection.device);  // for the last time
  connection.visible = body.visible();
  const bool after = hub_.is_visible(connection.user);
  if (before != after) tell_presence(connection.user, after);
  hub_.reply_ok(request);
}

void Directory::came_online(Connection& connection, bool was_visible, const std::vector<UserId>& contacts) {
  const Bytes here = presence_frame(connection.user, true);
  for (const UserId contact : contacts) {
    if (!was_visible) hub_.push_to_user(contact, here);
    if (!hub_.is_visible(contact)) continue;
    hub_.ports.send(connection.id, presence_frame(contact, true), Priority::urgent);
  }
}

void Directory::left(const Connection& connection, bool was_visible) {
  if (connection.visible && hub_.device(connection.device) == nullptr) note_seen(connection.device);
  if (was_visible && !hub_.is_visible(connection.user)) tell_presence(connection.user, false);
}

void Directory::note_seen(DeviceId device) {
  hub_.ask<Unit>(
      store::Access::write,
      [device, now = hub_.moment.wall](store::ServerStore& store) {
        return store.devices().set_last_seen(device, now);
      },
      [](const Status&) {});  // a courtesy
}

void Directory::became_contacts(UserId a, UserId b) {
  if (hub_.is_visible(a)) hub_.push_to_user(b, presence_frame(a, true));
  if (hub_.is_visible(b)) hub_.push_to_user(a, presence_frame(b, true));
}

void Directory::devices_changed(UserId user) {
  proto::Envelope envelope;
  envelope.mutable_devices_changed()->set_user(to_string(user.bytes()));
  tell_contacts(user, Hub::frame_of(envelope));
}

// By the time the store has answered, the person may have come or gone again, and that was told.
void Directory::tell_presence(UserId user, bool online) {
  tell_contacts(user, presence_frame(user, online), online);
}

void Directory::tell_contacts(UserId user, Bytes frame, std::optional<bool> if_visible) {
  hub_.ask<std::vector<UserId>>(
      store::Access::read, [user](store::ServerStore& store) { return store.conversations().contacts(user); },
      [this, user, frame = std::move(frame), if_visible](Result<std::vector<UserId>> contacts) {
        if (!contacts) return;  // presence is a courtesy; the next change tells again
        if (if_visible && hub_.is_visible(user) != *if_visible) return;
        for (const UserId contact : *contacts) hub_.push_to_user(contact, frame);
      });
}

Bytes Directory::presence_frame(UserId user, bool online) {
  proto::Envelope envelope;
  envelope.mutable_presence()->set_user(to_string(user.bytes()));
  envelope.mutable_presence()->set_online(online);
  return Hub::frame_of(envelope);
}

}  // namespace sotto::server
