#include "sync.hpp"

#include <algorithm>

#include "content.hpp"
#include "sotto/base/log.hpp"

namespace sotto::client {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kFetchLimit = 200;
constexpr Duration kAckDelay = 1s;  // chosen: one ack for a burst
constexpr Duration kStoreTrouble = 5s;
constexpr std::size_t kMaxQueued = 2000;  // pushes while waiting for a sender's keys; beyond, fetch again
constexpr std::size_t kBatch = 200;
constexpr int kMaxMembers = 64;

constexpr const char* kNotChecked = "A message could not be checked and is not shown.";
constexpr const char* kNotForUs = "Messages from before this device was added can't be shown here.";
constexpr const char* kMissing = "One or more messages are missing here.";

template <class IdType>
IdType id_from(const std::string& bytes) {
  return IdType::from_bytes(as_bytes(bytes)).value_or(IdType{});
}

}  // namespace

Sync::Sync(Context& context, Session& session, Directory& directory, Timeline& timeline, Outbox& outbox)
    : context_(context), session_(session), directory_(directory), timeline_(timeline), outbox_(outbox) {}

void Sync::set_profile(const Profile* profile, Sealer* sealer) {
  profile_ = profile;
  sealer_ = sealer;
  progress_.clear();
  listing_ = listed_ = caught_up_ = false;
  list_at_ = kNever;
}

void Sync::on_online() { list(); }

void Sync::on_offline() {
  // What was not processed is fetched again; nothing of it was acknowledged.
  progress_.clear();
  listing_ = listed_ = caught_up_ = false;
  list_at_ = kNever;
}

void Sync::tell_when_caught_up() {
  if (!listed_ || caught_up_) return;
  for (const auto& [id, progress] : progress_) {
    const bool busy = progress.fetching || progress.asking || progress.more || progress.retry_at != kNever;
    const auto conversation = context_.store.conversation(id);
    if (busy || !progress.queue.empty() || (conversation && progress.wanted > conversation->synced_seq))
      return;
  }
  caught_up_ = true;
  context_.emit(CaughtUp{});
}

void Sync::list() {
  if (listing_ || profile_ == nullptr) return;
  listing_ = true;
  proto::Envelope envelope;
  envelope.mutable_list_conversations();
  session_.request(std::move(envelope), [this](Result<proto::Envelope> reply) {
    listing_ = false;
    if (!reply || !reply->has_list_conversations_reply()) {
      if (!reply && reply.error().code != ErrorCode::offline) list_at_ = context_.moment.now + kStoreTrouble;
      return;
    }
    for (const proto::Conversation& listed : reply->list_conversations_reply().conversations()) {
      const auto record = adopt(listed);
      if (!record) {
        if (record.error().code == ErrorCode::storage) list_at_ = context_.moment.now + kStoreTrouble;
        continue;
      }
      Progress& progress = progress_[record->id];
      progress.wanted = std::max(progress.wanted, listed.last_seq());
      if (listed.acked_seq() < record->synced_seq) progress.ack_at = context_.moment.now;
      // Name and keys of everyone, so that the list shows more than ids.
      for (const UserId& member : record->members) {
        if (member != profile_->user && !directory_.is_fresh(member)) {
          directory_.refresh(member, [this, id = record->id](const Status& done) {
            if (!done) return;
            timeline_.touch(id);
            (void)timeline_.finish(ok_status());
          });
        }
      }
      if (progress.wanted > record->synced_seq) fetch(record->id);
    }
    listed_ = true;
    tell_when_caught_up();
  });
}

