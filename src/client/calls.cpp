#include "calls.hpp"

#include <algorithm>

#include "content.hpp"
#include "sotto/base/log.hpp"
#include "sotto/call/call_keys.hpp"
#include "sotto/wire/reader.hpp"
#include "sotto/wire/writer.hpp"

namespace sotto::client {

namespace {

using namespace std::chrono_literals;

constexpr Duration kStatsEvery = 1s;
constexpr Duration kCandidateDelay = 30ms;  // chosen: one message for the burst of host candidates
constexpr std::size_t kMaxEnded = 32;
constexpr std::string_view kUnderWay = "call under way";

Error identity_changed() {
  return fail(ErrorCode::untrusted, "The safety number has changed. Verify it again before you talk.");
}

Error no_call() { return fail(ErrorCode::not_found, "There is no such call."); }

MessageId item_of(CallId call) { return MessageId::from_bytes(call.bytes()).value_or(MessageId{}); }

}  // namespace

Calls::Call::Call() = default;

Calls::Calls(Context& context, Session& session, Directory& directory, Timeline& timeline, Outbox& outbox,
             call::MediaSessionFactory& media)
    : context_(context),
      session_(session),
      directory_(directory),
      timeline_(timeline),
      outbox_(outbox),
      media_(media) {}

Calls::~Calls() {
  if (call_ && call_->session) call_->session->close();
}

void Calls::set_profile(const Profile* profile, Sealer* sealer) {
  if (call_) {
    if (call_->session) call_->session->close();
    // Signed out in the middle of it: whoever shows it has to know that it is over.
    call_->state = CallState::ended;
    call_->reason = EndReason::local_hangup;
    tell();
  }
  call_.reset();
  ended_.clear();
  profile_ = profile;
  sealer_ = sealer;
  if (profile_ != nullptr) recover();
}

// ---- What survives a crash: that there was a call ----

void Calls::remember(const Call& call) {
  wire::Writer out;
  out.fixed(call.id.bytes());
  out.fixed(call.conversation.bytes());
  out.fixed(call.peer.bytes());
  out.u8(call.outgoing ? 1 : 0);
  out.u8(call.video ? 1 : 0);
  out.u64(static_cast<std::uint64_t>(call.began_ms));
  context_.store.put_value(kUnderWay, out.view());
}

// The program ended in the middle of a call: the far side is told, and the call gets its item.
void Calls::recover() {
  const std::optional<Bytes> bytes = context_.store.value(kUnderWay);
  if (!bytes) return;
  wire::Reader in(*bytes);
  Call call;
  call.id = CallId::from_bytes(in.fixed(16)).value_or(CallId{});
  call.conversation = ConversationId::from_bytes(in.fixed(16)).value_or(ConversationId{});
  call.peer = UserId::from_bytes(in.fixed(16)).value_or(UserId{});
  call.outgoing = in.u8() != 0;
  call.video = in.u8() != 0;
  call.began_ms = static_cast<std::int64_t>(in.u64());
  if (!in.finish()) return context_.store.remove_value(kUnderWay);
  call.state = CallState::ended;
  call.reason = EndReason::connection_lost;
  send_hang_up(call, proto::CallHangup::FAILED);
  put_item(call);
}

void Calls::put_item(const Call& call) {
  CallSummary summary;
  summary.outgoing = call.outgoing;
  summary.video = call.video;
  summary.answered = call.active_since != kNever;
  summary.reason = call.reason;
  if (summary.answered) {
    summary.duration_s = static_cast<int>(
        std::chrono::duration_cast<std::chrono::seconds>(context_.moment.now - call.active_since).count());
  }
  store::Transaction transaction(context_.store);
  context_.store.remove_value(kUnderWay);
  const auto present = context_.store.message(item_of(call.id));
  if (!present) {
    store::MessageRecord item;
    item.id = item_of(call.id);
    item.conversation = call.conversation;
    item.sender = call.outgoing ? profile_->user : call.peer;
    item.device = call.outgoing ? profile_->device : call.peer_device;
    item.own = call.outgoing;
    item.unread = !call.outgoing && !summary.answered && call.reason != EndReason::declined;
    item.time_ms = call.began_ms;
    item.position = timeline_.local_position(call.conversation);
    item.kind = static_cast<int>(MessageKind::call);
    item.state = static_cast<int>(MessageState::delivered);
    item.details = encode(summary);
    timeline_.add(item);
  }
  if (Status stored = timeline_.finish(transaction.commit()); !stored) context_.report(stored.error());
}

// ---- Commands ----

Result<CallView> Calls::start(ConversationId conversation, bool video) {
  if (call_) return fail(ErrorCode::conflict, "You are in a call already.");
  if (!session_.is_online()) return fail(ErrorCode::offline, "Calling needs a connection to the server.");
  const auto record = context_.store.conversation(conversation);
  if (!record || record->kind != static_cast<int>(ConversationKind::direct)) {
    return fail(ErrorCode::not_found, "There is no such conversation with one person.");
  }
  if (outbox_.is_held(conversation)) return identity_changed();
  const auto peer =
      std::ranges::find_if(record->members, [&](const UserId& member) { return member != profile_->user; });
  if (peer == record->members.end()) return fail(ErrorCode::not_found, "There is nobody to call.");

  call_.emplace();
  call_->id = context_.random.id<CallId>();
  call_->conversation = conversation;
  call_->peer = *peer;
  call_->outgoing = true;
  call_->video = call_->camera = video;
  call_->consent = true;
  call_->began_ms = context_.moment.wall.ms;
  call_->key.emplace(crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, context_.random));
  if (Status created = create_session(); !created) {
    call_.reset();
    return std::move(created).error();
  }
  remember(*call_);
  enter(CallState::ringing, kCallRingLimit);
  proto::CallSignal signal;
  proto::CallOffer& offer = *signal.mutable_offer();
  offer.set_key_commitment(raw(call::commitment_to(call_->id, call_->key->public_key())));
  offer.set_video(video);
  const call::IceParameters ice = call_->session->local_ice();
  offer.mutable_ice()->set_ufrag(ice.ufrag);
  offer.mutable_ice()->set_password(ice.password);
  offer.add_video_codecs("H264");
  send(*call_, std::move(signal));
  return view(*call_);
}

