#include "session.hpp"

#include <algorithm>
#include <array>

#include "content.hpp"
#include "sotto/base/log.hpp"
#include "sotto/crypto/certificate.hpp"
#include "sotto/proto/frame.hpp"

namespace sotto::client {

namespace {

using namespace std::chrono_literals;

// Chosen: quick after a hiccup, half a minute at most, and every delay moved by a quarter either way so that
// the clients of a restarted server do not come at once.
constexpr std::array<Duration, 6> kBackOff = {1s, 2s, 4s, 8s, 15s, 30s};
constexpr Duration kHandshakeLimit = 15s;  // TCP, TLS and hello together
constexpr Duration kPingAfter = 25s;       // of hearing nothing
constexpr Duration kDeadAfter = 30s;
constexpr Duration kWaitForOnline = 10s;
constexpr std::uint32_t kProtocol = 1;

Error to_error(const proto::ErrorReply& reply) {
  return fail(error_code_from(reply.code()).value_or(ErrorCode::internal),
              reply.message().empty() ? "The server refused the request." : reply.message());
}

}  // namespace

bool is_permanent(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::not_found:
    case ErrorCode::denied:
    case ErrorCode::conflict:
    case ErrorCode::too_large:
    case ErrorCode::untrusted: return true;
    case ErrorCode::offline:
    case ErrorCode::rate_limited:
    case ErrorCode::storage:
    case ErrorCode::unavailable:
    case ErrorCode::internal: return false;
  }
  return false;
}

Session::Session(Context& context, Channel& channel, Listener& listener)
    : context_(context), channel_(channel), listener_(listener) {}

void Session::enter(Target target, UserId user, DeviceId device) {
  leave();
  standing_ = true;
  target_ = std::move(target);
  user_ = user;
  device_ = device;
  attempt();
}

void Session::visit(ChannelTarget target, Greeted greeted) {
  leave();
  greeted_ = std::move(greeted);
  state_ = State::connecting;
  open_channel(std::move(target));
}

void Session::leave() {
  const bool was_online = is_online();
  if (state_ != State::idle && state_ != State::waiting) channel_.close();
  standing_ = false;
  stay_away_ = false;
  failures_ = 0;
  greeted_ = nullptr;
  retry_at_ = deadline_ = last_received_ = kNever;
  reason_ = {};
  set_state(State::idle);
  fail_pending(fail(ErrorCode::offline, "The connection was closed."));
  if (was_online) listener_.on_offline();
}

void Session::reconnect_now() {
  if (!standing_ || state_ != State::waiting) return;
  failures_ = 0;
  attempt();
}

void Session::attempt() {
  stay_away_ = false;
  retry_at_ = kNever;
  parting_.reset();
  set_state(State::connecting);
  open_channel(target_());
}

void Session::open_channel(ChannelTarget target) {
  deadline_ = context_.moment.now + kHandshakeLimit;
  pinned_certificate_ = target.ca_certificate;
  pinned_fingerprint_ = target.ca_fingerprint;
  channel_.connect(std::move(target));
}

// The channel checked it during the handshake; asking again costs nothing and keeps the decision testable.
Status Session::check_pin() const {
  const Result<crypto::Certificate> ca = crypto::Certificate::from_der(proof_.ca_certificate);
  if (!ca) return fail(ErrorCode::untrusted, "The server's certificate is malformed.");
  const crypto::Sha256Digest fingerprint = ca->spki_fingerprint();
  if (!pinned_certificate_.empty()) {
    if (equal(pinned_certificate_, proof_.ca_certificate)) return ok_status();
    return fail(ErrorCode::untrusted, "The server's identity has changed. Nothing was sent to it.");
  }
  if (pinned_fingerprint_.empty()) {
    return fail(
        ErrorCode::untrusted,
        "This server is not known yet. Use an invite link, or compare its fingerprint with the server's "
        "administrator: " +
            to_hex(fingerprint));
  }
  if (equal(pinned_fingerprint_, fingerprint)) return ok_status();
  return fail(ErrorCode::untrusted,
              "The server is not the one that the invite link names. Nothing was sent to it.");
}

void Session::on_connected(const ServerProof& proof) {
  if (state_ != State::connecting) return;
  proof_ = proof;
  if (Status pinned = check_pin(); !pinned) return end_connection(std::move(pinned).error(), true);
  state_ = State::greeting;
  last_received_ = context_.moment.now;
  ping_sent_ = false;
  proto::Envelope envelope;
  envelope.mutable_hello()->set_protocol(kProtocol);
  envelope.mutable_hello()->set_client_version("sotto");
  request(std::move(envelope), [this](Result<proto::Envelope> reply) { finish_greeting(std::move(reply)); });
}

