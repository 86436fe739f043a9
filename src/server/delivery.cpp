#include "delivery.hpp"

#include <algorithm>

namespace sotto::server {
namespace {

constexpr const char* kNoConversation = "There is no such conversation.";

void to_proto(const store::Conversation& from, proto::Conversation& to) {
  to.set_conversation(to_string(from.conversation.bytes()));
  for (const UserId member : from.members) to.add_members(to_string(member.bytes()));
  to.set_last_seq(from.last_seq);
  to.set_acked_seq(from.acked_seq);
}

}  // namespace

Status Delivery::is_member(const std::vector<UserId>& members, UserId user) {
  if (std::ranges::find(members, user) != members.end()) return ok_status();
  // The same answer as for a conversation that does not exist.
  return fail(ErrorCode::not_found, kNoConversation);
}

void Delivery::remember(ConversationId conversation, std::vector<UserId> members) {
  if (members_.size() >= remembered_) members_.erase(members_.begin());
  members_[conversation] = std::move(members);
}

void Delivery::open_direct(Connection& connection, Request request, const proto::OpenDirectRequest& body) {
  const std::optional<UserId> peer = UserId::from_bytes(as_bytes(body.peer()));
  if (!peer) return hub_.reply_error(request, fail(ErrorCode::invalid_argument, "A user id has 16 bytes."));
  if (*peer == connection.user) {
    return hub_.reply_error(request,
                            fail(ErrorCode::invalid_argument, "A conversation needs two different people."));
  }
  flush_acks();
  const auto fresh = hub_.random.id<ConversationId>();  // its id, if there is none between the two yet
  hub_.ask<store::Conversation>(
      store::Access::write,
      [self = connection.user, device = connection.device, peer = *peer, fresh,
       now = hub_.moment.wall](store::ServerStore& store) -> Result<store::Conversation> {
        Result<store::Conversation> opened = store.conversations().open_direct(self, peer, fresh, now);
        if (!opened || opened->last_seq == 0) return opened;
        // It was there before: say also what this device acknowledged.
        const Result<std::vector<store::Conversation>> mine = store.conversations().of_user(self, device);
        if (!mine) return mine.error();
        for (const store::Conversation& one : *mine) {
          if (one.conversation == opened->conversation) opened->acked_seq = one.acked_seq;
        }
        return opened;
      },
      [this, request, self = connection.user, peer = *peer, fresh](Result<store::Conversation> opened) {
        if (!opened) return hub_.reply_error(request, opened.error());
        proto::Envelope envelope;
        envelope.set_id(request.id);
        to_proto(*opened, *envelope.mutable_open_direct_reply()->mutable_conversation());
        remember(opened->conversation, std::move(opened->members));
        hub_.reply(request, envelope);
        if (opened->conversation == fresh) directory_.became_contacts(self, peer);
      });
}

void Delivery::list_conversations(Connection& connection, Request request) {
  flush_acks();
  hub_.ask<std::vector<store::Conversation>>(
      store::Access::read,
      [user = connection.user, device = connection.device](store::ServerStore& store) {
        return store.conversations().of_user(user, device);
      },
      [this, request](Result<std::vector<store::Conversation>> all) {
        if (!all) return hub_.reply_error(request, all.error());
        proto::Envelope envelope;
        envelope.set_id(request.id);
        proto::ListConversationsReply& list = *envelope.mutable_list_conversations_reply();
        for (const store::Conversation& one : *all) to_proto(one, *list.add_conversations());
        hub_.reply(request, envelope);
      });
}

void Delivery::ask_members(ConversationId conversation) {
  hub_.ask<store::Conversation>(
      store::Access::read,
      [conversation](store::ServerStore& store) { return store.conversations().get(conversation); },
      [this, conversation](Result<store::Conversation> found) {
        const auto members =
            found ? Result<std::vector<UserId>>(found->members) : Result<std::vector<UserId>>(found.error());
        if (found) remember(conversation, std::move(found->members));
        // An answer may make room for requests that wait in the connection: they come behind all these.
        std::vector<Waiting>& queue = asking_.at(conversation);
        for (std::size_t i = 0; i < queue.size(); ++i) {
          const Waiting waiting = std::move(queue[i]);
          waiting(members);
        }
        asking_.erase(conversation);
      });
}

void Delivery::append(Connection& connection, Request request, const proto::AppendView& body) {
  const std::optional<ConversationId> conversation = ConversationId::from_bytes(body.conversation);
  const std::optional<MessageId> message = MessageId::from_bytes(body.message);
  if (!conversation || !message) {
    return hub_.reply_error(
        request, fail(ErrorCode::invalid_argument, "Ids of conversations and messages have 16 bytes."));
  }
  if (body.payload.empty()) {
    return hub_.reply_error(request, fail(ErrorCode::invalid_argument, "The message is empty."));
  }
  if (body.payload.size() > proto::kMaxAppendBytes) {
    return hub_.reply_error(request, fail(ErrorCode::too_large, "The message is larger than 256 KiB."));
  }
  require_member(*conversation, connection.user,
                 [this, entry = Append{request,
                                       connection.user,
                                       connection.device,
                                       *conversation,
                                       *message,
                                       to_string(body.payload),
                                       {}}](const Status& member) mutable {
                   if (!member) return hub_.reply_error(entry.request, member.error());
                   ++hub_.store_tasks;
                   gathered_.push_back(std::move(entry));
                 });
}

void Delivery::submit_appends() {
  if (gathered_.empty()) return;
  // Shared by the two halves of the task, which never run at once: the storage thread reads it, and it comes
  // back for the replies and pushes.
  auto batch = std::make_shared<std::vector<Append>>(std::exchange(gathered_, {}));
  gathered_.reserve(batch->size());
  hub_.ask<Unit>(
      store::Access::write,
      [batch, now = hub_.moment.wall](store::ServerStore& store) -> Status {
        for (Append& entry : *batch) {
          const Result<store::Appended> done =
              store.log().append(entry.conversation, entry.device, entry.message, entry.payload, now);
          if (done) {
            entry.appended = *done;
          } else if (done.error().code == ErrorCode::storage) {
            return done.error();  // nobody's is kept
          } else {
            entry.outcome = done.error();
          }
        }
        return ok_status();
      },
      [this, batch](const Status& stored) {
        hub_.store_tasks -= batch->size();
        for (const Append& entry : *batch) {
          if (!stored || !entry.outcome) {
            hub_.reply_error(entry.request, stored ? entry.outcome.error() : stored.error());
            continue;
          }
          hub_.reply_frame(entry.request, proto::append_reply_frame(entry.request.id, entry.appended.seq,
                                                                    entry.appended.time.ms));
          if (!entry.appended.repeated) push_entry(batch, entry);
        }
      },
      /*own_part=*/false, batch->size());
}

// Those who are not remembered any more are asked for again: without this push they would learn of the
// message with the next one only.
void Delivery::push_entry(const std::shared_ptr<const std::vector<Append>>& batch, const Append& entry) {
  require_member(entry.conversation, entry.user, [this, batch, &entry](const Status& known) {
    const auto members = members_.find(entry.conversation);
    if (!known || members == members_.end()) return;
    const bool anyone = std::ranges::any_of(members->second, [&](UserId member) {
      const Hub::OnlineUser* online = hub_.online(member);
      return online != nullptr && (member != entry.user || online->devices.size() > 1);
    });
    if (!anyone) return;
    const Bytes frame = proto::entry_push_frame(
        {entry.conversation.bytes(), entry.appended.seq, entry.user.bytes(), entry.device.bytes(),
         entry.appended.time.ms, entry.message.bytes(), as_bytes(entry.payload)});
    for (const UserId member : members->second) hub_.push_to_user(member, frame, entry.device);
  });
}

void Delivery::fetch(Connection& connection, Request request, const proto::FetchRequest& body) {
  const std::optional<ConversationId> conversation =
      ConversationId::from_bytes(as_bytes(body.conversation()));
  if (!conversation) {
    return hub_.reply_error(request, fail(ErrorCode::invalid_argument, "A conversation id has 16 bytes."));
  }
  connection.fetches.push_back(
      {request, *conversation, body.after_seq(), std::clamp(body.limit(), 1U, kMaxFetchEntries)});
  go_on_fetching(connection);
}

// A program that comes back asks for all of its conversations at once, and what it gets may be more than its
// network takes for a long time.
void Delivery::go_on_fetching(Connection& connection) {
  while (connection.phase != Phase::closed && !connection.fetches.empty() &&
         connection.fetches_in_flight < kMaxFetchesInFlight) {
    if (hub_.ports.queued(connection.id).urgent > kMaxQueuedUrgent) {
      if (!std::exchange(connection.slow, true)) slow_.push_back(connection.id);
      look_again_ = std::min(look_again_, hub_.moment.now + kLookAgain);
      return;
    }
    const Fetch next = connection.fetches.front();
    connection.fetches.erase(connection.fetches.begin());
    ++connection.fetches_in_flight;
    require_member(next.conversation, connection.user, [this, next](const Status& member) {
      if (!member) return fetched(next, member.error());
      hub_.ask<store::LogPage>(
          store::Access::read,
          [next](store::ServerStore& store) {
            return store.log().fetch(next.conversation, next.after, next.limit, kMaxFetchBytes);
          },
          [this, next](Result<store::LogPage> page) { fetched(next, std::move(page)); });
    });
  }
  if (connection.fetches.empty()) connection.fetches = {};  // and its memory
}

void Delivery::fetched(const Fetch& fetch, Result<store::LogPage> page) {
  if (Connection* asker = hub_.find(fetch.request.connection)) --asker->fetches_in_flight;
  if (page) {
    reply_page(fetch, *std::move(page));
  } else {
    hub_.reply_error(fetch.request, page.error());
  }
  if (Connection* asker = hub_.find(fetch.request.connection)) go_on_fetching(*asker);
}

void Delivery::reply_page(const Fetch& fetch, store::LogPage page) {
  proto::Envelope envelope;
  envelope.set_id(fetch.request.id);
  proto::FetchReply& reply = *envelope.mutable_fetch_reply();
  reply.set_more(page.more);
  for (store::LogEntry& from : page.entries) {
    proto::Entry& entry = *reply.add_entries();
    entry.set_conversation(to_string(fetch.conversation.bytes()));
    entry.set_seq(from.seq);
    entry.set_sender_user(to_string(from.sender_user.bytes()));
    entry.set_sender_device(to_string(from.sender_device.bytes()));
    entry.set_time_ms(from.time.ms);
    entry.set_message(to_string(from.message.bytes()));
    *entry.mutable_payload() = std::move(from.payload);
  }
  hub_.reply(fetch.request, envelope);
}

void Delivery::on_deadline() {
  if (hub_.moment.now >= ack_deadline_) flush_acks();
  if (hub_.moment.now < look_again_) return;
  look_again_ = kNever;
  for (const ConnectionId id : std::exchange(slow_, {})) {
    Connection* connection = hub_.find(id);
    if (connection == nullptr) continue;
    connection->slow = false;
    go_on_fetching(*connection);
  }
}

void Delivery::ack(Connection& connection, Request request, const proto::AckRequest& body) {
  const std::optional<ConversationId> conversation =
      ConversationId::from_bytes(as_bytes(body.conversation()));
  if (!conversation) {
    return hub_.reply_error(request, fail(ErrorCode::invalid_argument, "A conversation id has 16 bytes."));
  }
  require_member(*conversation, connection.user,
                 [this, request, device = connection.device, conversation = *conversation,
                  seq = body.seq()](const Status& member) {
                   if (!member) return hub_.reply_error(request, member.error());
                   std::uint64_t& acked = acks_[{conversation, device}];
                   acked = std::max(acked, seq);
                   ack_deadline_ = std::min(ack_deadline_, hub_.moment.now + kAckDelay);
                   hub_.reply_ok(request);
                 });
}

void Delivery::flush_acks() {
  ack_deadline_ = kNever;
  if (acks_.empty()) return;
  auto acks = std::make_shared<std::map<AckKey, std::uint64_t>>(std::move(acks_));
  acks_.clear();
  hub_.ask<Unit>(
      store::Access::write,
      [acks](store::ServerStore& store) -> Status {
        for (const auto& [key, seq] : *acks) {
          Status done = store.log().ack(key.first, key.second, seq);
          if (!done && done.error().code == ErrorCode::storage) return done;
        }
        ConversationId pruned;
        for (const auto& [key, seq] : *acks) {
          if (key.first == pruned) continue;  // they are in order
          pruned = key.first;
          Status done = store.log().prune(pruned);
          if (!done && done.error().code == ErrorCode::storage) return done;
        }
        return ok_status();
      },
      [this, acks](const Status& done) {
        if (done) return;
        for (const auto& [key, seq] : *acks) {
          std::uint64_t& acked = acks_[key];
          acked = std::max(acked, seq);
        }
        ack_deadline_ = std::min(ack_deadline_, hub_.moment.now + kAckRetry);
      });
}

void Delivery::forget_old_entries() {
  hub_.ask<bool>(
      store::Access::write,
      [before = WallTime{hub_.moment.wall.ms - kRememberEntriesMs}](store::ServerStore& store) {
        return store.log().forget(before);
      },
      [this](Result<bool> more) {
        if (more && *more) forget_old_entries();
      });
}

}  // namespace sotto::server
