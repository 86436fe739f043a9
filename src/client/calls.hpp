// Calls: signalling, one call at a time, its timers, and its item in the conversation.
//
//   outgoing: ringing --answer--> connecting --packets--> active <--> reconnecting        every state -->
//   ended incoming: ringing --accept--> connecting --reveal, packets--> active <--> reconnecting
//
// Microphone, camera and the first packet need the local user's word: a media session of an incoming call
// does not even exist before calls_accept(), so nothing that the far side sends can open a device, and none
// of this side's addresses leaves before (security.md C-09, C-10). start() has one caller, begin_media(),
// which demands `consent`. The caller's X25519 key is fixed by the commitment in the offer and revealed after
// the answer. Thread: the client core's. The media observer's calls come from outside of the client, on the
// same thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context.hpp"
#include "outbox.hpp"
#include "sealer.hpp"
#include "session.hpp"
#include "sotto/call/media_session.hpp"
#include "sotto/crypto/dh.hpp"
#include "sync.hpp"
#include "timeline.hpp"

namespace sotto::client {

inline constexpr Duration kCallRingLimit = std::chrono::seconds(45);       // ui.md 1.3.2
inline constexpr Duration kCallConnectLimit = std::chrono::seconds(20);    // ui.md 1.3.4
inline constexpr Duration kCallReconnectLimit = std::chrono::seconds(30);  // ui.md 1.3.9

class Calls final : public call::MediaObserver {
 public:
  Calls(Context& context, Session& session, Directory& directory, Timeline& timeline, Outbox& outbox,
        call::MediaSessionFactory& media);
  ~Calls() override;
  void set_profile(const Profile* profile, Sealer* sealer);

  Result<CallView> start(ConversationId conversation, bool video);
  Result<CallView> accept(CallId id, bool video);
  Result<CallView> decline(CallId id);
  Result<CallView> hang_up(CallId id);
  Result<CallView> set(CallId id, const Commands::CallSettings& settings);
  Result<call::CallStats> stats(CallId id);
  void shut_down();

  // All signals of one batch, so that a call that was over before we heard of it does not ring.
  void on_signals(const std::vector<ReceivedSignal>& signals);
  void poll();
  TimePoint next_deadline() const;

  // call::MediaObserver
  void on_local_candidate(const std::string& candidate) override;
  void on_local_candidates_end() override;
  void on_connected() override;
  void on_interrupted() override;
  void on_failed(const Error& error) override;
  void on_device_problem(const Error& error) override;

 private:
  struct Call {
    Call();  // out of line: clang 14 cannot use the initialisers below before the outer class is complete

    CallId id;
    ConversationId conversation;
    UserId peer;
    DeviceId peer_device;  // incoming: the caller's; outgoing: the one that answered, zero before
    bool outgoing = false;
    bool video = false;
    CallState state = CallState::ringing;
    EndReason reason = EndReason::none;
    std::string failure;
    // The local user called or accepted: the only thing that lets media start.
    bool consent = false;
    bool peer_ringing = false;
    bool microphone = true, camera = false, speaker = true;
    bool peer_microphone = true, peer_camera = false;
    std::optional<crypto::DhPrivateKey> key;
    Bytes commitment;       // incoming: to the caller's key
    Bytes peer_public_key;  // outgoing: the callee's; incoming: the caller's, once revealed
    call::IceParameters remote_ice;
    std::vector<std::string> remote_candidates;  // incoming: those that came before the accept
    std::vector<std::string> local_candidates;   // not yet signalled
    bool candidates_end = false;
    TimePoint send_candidates_at = kNever;
    std::string security_code;
    std::unique_ptr<call::MediaSession> session;
    bool media_started = false;
    std::int64_t began_ms = 0;
    TimePoint deadline = kNever;      // of the present state
    TimePoint active_since = kNever;  // the first time
    TimePoint stats_at = kNever;
  };

  Call* find(CallId id) { return call_ && call_->id == id ? &*call_ : nullptr; }
  CallView view(const Call& call) const;
  void tell();
  void enter(CallState state, Duration limit);
  Status create_session();
  Status begin_media();
  Status make_answer(bool video);
  void send(const Call& call, proto::CallSignal signal, OutboxKind kind = OutboxKind::call_signal);
  void send_hang_up(const Call& call, proto::CallHangup::Reason reason);
  void send_candidates();
  void send_update();
  void end(EndReason reason, const std::string& failure = {});
  void keep_ended(const Call& call);
  void put_item(const Call& call);
  void missed(const ReceivedSignal& offer, EndReason reason);
  void remember(const Call& call);
  void recover();

  void on_offer(const ReceivedSignal& received, bool over_already);
  void on_answer(const ReceivedSignal& received);
  void on_reveal(const ReceivedSignal& received);
  void on_candidates(const ReceivedSignal& received);
  void on_hang_up(const ReceivedSignal& received);
  bool is_from_peer(const ReceivedSignal& received) const;

  Context& context_;
  Session& session_;
  Directory& directory_;
  Timeline& timeline_;
  Outbox& outbox_;
  call::MediaSessionFactory& media_;
  const Profile* profile_ = nullptr;
  Sealer* sealer_ = nullptr;
  std::optional<Call> call_;
  std::deque<CallView> ended_;  // the newest few: late signals and commands for them change nothing
  std::vector<std::unique_ptr<call::MediaSession>> closed_;  // destroyed later, not under their own callbacks
};

}  // namespace sotto::client
