// What the far side's signals do to a call. Whatever does not fit the state is ignored.
#include <algorithm>

#include "calls.hpp"
#include "content.hpp"
#include "sotto/base/log.hpp"
#include "sotto/call/call_keys.hpp"

namespace sotto::client {

namespace {

constexpr std::int64_t kOfferLifeMs = 60'000;  // an older one rings nobody

CallId call_of(const ReceivedSignal& received) {
  return CallId::from_bytes(as_bytes(received.signal.call())).value_or(CallId{});
}

}  // namespace

void Calls::on_signals(const std::vector<ReceivedSignal>& signals) {
  if (profile_ == nullptr) return;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    const ReceivedSignal& received = signals[i];
    if (received.sender == profile_->user) continue;  // another device of ours
    switch (received.signal.body_case()) {
      case proto::CallSignal::kOffer: {
        const bool over = std::any_of(signals.begin() + static_cast<std::ptrdiff_t>(i) + 1, signals.end(),
                                      [&](const ReceivedSignal& later) {
                                        return later.device == received.device && later.signal.has_hangup() &&
                                               later.signal.call() == received.signal.call();
                                      });
        on_offer(received, over);
        break;
      }
      case proto::CallSignal::kRinging:
        if (is_from_peer(received) && call_->outgoing && call_->state == CallState::ringing &&
            !call_->peer_ringing) {
          call_->peer_ringing = true;
          tell();
        }
        break;
      case proto::CallSignal::kAnswer: on_answer(received); break;
      case proto::CallSignal::kReveal: on_reveal(received); break;
      case proto::CallSignal::kCandidates: on_candidates(received); break;
      case proto::CallSignal::kUpdate:
        if (is_from_peer(received) && call_->consent && call_->state != CallState::ringing) {
          call_->peer_microphone = received.signal.update().microphone();
          call_->peer_camera = received.signal.update().camera();
          tell();
        }
        break;
      case proto::CallSignal::kHangup: on_hang_up(received); break;
      case proto::CallSignal::BODY_NOT_SET: break;
    }
  }
}

// Of this call, in its conversation, from the device we talk to (before an answer: any verified one of the
// peer).
bool Calls::is_from_peer(const ReceivedSignal& received) const {
  return call_ && call_->id == call_of(received) && call_->conversation == received.conversation &&
         call_->peer == received.sender &&
         (call_->peer_device.is_zero() || call_->peer_device == received.device);
}

void Calls::missed(const ReceivedSignal& received, EndReason reason) {
  Call call;
  call.id = call_of(received);
  call.conversation = received.conversation;
  call.peer = received.sender;
  call.peer_device = received.device;
  call.video = received.signal.offer().video();
  call.began_ms = received.server_time_ms;
  call.state = CallState::ended;
  call.reason = reason;
  // put_item() forgets the call under way; that one goes on.
  put_item(call);
  if (call_) remember(*call_);
  keep_ended(call);
}

void Calls::on_offer(const ReceivedSignal& received, bool over_already) {
  const CallId id = call_of(received);
  if (id.is_zero() || (call_ && call_->id == id)) return;
  if (std::ranges::find(ended_, id, &CallView::id) != ended_.end()) return;
  if (context_.store.message(MessageId::from_bytes(id.bytes()).value_or(MessageId{}))) return;

  const std::int64_t age = session_.server_time().ms - received.server_time_ms;
  if (over_already || age > kOfferLifeMs) return missed(received, EndReason::cancelled);

  bool answer_at_once = false;
  bool with_video = false, with_microphone = true, with_speaker = true;
  if (call_) {
    const bool same_people = call_->conversation == received.conversation && call_->peer == received.sender;
    const bool glare = same_people && call_->outgoing && call_->state == CallState::ringing;
    if (!glare) {
      Call busy;
      busy.id = id;
      busy.conversation = received.conversation;
      send_hang_up(busy, proto::CallHangup::BUSY);
      return missed(received, EndReason::busy);
    }
    // Both called each other: the call with the lower id is the one, on both sides.
    if (call_->id < id) return;
    // Ours gives way without an item of its own. Our user has asked for a call with this person, which is the
    // consent that an accept would give.
    answer_at_once = true;
    with_video = call_->camera;
    with_microphone = call_->microphone;
    with_speaker = call_->speaker;
    call_->state = CallState::ended;
    if (call_->session) {
      call_->session->close();
      closed_.push_back(std::move(call_->session));
    }
    tell();
    keep_ended(*call_);
    call_.reset();
  }

  const proto::CallOffer& offer = received.signal.offer();
  call_.emplace();
  call_->id = id;
  call_->conversation = received.conversation;
  call_->peer = received.sender;
  call_->peer_device = received.device;
  call_->video = call_->peer_camera = offer.video();
  call_->commitment = to_bytes(as_bytes(offer.key_commitment()));
  call_->remote_ice = {offer.ice().ufrag(), offer.ice().password()};
  call_->began_ms = received.server_time_ms;
  call_->state = CallState::ringing;
  call_->deadline = context_.moment.now + kCallRingLimit;
  remember(*call_);
  if (answer_at_once) {
    call_->microphone = with_microphone;
    call_->speaker = with_speaker;
    if (Status answered = make_answer(with_video); !answered) {
      send_hang_up(*call_, proto::CallHangup::FAILED);
      end(EndReason::media_failed, answered.error().message);
    }
    return;
  }
  context_.emit(CallIncoming{view(*call_)});
  proto::CallSignal signal;
  signal.mutable_ringing();
  send(*call_, std::move(signal));
}

