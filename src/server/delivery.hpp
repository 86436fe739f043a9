// Conversations and their logs: append, push, fetch, acknowledge.
#pragma once

#include <map>
#include <unordered_map>
#include <utility>

#include "hub.hpp"

namespace sotto::server {

class Delivery {
 public:
  explicit Delivery(Hub& hub) : hub_(hub) {}

  void open_direct(Connection& connection, Request request, const proto::OpenDirectRequest& body);
  void list_conversations(Connection& connection, Request request);
  void append(Connection& connection, Request request, proto::AppendRequest& body);
  void fetch(Connection& connection, Request request, const proto::FetchRequest& body);
  void ack(Connection& connection, Request request, const proto::AckRequest& body);

  // Acknowledgements are written together a little later; this is when.
  TimePoint next_deadline() const { return ack_deadline_; }
  void flush_acks();
  void forget_old_entries();

  // Calls f(Status) at once or later: not_found unless `user` is a member of the conversation. Calls for one
  // conversation keep their order.
  template <class F>
  void require_member(ConversationId conversation, UserId user, F f) {
    if (const auto known = members_.find(conversation); known != members_.end()) {
      return f(is_member(known->second, user));
    }
    hub_.ask<store::Conversation>(
        store::Access::read,
        [conversation](store::ServerStore& store) { return store.conversations().get(conversation); },
        [this, conversation, user, f = std::move(f)](Result<store::Conversation> found) mutable {
          if (!found) return f(Status(std::move(found).error()));
          const Status member = is_member(found->members, user);
          remember(conversation, std::move(found->members));
          f(member);
        });
  }

 private:
  static Status is_member(const std::vector<UserId>& members, UserId user);
  void remember(ConversationId conversation, std::vector<UserId> members);
  void write_entry(Request request, UserId user, DeviceId device, ConversationId conversation, MessageId message,
                   std::string payload);
  void push_entry(ConversationId conversation, std::uint64_t seq, WallTime time, UserId user, DeviceId device,
                  MessageId message, std::string payload);

  using AckKey = std::pair<ConversationId, DeviceId>;
  Hub& hub_;
  std::unordered_map<ConversationId, std::vector<UserId>> members_;  // members of a direct one never change
  std::map<AckKey, std::uint64_t> acks_;                             // not yet written
  TimePoint ack_deadline_ = kNever;
};

}  // namespace sotto::server