Result<store::ClientConversationRecord> Sync::adopt(const proto::Conversation& listed) {
  const auto id = ConversationId::from_bytes(as_bytes(listed.conversation()));
  if (!id || listed.members_size() == 0 || listed.members_size() > kMaxMembers) {
    return fail(ErrorCode::unavailable, "The server's answer is malformed.");
  }
  std::vector<UserId> members;
  for (const std::string& member : listed.members()) {
    const auto user = UserId::from_bytes(as_bytes(member));
    if (!user) return fail(ErrorCode::unavailable, "The server's answer is malformed.");
    members.push_back(*user);
  }
  std::ranges::sort(members);
  members.erase(std::unique(members.begin(), members.end()), members.end());
  if (std::ranges::find(members, profile_->user) == members.end()) {
    return fail(ErrorCode::unavailable, "The server named a conversation of others.");
  }
  // Every conversation is one of two people, and is shown as that: a third member would read along unseen.
  if (members.size() != 2) {
    log::warning("client_conversation_not_of_two", {{"members", members.size()}});
    return fail(ErrorCode::untrusted, "The server added somebody to a conversation between two people.");
  }

  if (const auto known = context_.store.conversation(*id)) {
    // Who belongs to a conversation is never the server's to change.
    if (known->members != members) {
      log::warning("client_members_changed_by_server");
      return fail(ErrorCode::untrusted, "The server changed the members of a conversation.");
    }
    return *known;
  }
  store::Transaction transaction(context_.store);
  store::ClientConversationRecord record;
  record.id = *id;
  record.kind = static_cast<int>(ConversationKind::direct);
  record.members = members;
  context_.store.put_conversation(record);
  timeline_.touch(*id);
  if (Status done = timeline_.finish(transaction.commit()); !done) return std::move(done).error();
  return record;
}

void Sync::on_push(const proto::Entry& entry) {
  const auto id = id_from<ConversationId>(entry.conversation());
  const auto conversation = context_.store.conversation(id);
  if (!conversation) return list();
  Progress& progress = progress_[id];
  progress.wanted = std::max(progress.wanted, entry.seq());
  if (progress.fetching) return;
  const std::uint64_t have = progress.queue.empty() ? conversation->synced_seq : progress.queue.back().seq();
  if (entry.seq() <= have) return;
  if (entry.seq() != have + 1 || progress.queue.size() >= kMaxQueued) return fetch(id);
  progress.queue.push_back(entry);
  process(id);
}

void Sync::fetch(ConversationId id) {
  Progress& progress = progress_[id];
  if (progress.fetching) return;
  const auto conversation = context_.store.conversation(id);
  if (!conversation) return;
  progress.fetching = true;
  const std::uint64_t after = progress.queue.empty() ? conversation->synced_seq : progress.queue.back().seq();
  proto::Envelope envelope;
  envelope.mutable_fetch()->set_conversation(raw(id.bytes()));
  envelope.mutable_fetch()->set_after_seq(after);
  envelope.mutable_fetch()->set_limit(kFetchLimit);
  session_.request(std::move(envelope), [this, id, after](Result<proto::Envelope> reply) {
    const auto found = progress_.find(id);
    if (found == progress_.end()) return;
    found->second.fetching = false;
    if (!reply || !reply->has_fetch_reply()) {
      if (reply || reply.error().code != ErrorCode::offline)
        found->second.retry_at = context_.moment.now + kStoreTrouble;
      return;
    }
    std::uint64_t last = after;
    for (proto::Entry& entry : *reply->mutable_fetch_reply()->mutable_entries()) {
      if (entry.seq() <= last || id_from<ConversationId>(entry.conversation()) != id) continue;
      last = entry.seq();
      found->second.queue.push_back(std::move(entry));
    }
    found->second.more = reply->fetch_reply().more() && last > after;
    // Everything up to here was deleted after all devices had it (or before this device existed).
    if (!found->second.more && last == after) found->second.wanted = after;
    process(id);
  });
}