Result<CallView> Calls::accept(CallId id, bool video) {
  Call* call = find(id);
  if (call == nullptr) return no_call();
  if (call->outgoing || call->state != CallState::ringing) {
    return fail(ErrorCode::conflict, "This call does not wait for an answer.");
  }
  if (outbox_.is_held(call->conversation)) return identity_changed();
  if (!session_.is_online()) return fail(ErrorCode::offline, "Answering needs a connection to the server.");
  if (Status answered = make_answer(video); !answered) {
    const Error& why = answered.error();
    send_hang_up(*call, proto::CallHangup::FAILED);
    end(EndReason::media_failed, why.message);
    return why;
  }
  return view(*call_);
}

Status Calls::make_answer(bool video) {
  Call& call = *call_;
  if (outbox_.is_held(call.conversation)) return identity_changed();
  call.consent = true;
  call.camera = video;
  call.key.emplace(crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, context_.random));
  if (Status created = create_session(); !created) return created;
  if (Status set = call.session->set_remote_ice(call.remote_ice); !set) return set;
  for (const std::string& candidate : call.remote_candidates)
    (void)call.session->add_remote_candidate(candidate);
  call.remote_candidates.clear();
  proto::CallSignal signal;
  proto::CallAnswer& answer = *signal.mutable_answer();
  answer.set_public_key(raw(call.key->public_key()));
  answer.set_video(video);
  const call::IceParameters ice = call.session->local_ice();
  answer.mutable_ice()->set_ufrag(ice.ufrag);
  answer.mutable_ice()->set_password(ice.password);
  send(call, std::move(signal));
  enter(CallState::connecting, kCallConnectLimit);
  if (!call.microphone) send_update();  // the answer says nothing of it
  return ok_status();
}

Result<CallView> Calls::decline(CallId id) {
  Call* call = find(id);
  if (call == nullptr || call->outgoing || call->state != CallState::ringing) return hang_up(id);
  send_hang_up(*call, proto::CallHangup::DECLINED);
  end(EndReason::declined);
  return ended_.front();
}

Result<CallView> Calls::hang_up(CallId id) {
  Call* call = find(id);
  if (call == nullptr) {
    // Both sides hung up at the same time: that is what was wanted.
    const auto ended = std::ranges::find(ended_, id, &CallView::id);
    return ended != ended_.end() ? Result<CallView>(*ended) : Result<CallView>(no_call());
  }
  if (!call->outgoing && call->state == CallState::ringing) return decline(id);
  const bool ringing = call->state == CallState::ringing;
  send_hang_up(*call, ringing ? proto::CallHangup::CANCELLED : proto::CallHangup::HANGUP);
  end(ringing ? EndReason::cancelled : EndReason::local_hangup);
  return ended_.front();
}

