#include "sotto/server/core.hpp"

#include <algorithm>

#include "blobs.hpp"
#include "delivery.hpp"
#include "directory.hpp"
#include "hub.hpp"
#include "sessions.hpp"

namespace sotto::server {

using proto::Envelope;

struct Core::Parts {
  Parts(Config config, Ports& ports, Random& random, Moment moment)
      : hub(std::move(config), ports, random, moment), housekeeping(moment.now + kHousekeeping) {
    hub.on_room = [this](Connection& connection) { process(connection); };
    hub.before_ask = [this] { delivery.submit_appends(); };
    hub.on_drop = [this](const Connection& connection) { sessions.on_drop(connection); };
    hub.on_device_gone = [this](const Connection& connection, bool was_visible) {
      // When the server goes, everyone's connection ends, and nobody is there to be told.
      directory.left(connection, was_visible && !shutting_down);
    };
  }

  void process(Connection& connection);
  void take_frame(Connection& connection, ByteView frame);
  bool take_hot_frame(Connection& connection, ByteView frame);
  void dispatch(Connection& connection, Request request, Envelope& envelope);
  void dispatch_guest(Connection& connection, Request request, Envelope& envelope);
  void dispatch_device(Connection& connection, Request request, Envelope& envelope);
  void append(Connection& connection, Request request, const proto::AppendRequest& body);
  void put(Connection& connection, Request request, const proto::PutBlobRequest& body);
  bool within_rate(Connection& connection, Request request, Envelope::BodyCase kind);
  bool is_overloaded(Request request);

