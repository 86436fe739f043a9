// Messages of conversations as stored and as shown.
//
// Changes are made inside the caller's transaction and noted; after its commit publish() emits the events,
// after a failure discard() forgets them:
//
//   store::Transaction tx(store);
//   timeline.add(record); timeline.update(other);
//   timeline.finish(tx.commit());                    // publish or discard
// Thread: the client core's.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "context.hpp"
#include "directory.hpp"

namespace sotto::client {

Bytes encode(const CallSummary& summary);
CallSummary decode_call_summary(ByteView bytes);

class Timeline {
 public:
  Timeline(Context& context, Directory& directory);
  void set_profile(const Profile* profile) { profile_ = profile; }

  // -- Inside a transaction --
  void add(const store::MessageRecord& message);
  void update(const store::MessageRecord& message);
  // A line of the program itself: "The security number has changed."
  void add_event(ConversationId conversation, UserId about, const std::string& text);
  void touch(ConversationId conversation) { touched_.insert(conversation); }
  // Behind what is stored of the log, before what comes next.
  std::uint64_t local_position(ConversationId conversation);
  std::uint64_t unsent_position(ConversationId conversation);
  // Forward only; false if the message is not an own one or is further already.
  bool advance(MessageId message, MessageState state);

  // -- After it --
  Status finish(Status committed);

  MessageView view(const store::MessageRecord& message) const;
  ConversationView view(const store::ClientConversationRecord& conversation) const;

 private:
  Context& context_;
  Directory& directory_;
  const Profile* profile_ = nullptr;
  std::vector<MessageId> added_, updated_;
  std::set<ConversationId> touched_;
};

}  // namespace sotto::client