Result<CallView> Calls::set(CallId id, const Commands::CallSettings& settings) {
  Call* call = find(id);
  if (call == nullptr) return no_call();
  if (settings.microphone && *settings.microphone != call->microphone) {
    if (call->media_started) {
      if (Status set = call->session->set_microphone(*settings.microphone); !set)
        return std::move(set).error();
    }
    call->microphone = *settings.microphone;
  }
  if (settings.camera && *settings.camera != call->camera) {
    if (call->media_started) {
      if (Status set = call->session->set_camera(*settings.camera); !set) return std::move(set).error();
    }
    call->camera = *settings.camera;
  }
  if (settings.speaker) {
    call->speaker = *settings.speaker;
    if (call->media_started) call->session->set_speaker(*settings.speaker);
  }
  if (call->consent && call->state != CallState::ringing) send_update();
  tell();
  return view(*call);
}

Result<call::CallStats> Calls::stats(CallId id) {
  Call* call = find(id);
  if (call == nullptr) return no_call();
  return call->session ? call->session->stats() : call::CallStats{};
}

void Calls::shut_down() {
  if (call_) (void)hang_up(call_->id);
  closed_.clear();
}

// ---- The life of a call ----

Status Calls::create_session() {
  auto session = media_.create(call_->id, call_->outgoing, *this);
  if (!session) return std::move(session).error();
  call_->session = std::move(*session);
  return ok_status();
}

// The one place from which devices open.
Status Calls::begin_media() {
  Call& call = *call_;
  if (!call.consent || call.media_started || !call.session) {
    return fail(ErrorCode::internal, "The call is not ready for media.");
  }
  // The identity may have changed while it rang: whoever answers then is not the person that was verified.
  if (outbox_.is_held(call.conversation)) return identity_changed();
  const auto device = context_.store.device(call.peer_device);
  if (!device || device->user != call.peer)
    return fail(ErrorCode::untrusted, "The far side's device is not known.");
  const Result<SecretBytes> binding =
      sealer_->export_secret(call.conversation, "sotto call", call.id.bytes(), *device);
  if (!binding) return binding.error();
  Result<call::CallKeys> keys = call::derive_call_keys(
      call.outgoing ? call::Role::caller : call::Role::callee, call.id, binding->view(), call.key->bytes(),
      call.outgoing ? call.key->public_key() : call.peer_public_key,
      call.outgoing ? call.peer_public_key : call.key->public_key());
  if (!keys) return std::move(keys).error();
  call.security_code = keys->security_code;
  call.key.reset();
  if (Status started = call.session->start(std::move(*keys), {call.microphone, call.camera}); !started)
    return started;
  call.media_started = true;
  if (!call.speaker) call.session->set_speaker(false);
  return ok_status();
}

void Calls::enter(CallState state, Duration limit) {
  call_->state = state;
  call_->deadline = limit == Duration::max() ? kNever : context_.moment.now + limit;
  tell();
}

void Calls::end(EndReason reason, const std::string& failure) {
  Call& call = *call_;
  call.reason = reason;
  call.failure = failure;
  if (call.session) {
    call.session->close();  // devices are closed from here on
    closed_.push_back(std::move(call.session));
  }
  call.state = CallState::ended;
  log::info("client_call_ended", {{"reason", to_string(reason)}});
  tell();
  put_item(call);
  keep_ended(call);
  call_.reset();
}

void Calls::keep_ended(const Call& call) {
  ended_.push_front(view(call));
  if (ended_.size() > kMaxEnded) ended_.pop_back();
}

CallView Calls::view(const Call& call) const {
  CallView view;
  view.id = call.id;
  view.conversation = call.conversation;
  view.peer = directory_.view(call.peer);
  view.outgoing = call.outgoing;
  view.video = call.video;
  view.peer_ringing = call.peer_ringing;
  view.state = call.state;
  view.reason = call.reason;
  view.failure = call.failure;
  view.security_code = call.security_code;
  view.verified = view.peer.verified;
  view.microphone = call.microphone;
  view.camera = call.camera;
  view.peer_microphone = call.peer_microphone;
  view.peer_camera = call.peer_camera;
  if (call.active_since != kNever) {
    view.active_s = static_cast<int>(
        std::chrono::duration_cast<std::chrono::seconds>(context_.moment.now - call.active_since).count());
  }
  return view;
}

void Calls::tell() { context_.emit(CallChanged{view(*call_)}); }

void Calls::send(const Call& call, proto::CallSignal signal, OutboxKind kind) {
  signal.set_call(raw(call.id.bytes()));
  proto::Content content;
  content.set_sent_ms(context_.moment.wall.ms);
  *content.mutable_call() = std::move(signal);
  store::Transaction transaction(context_.store);
  outbox_.put(call.conversation, context_.random.id<MessageId>(), kind, content);
  if (Status stored = transaction.commit(); !stored) return context_.report(stored.error());
  outbox_.pump(call.conversation);
}