  Hub hub;
  Directory directory{hub};
  Delivery delivery{hub, directory};
  Blobs blobs{hub, delivery};
  Sessions sessions{hub, directory};
  TimePoint housekeeping;
  bool shutting_down = false;
};

Core::Core(Config config, Ports& ports, Random& random, Moment moment)
    : parts_(std::make_unique<Parts>(std::move(config), ports, random, moment)) {}
Core::~Core() = default;

void Core::advance(Moment moment) {
  parts_->hub.moment = moment;
  parts_->hub.sweep();
}

void Core::on_connected(ConnectionId connection, Peer peer, Moment moment) {
  advance(moment);
  parts_->sessions.on_connected(connection, std::move(peer));
}

void Core::on_bytes(ConnectionId id, ByteView bytes, Moment moment) {
  advance(moment);
  Connection* connection = parts_->hub.find(id);
  if (connection == nullptr) return;
  connection->reader.feed(bytes);
  parts_->process(*connection);
}

void Core::on_disconnected(ConnectionId id, Moment moment) {
  advance(moment);
  if (Connection* connection = parts_->hub.find(id)) parts_->hub.drop(*connection);
}

void Core::end_turn() { parts_->delivery.submit_appends(); }

TimePoint Core::next_deadline() const {
  const Deadlines& deadlines = parts_->hub.deadlines();
  const TimePoint guests = deadlines.empty() ? kNever : deadlines.begin()->first;
  return std::min({guests, parts_->delivery.next_deadline(), parts_->housekeeping});
}

void Core::on_deadline(Moment moment) {
  advance(moment);
  parts_->sessions.on_deadline();
  parts_->delivery.on_deadline();
  if (moment.now < parts_->housekeeping) return;
  parts_->housekeeping = moment.now + kHousekeeping;
  parts_->sessions.housekeeping();
  parts_->blobs.housekeeping();
  parts_->delivery.forget_old_entries();
}

void Core::shut_down(Moment moment) {
  advance(moment);
  parts_->delivery.submit_appends();
  parts_->delivery.flush_acks();
  parts_->shutting_down = true;
  parts_->hub.for_each_connection([this](Connection& connection) {
    parts_->hub.say_goodbye(connection, "restart", "The server is restarting.");
  });
}

Counts Core::counts() const { return Counts{parts_->hub.connection_count(), parts_->hub.devices_online()}; }

// Takes frames while the connection may have more under way; otherwise they wait, and so does the peer.
void Core::Parts::process(Connection& connection) {
  if (connection.processing) return;
  connection.processing = true;
  const auto is_blocked = [&] { return connection.busy || connection.in_flight >= kMaxInFlight; };
  while (connection.phase != Phase::closed && !is_blocked()) {
    const std::optional<ByteView> frame = connection.reader.next();
    if (!frame) break;
    take_frame(connection, *frame);
  }
  connection.processing = false;
  if (connection.phase == Phase::closed) return;
  if (connection.reader.failed()) {
    return hub.say_goodbye(connection, "protocol", "A frame was too large.");
  }
  connection.reader.settle();
  const bool pause = is_blocked() && connection.reader.mid_frame();
  if (pause == connection.paused) return;
  connection.paused = pause;
  if (pause) {
    hub.ports.pause_reading(connection.id);
  } else {
    hub.ports.resume_reading(connection.id);
  }
}

void Core::Parts::take_frame(Connection& connection, ByteView frame) {
  if (connection.phase == Phase::device && take_hot_frame(connection, frame)) return;
  Result<Envelope> envelope = proto::parse_envelope(frame);
  if (!envelope || envelope->id() == 0 || envelope->body_case() >= Envelope::kError) {
    return hub.say_goodbye(connection, "protocol", "A frame was not a request of this protocol.");
  }
  ++connection.in_flight;
  dispatch(connection, Request{connection.id, envelope->id()}, *envelope);
}

// The requests that come for every message and every piece of a file, without protobuf's objects.
bool Core::Parts::take_hot_frame(Connection& connection, ByteView frame) {
  const std::optional<proto::AppendView> message = proto::read_append(frame);
  const std::optional<proto::PutBlobView> piece = message ? std::nullopt : proto::read_put_blob(frame);
  if (!message && !piece) return false;
  const Request request{connection.id, message ? message->id : piece->id};
  if (request.id == 0) return false;
  ++connection.in_flight;
  if (message && !within_rate(connection, request, Envelope::kAppend)) return true;
  if (is_overloaded(request)) return true;
  if (message) {
    delivery.append(connection, request, *message);
  } else {
    blobs.put(connection, request, *piece);
  }
  return true;
}

bool Core::Parts::is_overloaded(Request request) {
  if (!hub.store_is_busy()) return false;
  hub.reply_error(request, fail(ErrorCode::unavailable, "The server is overloaded. Try again in a moment."),
                  seconds(1));
  return true;
}

void Core::Parts::dispatch(Connection& connection, Request request, Envelope& envelope) {
  if (connection.phase == Phase::fresh) {
    if (!envelope.has_hello()) {
      return hub.say_goodbye(connection, "protocol", "The first request of a connection is Hello.");
    }
    return sessions.hello(connection, request, envelope.hello());
  }
  if (envelope.has_hello()) {
    return hub.reply_error(request, fail(ErrorCode::conflict, "This connection has said Hello already."));
  }
  if (!within_rate(connection, request, envelope.body_case()) || is_overloaded(request)) return;
  if (connection.phase == Phase::device) return dispatch_device(connection, request, envelope);
  dispatch_guest(connection, request, envelope);
}

bool Core::Parts::within_rate(Connection& connection, Request request, Envelope::BodyCase kind) {
  Duration wait = Duration::zero();
  switch (kind) {
    case Envelope::kAppend: wait = connection.appends.take(kAppendRate, hub.moment.now); break;
    // Limited by the quota, the requests under way and the network.
    case Envelope::kPutBlob:
    case Envelope::kGetBlob:
    // Costs nothing but its bytes.
    case Envelope::kAck:
    case Envelope::kPing: break;
    default: wait = connection.others.take(kOtherRate, hub.moment.now);
  }
  if (wait == Duration::zero()) return true;
  hub.reply_error(request, fail(ErrorCode::rate_limited, "Too many requests. Slow down."), wait);
  return false;
}

void Core::Parts::dispatch_guest(Connection& connection, Request request, Envelope& envelope) {
  switch (envelope.body_case()) {
    case Envelope::kRegister:
      return sessions.register_account(connection, request, *envelope.mutable_register_());
    case Envelope::kLogin: return sessions.login(connection, request, *envelope.mutable_login());
    case Envelope::kEnroll: return sessions.enroll(connection, request, envelope.enroll());
    case Envelope::kPing: return hub.reply_ok(request);
    default: return hub.reply_error(request, fail(ErrorCode::denied, "Sign in first."));
  }
}

void Core::Parts::append(Connection& connection, Request request, const proto::AppendRequest& body) {
  delivery.append(
      connection, request,
      {request.id, as_bytes(body.conversation()), as_bytes(body.message()), as_bytes(body.payload())});
}

void Core::Parts::put(Connection& connection, Request request, const proto::PutBlobRequest& body) {
  blobs.put(connection, request,
            {request.id, as_bytes(body.blob()), as_bytes(body.conversation()), body.offset(),
             as_bytes(body.data())});
}

void Core::Parts::dispatch_device(Connection& connection, Request request, Envelope& envelope) {
  switch (envelope.body_case()) {
    case Envelope::kFindUser: return directory.find_user(connection, request, envelope.find_user());
    case Envelope::kGetUser: return directory.get_user(connection, request, envelope.get_user());
    case Envelope::kSetPresence: return directory.set_presence(connection, request, envelope.set_presence());
    case Envelope::kOpenDirect: return delivery.open_direct(connection, request, envelope.open_direct());
    case Envelope::kListConversations: return delivery.list_conversations(connection, request);
    case Envelope::kAppend: return append(connection, request, envelope.append());
    case Envelope::kFetch: return delivery.fetch(connection, request, envelope.fetch());
    case Envelope::kAck: return delivery.ack(connection, request, envelope.ack());
    case Envelope::kPutBlob: return put(connection, request, envelope.put_blob());
    case Envelope::kBlobStatus: return blobs.status(connection, request, envelope.blob_status());
    case Envelope::kFinishBlob: return blobs.finish(connection, request, envelope.finish_blob());
    case Envelope::kGetBlob: return blobs.get(connection, request, envelope.get_blob());
    case Envelope::kReleaseBlob: return blobs.release(connection, request, envelope.release_blob());
    case Envelope::kChangePassword:
      return sessions.change_password(connection, request, *envelope.mutable_change_password());
    case Envelope::kLogout: return sessions.logout(connection, request);
    case Envelope::kPing: return hub.reply_ok(request);
    default:
      return hub.reply_error(
          request, fail(ErrorCode::denied, "This connection belongs to a device that is signed in."));
  }
}

}  // namespace sotto::server