void Session::finish_greeting(Result<proto::Envelope> reply) {
  if (!reply) {
    if (reply.error().code != ErrorCode::offline) end_connection(std::move(reply).error(), true);
    return;
  }
  if (!reply->has_hello_reply()) {
    return end_connection(fail(ErrorCode::unavailable, "The server does not speak Sotto's protocol."), true);
  }
  hello_ = reply->hello_reply();
  clock_offset_ms_ = plausible_time_ms(hello_.server_time_ms()) - context_.moment.wall.ms;
  if (!standing_) {
    state_ = State::open;
    deadline_ = kNever;
    const Greeted greeted = std::exchange(greeted_, nullptr);
    greeted(Greeting{hello_, proof_});
    return;
  }
  if (as_text(user_.bytes()) != hello_.user() || as_text(device_.bytes()) != hello_.device()) {
    return end_connection(
        fail(ErrorCode::denied, "The server does not know this device any more. Sign in again."), true);
  }
  failures_ = 0;
  deadline_ = kNever;
  set_state(State::open);
  wake_waiters(ok_status());
  listener_.on_online(hello_);
}

void Session::on_frame(ByteView body) {
  if (state_ != State::greeting && state_ != State::open) return;
  last_received_ = context_.moment.now;
  ping_sent_ = false;
  Result<proto::Envelope> envelope = proto::parse_envelope(body);
  if (!envelope) {
    log::warning("client_bad_frame");
    return end_connection(fail(ErrorCode::unavailable, "The server sent something that is not understood."),
                          true);
  }
  if (envelope->id() == 0) {
    if (envelope->has_goodbye()) return on_goodbye(envelope->goodbye());
    if (is_online()) listener_.on_push(*envelope);
    return;
  }
  const auto found = pending_.find(envelope->id());
  if (found == pending_.end()) return;  // a reply to a request that its owner forgot
  const Reply reply = std::move(found->second);
  pending_.erase(found);
  if (envelope->has_error()) {
    retry_after_ = std::chrono::milliseconds(envelope->error().retry_after_ms());
    reply(to_error(envelope->error()));
  } else {
    reply(std::move(envelope));
  }
}

void Session::on_goodbye(const proto::GoodbyePush& goodbye) {
  if (goodbye.code() == "revoked") {
    parting_ = fail(ErrorCode::denied, goodbye.message().empty()
                                           ? "This device was signed out by the account or the server."
                                           : goodbye.message());
  } else if (goodbye.code() == "replaced") {
    parting_ = fail(ErrorCode::conflict, "This profile is connected from somewhere else.");
  } else if (goodbye.code() == "restart") {
    parting_ = fail(ErrorCode::offline, "The server is restarting.");
  } else {
    parting_ = fail(ErrorCode::offline,
                    goodbye.message().empty() ? "The server closed the connection." : goodbye.message());
  }
}

void Session::on_closed(const Error& error) { end_connection(error, false); }

void Session::end_connection(Error reason, bool close_channel) {
  if (state_ == State::idle || state_ == State::waiting) return;
  if (close_channel) channel_.close();
  if (parting_) reason = *std::exchange(parting_, std::nullopt);
  const bool was_online = is_online();
  deadline_ = last_received_ = kNever;

  if (!standing_) {
    set_state(State::idle);
    const Greeted greeted = std::exchange(greeted_, nullptr);
    fail_pending(reason);
    if (greeted) greeted(std::move(reason));
    return;
  }
  stay_away_ = reason.code == ErrorCode::denied;
  // Somebody else holds our place: coming back quickly would make the two push each other out.
  if (reason.code == ErrorCode::conflict) failures_ = kBackOff.size() - 1;
  const Duration base = kBackOff[std::min(failures_, kBackOff.size() - 1)];
  ++failures_;
  const auto quarter = static_cast<std::uint64_t>(base.count() / 4);
  const Duration jitter =
      Duration(static_cast<std::int64_t>(context_.random.below(2 * quarter + 1))) - base / 4;
  retry_at_ = stay_away_ ? kNever : context_.moment.now + base + jitter;
  reason_ = reason;
  log::info("client_disconnected", {{"code", to_string(reason.code)}, {"failures", failures_}});
  set_state(State::waiting);
  fail_pending(fail(ErrorCode::offline, "The connection to the server was lost."));
  wake_waiters(reason);
  if (was_online) listener_.on_offline();
}