void Calls::send_hang_up(const Call& call, proto::CallHangup::Reason reason) {
  proto::CallSignal signal;
  signal.mutable_hangup()->set_reason(reason);
  send(call, std::move(signal), OutboxKind::call_hangup);
}

void Calls::send_candidates() {
  Call& call = *call_;
  call.send_candidates_at = kNever;
  if (call.local_candidates.empty() && !call.candidates_end) return;
  proto::CallSignal signal;
  for (const std::string& candidate : call.local_candidates) {
    if (static_cast<std::size_t>(signal.candidates().candidates_size()) == kMaxCandidates) break;
    *signal.mutable_candidates()->add_candidates() = candidate;
  }
  signal.mutable_candidates()->set_end(call.candidates_end);
  call.local_candidates.clear();
  call.candidates_end = false;
  send(call, std::move(signal));
}

void Calls::send_update() {
  proto::CallSignal signal;
  signal.mutable_update()->set_microphone(call_->microphone);
  signal.mutable_update()->set_camera(call_->camera);
  send(*call_, std::move(signal));
}

void Calls::poll() {
  closed_.clear();
  if (!call_) return;
  const TimePoint now = context_.moment.now;
  if (now >= call_->send_candidates_at) send_candidates();
  if (now >= call_->stats_at && call_->session) {
    call_->stats_at = now + kStatsEvery;
    context_.emit(CallStatsUpdated{call_->id, call_->session->stats()});
  }
  if (now < call_->deadline) return;
  switch (call_->state) {
    case CallState::ringing:
      // The caller says so; the callee only stops ringing.
      if (call_->outgoing) send_hang_up(*call_, proto::CallHangup::NO_ANSWER);
      return end(EndReason::no_answer);
    case CallState::connecting:
      send_hang_up(*call_, proto::CallHangup::FAILED);
      return end(EndReason::connect_failed, "No path to the far side was found in 20 seconds.");
    case CallState::reconnecting:
      send_hang_up(*call_, proto::CallHangup::FAILED);
      return end(EndReason::connection_lost);
    case CallState::active:
    case CallState::ended: call_->deadline = kNever;
  }
}

TimePoint Calls::next_deadline() const {
  if (!closed_.empty()) return context_.moment.now;
  if (!call_) return kNever;
  return std::min({call_->deadline, call_->send_candidates_at, call_->stats_at});
}

// ---- Media ----

void Calls::on_local_candidate(const std::string& candidate) {
  if (!call_ || !call_->session) return;
  call_->local_candidates.push_back(candidate);
  if (call_->send_candidates_at == kNever) call_->send_candidates_at = context_.moment.now + kCandidateDelay;
}

void Calls::on_local_candidates_end() {
  if (!call_ || !call_->session) return;
  call_->candidates_end = true;
  if (call_->send_candidates_at == kNever) call_->send_candidates_at = context_.moment.now + kCandidateDelay;
}

void Calls::on_connected() {
  const Outlet::Scope scope(context_.outlet);
  if (!call_ || !call_->media_started) return;
  if (call_->active_since == kNever) {
    call_->active_since = context_.moment.now;
    call_->stats_at = context_.moment.now + kStatsEvery;
  }
  enter(CallState::active, Duration::max());
}

void Calls::on_interrupted() {
  const Outlet::Scope scope(context_.outlet);
  if (!call_ || call_->state != CallState::active) return;
  enter(CallState::reconnecting, kCallReconnectLimit);
}

void Calls::on_failed(const Error& error) {
  const Outlet::Scope scope(context_.outlet);
  if (!call_ || !call_->session) return;
  send_hang_up(*call_, proto::CallHangup::FAILED);
  const bool was_connected = call_->active_since != kNever;
  end(was_connected ? EndReason::connection_lost : EndReason::connect_failed, error.message);
}

void Calls::on_device_problem(const Error& error) {
  const Outlet::Scope scope(context_.outlet);
  context_.emit(Notice{error});
  if (!call_ || !call_->media_started) return;
  // Both sides show what is there: nobody waits for a picture that no camera takes.
  const auto open = call_->session->open_devices();
  const bool microphone = call_->microphone && open.microphone, camera = call_->camera && open.camera;
  if (microphone == call_->microphone && camera == call_->camera) return;
  call_->microphone = microphone;
  call_->camera = camera;
  send_update();
  tell();
}

}  // namespace sotto::client