void Sync::process(ConversationId id) {
  Progress& progress = progress_[id];
  if (progress.asking || progress.retry_at != kNever) return;

  store::Transaction transaction(context_.store);
  auto conversation = context_.store.conversation(id);
  std::vector<MessageId> to_confirm;
  std::vector<ReceivedSignal> signals;
  std::size_t count = 0;
  std::optional<UserId> ask;
  while (conversation && count < progress.queue.size() && count < kBatch) {
    const proto::Entry& entry = progress.queue[count];
    const auto device_id = id_from<DeviceId>(entry.sender_device());
    const auto user_id = id_from<UserId>(entry.sender_user());
    std::optional<store::ClientDeviceRecord> sender = context_.store.device(device_id);
    if (sender && sender->user != user_id) sender.reset();
    const bool is_member = std::ranges::find(conversation->members, user_id) != conversation->members.end();
    if (!sender && is_member && device_id != profile_->device && progress.asked_for != device_id) {
      ask = user_id;
      progress.asked_for = device_id;
      break;
    }
    apply(entry, *conversation, sender && is_member ? &*sender : nullptr, to_confirm, signals);
    conversation->synced_seq = std::max(conversation->synced_seq, entry.seq());
    context_.store.put_conversation(*conversation);
    ++count;
  }
  if (!to_confirm.empty()) outbox_.put_receipt(id, proto::Receipt::DELIVERED, to_confirm);
  if (Status done = timeline_.finish(transaction.commit()); !done) {
    context_.report(done.error());
    progress.retry_at = context_.moment.now + kStoreTrouble;
    progress.queue.clear();
    progress.more = true;
    progress.asked_for = {};  // the question was not put, or its answer could not be stored
    return;
  }

  if (!conversation) return;
  progress.queue.erase(progress.queue.begin(), progress.queue.begin() + static_cast<std::ptrdiff_t>(count));
  if (count > 0 && progress.ack_at == kNever) progress.ack_at = context_.moment.now + kAckDelay;
  if (ask) {
    progress.asking = true;
    directory_.refresh(*ask, [this, id](const Status& done) {
      const auto found = progress_.find(id);
      if (found == progress_.end()) return;
      found->second.asking = false;
      if (!done && done.error().code == ErrorCode::offline) return;  // everything starts anew when online
      if (!done && !is_permanent(done.error().code)) {
        // That says nothing about the sender, and to go on without their keys would lose the message for
        // good.
        found->second.asked_for = {};
        found->second.retry_at = context_.moment.now + kStoreTrouble;
        return;
      }
      process(id);
    });
  }
  const bool go_on = !progress.asking && !progress.queue.empty();
  const bool fetch_more = !progress.asking && progress.queue.empty() &&
                          (progress.more || progress.wanted > conversation->synced_seq);
  if (!signals.empty() && signal_hook_) signal_hook_(signals);
  outbox_.pump(id);
  if (go_on) return process(id);
  if (fetch_more) {
    progress_[id].more = false;
    return fetch(id);
  }
  tell_when_caught_up();
}

void Sync::apply(const proto::Entry& entry, store::ClientConversationRecord& conversation,
                 const store::ClientDeviceRecord* sender, std::vector<MessageId>& to_confirm,
                 std::vector<ReceivedSignal>& signals) {
  MessageAddress address;
  address.conversation = conversation.id;
  address.message = id_from<MessageId>(entry.message());
  address.sender = id_from<UserId>(entry.sender_user());
  address.device = id_from<DeviceId>(entry.sender_device());
  if (address.device == profile_->device) return;  // ours; its AppendReply tells the rest

  if (sender == nullptr) {
    log::warning("client_sender_unknown", {{"conversation", conversation.id.str()}, {"seq", entry.seq()}});
    timeline_.add_event(conversation.id, address.sender, kNotChecked);
    return;
  }
  const auto chain = context_.store.sender_chain(conversation.id, sender->id);
  OpenRequest request;
  request.address = address;
  request.members = conversation.members;
  request.sender = sender;
  request.chain = chain ? &*chain : nullptr;
  const Opened opened = sealer_->open(request, as_bytes(entry.payload()));
  switch (opened.outcome) {
    case Opening::replay:
      log::warning("client_replay_ignored", {{"conversation", conversation.id.str()}, {"seq", entry.seq()}});
      return;
    case Opening::not_for_us: {
      // One line for a run of them.
      const auto last = context_.store.newest_message(conversation.id);
      if (!last || last->text != kNotForUs) timeline_.add_event(conversation.id, address.sender, kNotForUs);
      return;
    }
    case Opening::rejected:
      log::warning(
          "client_message_rejected",
          {{"conversation", conversation.id.str()}, {"seq", entry.seq()}, {"reason", opened.reason}});
      timeline_.add_event(conversation.id, address.sender, kNotChecked);
      return;
    case Opening::gap: timeline_.add_event(conversation.id, address.sender, kMissing); break;
    case Opening::content: break;
  }
  context_.store.put_sender_chain({conversation.id, sender->id, opened.counter, opened.hash});

  const Result<proto::Content> content = parse_content(opened.content);
  if (!content) {
    log::warning("client_content_refused", {{"seq", entry.seq()}, {"reason", content.error().message}});
    timeline_.add_event(conversation.id, address.sender, kNotChecked);
    return;
  }
  apply_content(entry, address, *content, to_confirm, signals);
}

