// Entries of the server's logs, in order and exactly once, into the store.
//
// After connecting it lists the conversations and fetches what is missing; after that entries come as pushes,
// and a gap means fetching. A batch of entries, the receipts for them and the advanced cursor are one
// transaction; the server is told (Ack) a second later. What arrives twice is seen twice by nobody: the
// cursor, the sender's counter and the message id each stop it. Thread: the client core's.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>

#include "context.hpp"
#include "directory.hpp"
#include "outbox.hpp"
#include "sealer.hpp"
#include "session.hpp"
#include "timeline.hpp"

namespace sotto::client {

struct ReceivedSignal {
  ConversationId conversation;
  UserId sender;
  DeviceId device;
  std::int64_t server_time_ms = 0;  // when the server stored it
  proto::CallSignal signal;
};

class Sync {
 public:
  // After the commit of the batch that carried them.
  using SignalHook = std::function<void(const std::vector<ReceivedSignal>&)>;

  Sync(Context& context, Session& session, Directory& directory, Timeline& timeline, Outbox& outbox);
  void set_profile(const Profile* profile, Sealer* sealer);
  void set_signal_hook(SignalHook hook) { signal_hook_ = std::move(hook); }

  // Stores a conversation that the server named. False: malformed.
  Result<store::ClientConversationRecord> adopt(const proto::Conversation& conversation);

  void on_online();
  void on_offline();
  void on_push(const proto::Entry& entry);
  void poll();
  TimePoint next_deadline() const;

 private:
  struct Progress {
    bool fetching = false;
    bool asking = false;       // for the sender of the entry at the front
    bool more = false;         // the server has more than was fetched
    std::uint64_t wanted = 0;  // the log is known to reach up to here
    std::deque<proto::Entry> queue;
    DeviceId asked_for;  // do not ask twice for one entry
    TimePoint ack_at = kNever;
    TimePoint retry_at = kNever;  // after trouble with the store
  };

  void list();
  void fetch(ConversationId conversation);
  void process(ConversationId conversation);
  // Inside the batch's transaction.
  void apply(const proto::Entry& entry, store::ClientConversationRecord& conversation,
             const store::ClientDeviceRecord* sender, std::vector<MessageId>& to_confirm,
             std::vector<ReceivedSignal>& signals);
  void apply_content(const proto::Entry& entry, const MessageAddress& address, const proto::Content& content,
                     std::vector<MessageId>& to_confirm, std::vector<ReceivedSignal>& signals);
  void apply_receipt(const proto::Receipt& receipt, const MessageAddress& address);
  void ack(ConversationId conversation);
  void tell_when_caught_up();

  Context& context_;
  Session& session_;
  Directory& directory_;
  Timeline& timeline_;
  Outbox& outbox_;
  SignalHook signal_hook_;
  const Profile* profile_ = nullptr;
  Sealer* sealer_ = nullptr;
  std::map<ConversationId, Progress> progress_;
  bool listing_ = false;
  bool listed_ = false, caught_up_ = false;  // since the connection came
  TimePoint list_at_ = kNever;
};

}  // namespace sotto::client
