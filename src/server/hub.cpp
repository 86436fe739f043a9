#include "hub.hpp"

#include <algorithm>
#include <limits>

namespace sotto::server {

Connection* Hub::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

Connection& Hub::add(ConnectionId id) {
  return *connections_.emplace(id, std::make_unique<Connection>(id)).first->second;
}

void Hub::drop(Connection& connection) {
  if (connection.phase == Phase::closed) return;
  on_drop(connection);
  clear_deadline(connection);
  const bool was_device = connection.phase == Phase::device;
  const bool was_visible = was_device && is_visible(connection.user);
  if (was_device) {
    if (const auto it = devices_.find(connection.device); it != devices_.end() && it->second == &connection) {
      devices_.erase(it);
    }
    if (const auto user = users_.find(connection.user); user != users_.end()) {
      std::erase(user->second.devices, &connection);
      if (user->second.devices.empty()) users_.erase(user);
    }
  }
  connection.phase = Phase::closed;
  const auto it = connections_.find(connection.id);
  graveyard_.push_back(std::move(it->second));
  connections_.erase(it);
  if (was_device) on_device_gone(connection, was_visible);
}

void Hub::say_goodbye(Connection& connection, std::string_view code, std::string_view message) {
  if (connection.phase == Phase::closed) return;
  proto::Envelope envelope;
  envelope.mutable_goodbye()->set_code(std::string(code));
  envelope.mutable_goodbye()->set_message(std::string(message));
  push(connection, envelope);
  const ConnectionId id = connection.id;
  drop(connection);
  ports.close(id);
}

void Hub::set_deadline(Connection& connection, TimePoint at) {
  clear_deadline(connection);
  connection.deadline = deadlines_.emplace(at, connection.id);
}

void Hub::clear_deadline(Connection& connection) {
  if (!connection.deadline) return;
  deadlines_.erase(*connection.deadline);
  connection.deadline.reset();
}

Connection* Hub::set_online(Connection& connection) {
  connection.phase = Phase::device;
  Connection*& slot = devices_[connection.device];
  Connection* before = std::exchange(slot, &connection);
  users_[connection.user].devices.push_back(&connection);
  return before;
}

Connection* Hub::device(DeviceId id) {
  const auto found = devices_.find(id);
  return found == devices_.end() ? nullptr : found->second;
}

const Hub::OnlineUser* Hub::online(UserId user) const {
  const auto found = users_.find(user);
  return found == users_.end() ? nullptr : &found->second;
}

bool Hub::is_visible(UserId user) const {
  const OnlineUser* known = online(user);
  return known != nullptr &&
         std::ranges::any_of(known->devices, [](const Connection* device) { return device->visible; });
}

Bytes Hub::frame_of(const proto::Envelope& envelope) {
  Result<Bytes> frame = proto::to_frame(envelope);
  if (frame) return *std::move(frame);
  proto::Envelope too_large;
  too_large.set_id(envelope.id());
  too_large.mutable_error()->set_code(std::string(to_string(ErrorCode::too_large)));
  too_large.mutable_error()->set_message("The answer is larger than a frame may be.");
  return *proto::to_frame(too_large);
}

void Hub::reply(Request request, const proto::Envelope& envelope, Priority priority) {
  reply_frame(request, frame_of(envelope), priority);
}

void Hub::reply_frame(Request request, Bytes frame, Priority priority) {
  Connection* connection = find(request.connection);
  if (connection == nullptr) return;
  ports.send(request.connection, std::move(frame), priority);
  --connection->in_flight;
  if (connection->paused && !connection->processing) on_room(*connection);
}

void Hub::reply_ok(Request request) {
  proto::Envelope envelope;
  envelope.set_id(request.id);
  envelope.mutable_ok();
  reply(request, envelope);
}

void Hub::reply_error(Request request, const Error& error, Duration retry_after) {
  proto::Envelope envelope;
  envelope.set_id(request.id);
  proto::ErrorReply& reply_body = *envelope.mutable_error();
  reply_body.set_code(std::string(to_string(error.code)));
  reply_body.set_message(error.message);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(retry_after).count();
  reply_body.set_retry_after_ms(
      static_cast<std::uint32_t>(std::min<std::int64_t>(ms, std::numeric_limits<std::uint32_t>::max())));
  reply(request, envelope);
}

void Hub::push(Connection& connection, const proto::Envelope& envelope) {
  ports.send(connection.id, frame_of(envelope), Priority::urgent);
}

void Hub::push_to_user(UserId user, const Bytes& frame, DeviceId except) {
  const OnlineUser* known = online(user);
  if (known == nullptr) return;
  for (const Connection* device : known->devices) {
    if (device->device != except) ports.send(device->id, frame, Priority::urgent);
  }
}

}  // namespace sotto::server