void Calls::on_answer(const ReceivedSignal& received) {
  if (!is_from_peer(received) || !call_->outgoing || call_->state != CallState::ringing) return;
  const proto::CallAnswer& answer = received.signal.answer();
  call_->peer_device = received.device;
  call_->peer_public_key = to_bytes(as_bytes(answer.public_key()));
  call_->peer_camera = answer.video();
  proto::CallSignal signal;
  signal.mutable_reveal()->set_public_key(raw(call_->key->public_key()));
  send(*call_, std::move(signal));
  Status begun = call_->session->set_remote_ice({answer.ice().ufrag(), answer.ice().password()});
  if (begun) {
    for (const std::string& candidate : call_->remote_candidates) {
      (void)call_->session->add_remote_candidate(candidate);
    }
    call_->remote_candidates.clear();
    begun = begin_media();
  }
  if (!begun) {
    send_hang_up(*call_, proto::CallHangup::FAILED);
    return end(EndReason::media_failed, begun.error().message);
  }
  enter(CallState::connecting, kCallConnectLimit);
  // What was switched while it rang: the offer spoke of a microphone, and of a camera for a call with
  // picture.
  if (!call_->microphone || call_->camera != call_->video) send_update();
}

void Calls::on_reveal(const ReceivedSignal& received) {
  if (!is_from_peer(received) || call_->outgoing || call_->state != CallState::connecting ||
      call_->media_started)
    return;
  const Bytes key = to_bytes(as_bytes(received.signal.reveal().public_key()));
  if (!constant_time_equal(call::commitment_to(call_->id, key), call_->commitment)) {
    log::warning("client_call_commitment_broken");
    send_hang_up(*call_, proto::CallHangup::FAILED);
    return end(EndReason::connect_failed,
               "The caller's key is not the one that was promised; somebody may interfere.");
  }
  call_->peer_public_key = key;
  if (Status begun = begin_media(); !begun) {
    send_hang_up(*call_, proto::CallHangup::FAILED);
    return end(EndReason::media_failed, begun.error().message);
  }
  tell();  // with the security code
}

void Calls::on_candidates(const ReceivedSignal& received) {
  if (!is_from_peer(received)) return;
  for (const std::string& candidate : received.signal.candidates().candidates()) {
    // Before the answer, either way, the path is not to be tried yet.
    if (call_->state != CallState::ringing && call_->session) {
      (void)call_->session->add_remote_candidate(candidate);
    } else if (call_->remote_candidates.size() < kMaxCandidates) {
      call_->remote_candidates.push_back(candidate);
    }
  }
}

void Calls::on_hang_up(const ReceivedSignal& received) {
  if (!is_from_peer(received)) return;
  const proto::CallHangup::Reason reason = received.signal.hangup().reason();
  if (call_->state != CallState::ringing) {
    return end(reason == proto::CallHangup::FAILED && call_->active_since == kNever
                   ? EndReason::connect_failed
               : reason == proto::CallHangup::FAILED ? EndReason::connection_lost
                                                     : EndReason::remote_hangup);
  }
  if (!call_->outgoing) {
    return end(reason == proto::CallHangup::FAILED      ? EndReason::connect_failed
               : reason == proto::CallHangup::NO_ANSWER ? EndReason::no_answer
                                                        : EndReason::cancelled);
  }
  switch (reason) {
    case proto::CallHangup::DECLINED: return end(EndReason::declined);
    case proto::CallHangup::BUSY: return end(EndReason::busy);
    case proto::CallHangup::NO_ANSWER: return end(EndReason::no_answer);
    case proto::CallHangup::FAILED:
      return end(EndReason::connect_failed, "The far side could not take the call.");
    default: return end(EndReason::remote_hangup);
  }
}

}  // namespace sotto::client
