// Hello, guests and their deadlines, logout.
#include "sessions.hpp"

#include "sotto/base/log.hpp"

namespace sotto::server {

struct Sessions::Greeted {
  std::vector<UserId> contacts;
};

namespace {

constexpr std::uint32_t kProtocol = 1;
constexpr const char* kSignedOut = "This device was signed out. Sign in again.";

// A renewed certificate for the same key, issued by the account's present identity, replaces the stored one.
Status accept_certificate(store::ServerStore& store, const store::Device& device, const Bytes& presented,
                          const crypto::DeviceIdentity& identity) {
  if (device.certificate == presented) return ok_status();
  const Result<crypto::Certificate> known = crypto::Certificate::from_der(device.certificate);
  if (!known || known->ed25519_key() != identity.device_key) return fail(ErrorCode::denied, kSignedOut);
  return store.devices().set_certificate(device.device, presented);
}

}  // namespace

void Sessions::on_connected(ConnectionId id, Peer peer) {
  Connection& connection = hub_.add(id);
  connection.guest = std::make_unique<GuestState>();
  connection.guest->source = std::move(peer.source);
  connection.guest->exporter = std::move(peer.exporter);
  if (peer.identity) {
    connection.reader = proto::FrameReader();
    connection.guest->identity = std::move(peer.identity);
    connection.guest->device_certificate = std::move(peer.device_certificate);
  } else {
    ++guests_;
    const std::size_t here = ++guests_by_source_[connection.guest->source];
    if (guests_ > kMaxGuests || (hub_.config.limit_sources && here > kMaxGuestsPerSource)) {
      log::warning("server.guests_full", {{"guests", guests_}});
      return hub_.say_goodbye(connection, "busy",
                              "Too many people are signing in at once. Try again in a minute.");
    }
  }
  hub_.set_deadline(connection, hub_.moment.now + kHelloDeadline);
}

void Sessions::on_drop(const Connection& connection) {
  if (connection.guest == nullptr || connection.guest->identity) return;
  --guests_;
  const auto source = guests_by_source_.find(connection.guest->source);
  if (--source->second == 0) guests_by_source_.erase(source);
}

void Sessions::on_deadline() {
  while (!hub_.deadlines().empty() && hub_.deadlines().begin()->first <= hub_.moment.now) {
    Connection& connection = *hub_.find(hub_.deadlines().begin()->second);
    hub_.say_goodbye(connection, "protocol", "Nothing came for too long.");
  }
}

void Sessions::housekeeping() {
  register_rate_.forget_full(hub_.moment.now);
  login_rate_.forget_full(hub_.moment.now);
  password_rate_.forget_full(hub_.moment.now);
}

void Sessions::refuse(Request request, const Error& error, Duration retry_after) {
  if (Connection* connection = hub_.find(request.connection)) connection->busy = false;
  hub_.reply_error(request, error, retry_after);
}

void Sessions::finish(Request request, const proto::Envelope& envelope) {
  if (Connection* connection = hub_.find(request.connection)) connection->busy = false;
  hub_.reply(request, envelope);
}

void Sessions::hello(Connection& connection, Request request, const proto::HelloRequest& body) {
  if (body.protocol() != kProtocol) {
    hub_.reply_error(request, fail(ErrorCode::invalid_argument,
                                   "This server speaks protocol 1. Update the program or the server."));
    return hub_.say_goodbye(connection, "protocol", "Unknown protocol version.");
  }
  if (!connection.guest->identity) {
    hub_.set_deadline(connection, hub_.moment.now + kGuestDeadline);
    connection.phase = Phase::guest;
    return greet(request, std::nullopt);
  }
  connection.busy = true;
  hub_.ask<Greeted>(
      store::Access::write,
      [identity = *connection.guest->identity,
       certificate = connection.guest->device_certificate](store::ServerStore& store) -> Result<Greeted> {
        const Result<store::Device> device = store.devices().by_device(identity.device);
        if (!device && device.error().code != ErrorCode::not_found) return device.error();
        if (!device || device->revoked || device->user != identity.user)
          return fail(ErrorCode::denied, kSignedOut);
        const Result<store::Account> account = store.accounts().by_user(identity.user);
        if (!account) return account.error();
        if (account->identity.key != identity.identity_key) return fail(ErrorCode::denied, kSignedOut);
        if (Status good = accept_certificate(store, *device, certificate, identity); !good) {
          return std::move(good).error();
        }
        Result<std::vector<UserId>> contacts = store.conversations().contacts(identity.user);
        if (!contacts) return std::move(contacts).error();
        return Greeted{*std::move(contacts)};
      },
      [this, request](Result<Greeted> greeted) {
        if (greeted) return greet(request, *std::move(greeted));
        Connection* refused = hub_.find(request.connection);
        if (refused == nullptr) return;
        const bool revoked = greeted.error().code == ErrorCode::denied;
        hub_.reply_error(request, greeted.error());
        hub_.say_goodbye(*refused, revoked ? "revoked" : "restart", greeted.error().message);
      });
}

void Sessions::greet(Request request, std::optional<Greeted> greeted) {
  Connection* connection = hub_.find(request.connection);
  if (connection == nullptr) return;
  proto::Envelope envelope;
  envelope.set_id(request.id);
  proto::HelloReply& reply = *envelope.mutable_hello_reply();
  reply.set_protocol(kProtocol);
  reply.set_server_version(hub_.config.version);
  reply.set_registration_open(hub_.config.registration == Registration::open);
  reply.set_max_blob_bytes(hub_.config.max_blob_bytes);
  reply.set_blob_chunk_bytes(proto::kBlobChunkBytes);
  reply.set_max_append_bytes(proto::kMaxAppendBytes);
  reply.set_server_time_ms(hub_.moment.wall.ms);
  if (!greeted) return hub_.reply(request, envelope);
  const crypto::DeviceIdentity& identity = *connection->guest->identity;
  reply.set_user(to_string(identity.user.bytes()));
  reply.set_device(to_string(identity.device.bytes()));
  connection->user = identity.user;
  connection->device = identity.device;
  // The reply goes out before anything that follows from being online. Frames that wait are taken after that.
  const bool processing = std::exchange(connection->processing, true);
  finish(request, envelope);
  become_device(*connection, *std::move(greeted));
  connection->processing = processing;
  if (connection->paused && !processing) hub_.on_room(*connection);
}

void Sessions::become_device(Connection& connection, Greeted greeted) {
  hub_.clear_deadline(connection);
  connection.guest.reset();
  const bool was_visible = hub_.is_visible(connection.user);
  Connection* before = hub_.set_online(connection);
  if (before != nullptr) {
    hub_.say_goodbye(*before, "replaced", "This device connected again.");
  }
  directory_.came_online(connection, was_visible, greeted.contacts);
}

void Sessions::logout(Connection& connection, Request request) {
  hub_.ask<Unit>(
      store::Access::write,
      [device = connection.device, now = hub_.moment.wall](store::ServerStore& store) {
        return store.devices().revoke(device, now);
      },
      [this, request, user = connection.user, device = connection.device](const Status& done) {
        if (!done) return hub_.reply_error(request, done.error());
        hub_.reply_ok(request);
        kick({device});
        directory_.devices_changed(user);
      });
}

void Sessions::kick(const std::vector<DeviceId>& devices) {
  for (const DeviceId device : devices) {
    if (Connection* connection = hub_.device(device)) {
      hub_.say_goodbye(*connection, "revoked", kSignedOut);
    }
  }
}

}  // namespace sotto::server
