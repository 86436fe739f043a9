// Conversations and their logs: append, push, fetch, acknowledge.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

#include "directory.hpp"
#include "hub.hpp"
#include "sotto/proto/hot_frames.hpp"

namespace sotto::server {

class Delivery {
 public:
  // `remembered`: of how many conversations the members are kept in memory.
  Delivery(Hub& hub, Directory& directory, std::size_t remembered = kMaxCachedConversations)
      : hub_(hub), directory_(directory), remembered_(remembered) {}

  void open_direct(Connection& connection, Request request, const proto::OpenDirectRequest& body);
  void list_conversations(Connection& connection, Request request);
  void append(Connection& connection, Request request, const proto::AppendView& body);
  void fetch(Connection& connection, Request request, const proto::FetchRequest& body);
  void ack(Connection& connection, Request request, const proto::AckRequest& body);

  // Hands the messages gathered since the last time to the store, as one task. The core calls it at the end
  // of a turn, and before anything else is asked of the store, so that nothing overtakes them.
  void submit_appends();

  // Acknowledgements are written together a little later, and who reads slowly is looked at again.
  TimePoint next_deadline() const { return std::min(ack_deadline_, look_again_); }
  void on_deadline();
  void flush_acks();
  void forget_old_entries();

  // Calls f(Status) at once or later: not_found unless `user` is a member of the conversation. Calls for one
  // conversation keep their order.
  template <class F>
  void require_member(ConversationId conversation, UserId user, F f) {
    // Behind one who waits for the answer, everybody waits.
    const auto asking = asking_.find(conversation);
    if (const auto known = members_.find(conversation); known != members_.end() && asking == asking_.end()) {
      return f(is_member(known->second, user));
    }
    auto waiting = [user, f = std::move(f)](const Result<std::vector<UserId>>& members) mutable {
      f(members ? is_member(*members, user) : Status(members.error()));
    };
    if (asking != asking_.end()) return asking->second.emplace_back(std::move(waiting)), void();
    asking_[conversation].emplace_back(std::move(waiting));
    ask_members(conversation);
  }

 private:
  static Status is_member(const std::vector<UserId>& members, UserId user);
  void remember(ConversationId conversation, std::vector<UserId> members);
  void ask_members(ConversationId conversation);

  // A message between its request and its reply.
  struct Append {
    Request request;
    UserId user;
    DeviceId device;
    ConversationId conversation;
    MessageId message;
    std::string payload;
    store::Appended appended;  // if the outcome is ok
    Status outcome = ok_status();
  };
  void push_entry(const std::shared_ptr<const std::vector<Append>>& batch, const Append& entry);

  void go_on_fetching(Connection& connection);
  void fetched(const Fetch& fetch, Result<store::LogPage> page);
  void reply_page(const Fetch& fetch, store::LogPage page);

  using AckKey = std::pair<ConversationId, DeviceId>;
  using Waiting = std::function<void(const Result<std::vector<UserId>>&)>;
  Hub& hub_;
  Directory& directory_;
  const std::size_t remembered_;
  std::unordered_map<ConversationId, std::vector<UserId>> members_;  // members of a direct one never change
  std::unordered_map<ConversationId, std::vector<Waiting>> asking_;  // whose members the store is asked for
  std::vector<Append> gathered_;                                     // not yet given to the store
  std::map<AckKey, std::uint64_t> acks_;                             // not yet written
  TimePoint ack_deadline_ = kNever;
  std::vector<ConnectionId> slow_;  // with fetches that wait for the network
  TimePoint look_again_ = kNever;
};

}  // namespace sotto::server