void Sync::apply_content(const proto::Entry& entry, const MessageAddress& address,
                         const proto::Content& content, std::vector<MessageId>& to_confirm,
                         std::vector<ReceivedSignal>& signals) {
  switch (content.body_case()) {
    case proto::Content::kReceipt: return apply_receipt(content.receipt(), address);
    case proto::Content::kCall:
      signals.push_back({address.conversation, address.sender, address.device,
                         plausible_time_ms(entry.time_ms()), content.call()});
      return;
    case proto::Content::BODY_NOT_SET:
      timeline_.add_event(address.conversation, address.sender,
                          "A message of a kind that this version does not know. Please update.");
      return;
    case proto::Content::kText:
    case proto::Content::kFile: break;
  }
  if (address.message.is_zero() || context_.store.message(address.message)) {
    // The id of another message: whoever sent it, it must not replace that one.
    timeline_.add_event(address.conversation, address.sender, kNotChecked);
    return;
  }
  store::MessageRecord message;
  message.id = address.message;
  message.conversation = address.conversation;
  message.sender = address.sender;
  message.device = address.device;
  message.own = address.sender == profile_->user;
  message.unread = !message.own;
  message.time_ms = plausible_time_ms(entry.time_ms());
  message.position = entry.seq() << store::kPositionShift;
  message.state = static_cast<int>(MessageState::delivered);
  if (content.has_text()) {
    message.kind = static_cast<int>(MessageKind::text);
    message.text = content.text().text();
    message.reply_to = id_from<MessageId>(content.text().reply_to());
  } else {
    message.kind = static_cast<int>(MessageKind::file);
    message.text = content.file().text();
    message.details = to_bytes(content.file().SerializeAsString());
  }
  timeline_.add(message);
  if (!message.own) to_confirm.push_back(message.id);
}

void Sync::apply_receipt(const proto::Receipt& receipt, const MessageAddress& address) {
  if (address.sender == profile_->user) return;
  const MessageState state =
      receipt.kind() == proto::Receipt::READ ? MessageState::read : MessageState::delivered;
  for (const std::string& bytes : receipt.messages()) {
    const auto id = id_from<MessageId>(bytes);
    const auto message = context_.store.message(id);
    // Only for what lies in the conversation in which the receipt came.
    if (message && message->conversation == address.conversation) timeline_.advance(id, state);
  }
}

void Sync::ack(ConversationId id) {
  const auto conversation = context_.store.conversation(id);
  if (!conversation || conversation->synced_seq == 0) return;
  proto::Envelope envelope;
  envelope.mutable_ack()->set_conversation(raw(id.bytes()));
  envelope.mutable_ack()->set_seq(conversation->synced_seq);
  session_.request(std::move(envelope), [](const Result<proto::Envelope>&) {});
}

void Sync::poll() {
  if (!session_.is_online()) return;
  const TimePoint now = context_.moment.now;
  if (now >= list_at_) {
    list_at_ = kNever;
    list();
  }
  std::vector<ConversationId> acks, retries;
  for (auto& [id, progress] : progress_) {
    if (now >= progress.ack_at) {
      progress.ack_at = kNever;
      acks.push_back(id);
    }
    if (now >= progress.retry_at) {
      progress.retry_at = kNever;
      retries.push_back(id);
    }
  }
  for (const ConversationId& id : acks) ack(id);
  for (const ConversationId& id : retries) fetch(id);
}

TimePoint Sync::next_deadline() const {
  TimePoint next = list_at_;
  for (const auto& [id, progress] : progress_) next = std::min({next, progress.ack_at, progress.retry_at});
  return next;
}

}  // namespace sotto::client