void Session::request(proto::Envelope envelope, Reply reply, Priority priority) {
  request(
      [&envelope](std::uint64_t id) {
        envelope.set_id(id);
        return proto::to_frame(envelope);
      },
      std::move(reply), priority);
}

void Session::request(const MakeFrame& make, Reply reply, Priority priority) {
  if (state_ != State::greeting && state_ != State::open) {
    // Never from inside: the owner may still be in the middle of its own work.
    waiters_.push_back({[reply = std::move(reply)](const Status&) {
                          reply(fail(ErrorCode::offline, "There is no connection to the server."));
                        },
                        context_.moment.now});
    return;
  }
  const std::uint64_t id = next_id_++;
  Result<Bytes> frame = make(id);
  if (!frame) {
    waiters_.push_back({[reply = std::move(reply), error = frame.error()](const Status&) { reply(error); },
                        context_.moment.now});
    return;
  }
  pending_.emplace(id, std::move(reply));
  channel_.send(std::move(*frame), priority);
}

void Session::when_online(std::function<void(Status)> then) {
  if (is_online()) return then(ok_status());
  if (!standing_) return then(fail(ErrorCode::conflict, "Nobody is signed in."));
  if (state_ == State::waiting) return then(fail(ErrorCode::offline, reason_.message));
  waiters_.push_back({std::move(then), context_.moment.now + kWaitForOnline});
}

void Session::wake_waiters(const Status& status) {
  std::vector<Waiter> waiters = std::exchange(waiters_, {});
  for (Waiter& waiter : waiters) {
    waiter.then(status ? status : Status(fail(ErrorCode::offline, status.error().message)));
  }
}

void Session::fail_pending(const Error& reason) {
  std::map<std::uint64_t, Reply> pending = std::exchange(pending_, {});
  for (auto& [id, reply] : pending) reply(reason);
}

void Session::set_state(State state) {
  const ConnectionView before = view();
  state_ = state;
  const ConnectionView now = view();
  const bool changed = before.state != now.state || before.reason != now.reason || before.code != now.code;
  if (changed || state == State::waiting) context_.emit(ConnectionChanged{now});
}

ConnectionView Session::view() const {
  ConnectionView view;
  if (is_online()) {
    view.state = ConnectionState::online;
    return view;
  }
  view.reason = reason_.message;
  view.code = reason_.message.empty() ? ErrorCode::offline : reason_.code;
  if (standing_ && state_ != State::waiting) {
    view.state = ConnectionState::connecting;
  } else if (retry_at_ != kNever) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(retry_at_ - context_.moment.now);
    view.retry_in_ms = static_cast<int>(std::max<std::int64_t>(0, left.count()));
  }
  return view;
}

void Session::poll() {
  const TimePoint now = context_.moment.now;
  if (state_ == State::waiting && now >= retry_at_) attempt();
  if ((state_ == State::connecting || state_ == State::greeting) && now >= deadline_) {
    end_connection(fail(ErrorCode::offline, "The server does not answer."), true);
  }
  if (state_ == State::open && last_received_ != kNever) {
    if (now >= last_received_ + kDeadAfter) {
      end_connection(fail(ErrorCode::offline, "The server stopped answering."), true);
    } else if (!ping_sent_ && now >= last_received_ + kPingAfter) {
      ping_sent_ = true;
      proto::Envelope envelope;
      envelope.mutable_ping();
      request(std::move(envelope), [](const Result<proto::Envelope>&) {});
    }
  }
  // Those that are due; a callback may add more.
  std::vector<Waiter> due;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    if (waiter.deadline > now) return false;
    due.push_back(std::move(waiter));
    return true;
  });
  for (Waiter& waiter : due) waiter.then(fail(ErrorCode::offline, "There is no connection to the server."));
}

TimePoint Session::next_deadline() const {
  TimePoint next = kNever;
  if (state_ == State::waiting) next = std::min(next, retry_at_);
  if (state_ == State::connecting || state_ == State::greeting) next = std::min(next, deadline_);
  if (state_ == State::open && last_received_ != kNever) {
    next = std::min(next, last_received_ + (ping_sent_ ? kDeadAfter : kPingAfter));
  }
  for (const Waiter& waiter : waiters_) next = std::min(next, waiter.deadline);
  return next;
}

}  // namespace sotto::client
