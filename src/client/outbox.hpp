// What waits to be sent: per conversation in order, one at a time, until the server has it durably.
//
// A row keeps its message id over reconnects and restarts, and from its first attempt on its place in the
// sender's chain (counter, previous hash), so that the server can tell a repetition and the far side never
// sees two. The row at the head of a conversation has its place from the transaction that makes it the head.
//
//   store::Transaction tx(store); ... outbox.put(conversation, message, kind, content); ...
//   timeline.finish(tx.commit()); outbox.pump(conversation);
//
// Only a refusal that repeating cannot change (denied, invalid, too large) ends a row without being sent.
// Thread: the client core's.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "context.hpp"
#include "directory.hpp"
#include "sealer.hpp"
#include "session.hpp"
#include "timeline.hpp"

namespace sotto::client {

enum class OutboxKind { message, receipt, call_signal, call_hangup };

class Outbox {
 public:
  Outbox(Context& context, Session& session, Directory& directory, Timeline& timeline);
  // Both null: signed out.
  void set_profile(const Profile* profile, Sealer* sealer);

  // -- Inside a transaction --
  void put(ConversationId conversation, MessageId message, OutboxKind kind, const proto::Content& content);
  // Joins a receipt of the same kind that has not been tried yet.
  void put_receipt(ConversationId conversation, proto::Receipt::Kind kind,
                   const std::vector<MessageId>& messages);

  // -- Outside --
  void pump(ConversationId conversation);
  void pump_all();
  bool is_held(ConversationId conversation) const;  // the user has to decide about a changed identity
  void on_online() { pump_all(); }
  void on_offline();
  void on_user_changed(UserId user);
  void poll();
  TimePoint next_deadline() const;

 private:
  void send(store::OutboxRecord row, const store::ClientConversationRecord& conversation,
            std::vector<store::ClientDeviceRecord> devices);
  void on_appended(const store::OutboxRecord& row, Bytes hash, const proto::AppendReply& reply);
  void on_refused(const store::OutboxRecord& row, const Error& error);
  void drop(const store::OutboxRecord& row, const std::string& failure);
  void assign_head(store::ClientConversationRecord& conversation);
  bool is_stale(const store::OutboxRecord& row) const;
  void try_later(ConversationId conversation, Duration delay);

  Context& context_;
  Session& session_;
  Directory& directory_;
  Timeline& timeline_;
  const Profile* profile_ = nullptr;
  Sealer* sealer_ = nullptr;
  std::set<ConversationId> in_flight_;
  std::map<ConversationId, TimePoint> retry_at_;
};

}  // namespace sotto::client
