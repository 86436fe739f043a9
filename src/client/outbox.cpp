#include "outbox.hpp"

#include <algorithm>

#include "content.hpp"
#include "sotto/base/log.hpp"

namespace sotto::client {

namespace {

using namespace std::chrono_literals;

constexpr Duration kServerTrouble = 5s;  // its disk is full, it is overloaded: chosen
// Signals of a call that could not be sent for so long mean nothing any more (late offers ring nobody).
constexpr std::int64_t kSignalLifeMs = 60'000;

}  // namespace

Outbox::Outbox(Context& context, Session& session, Directory& directory, Timeline& timeline)
    : context_(context), session_(session), directory_(directory), timeline_(timeline) {}

void Outbox::set_profile(const Profile* profile, Sealer* sealer) {
  profile_ = profile;
  sealer_ = sealer;
  in_flight_.clear();
  retry_at_.clear();
}

void Outbox::put(ConversationId conversation, MessageId message, OutboxKind kind,
                 const proto::Content& content) {
  store::OutboxRecord row;
  row.conversation = conversation;
  row.message = message;
  row.kind = static_cast<int>(kind);
  row.content = serialise(content);
  row.queued_ms = context_.moment.wall.ms;
  if (context_.store.outbox(conversation, 1).empty()) {
    if (const auto record = context_.store.conversation(conversation)) {
      row.counter = record->sent_counter + 1;
      row.previous = record->sent_hash;
    }
  }
  context_.store.put_outbox(row);
}

void Outbox::put_receipt(ConversationId conversation, proto::Receipt::Kind kind,
                         const std::vector<MessageId>& messages) {
  std::vector<MessageId> left = messages;
  for (store::OutboxRecord& row : context_.store.outbox(conversation, 16)) {
    if (row.kind != static_cast<int>(OutboxKind::receipt) || row.counter != 0) continue;
    proto::Content content;
    if (!content.ParseFromArray(row.content.data(), static_cast<int>(row.content.size()))) continue;
    if (content.receipt().kind() != kind) continue;
    while (!left.empty() &&
           static_cast<std::size_t>(content.receipt().messages_size()) < kMaxReceiptMessages) {
      content.mutable_receipt()->add_messages(raw(left.front().bytes()));
      left.erase(left.begin());
    }
    row.content = serialise(content);
    context_.store.put_outbox(row);
    if (left.empty()) return;
  }
  while (!left.empty()) {
    proto::Content content;
    content.set_sent_ms(context_.moment.wall.ms);
    content.mutable_receipt()->set_kind(kind);
    const std::size_t count = std::min(left.size(), kMaxReceiptMessages);
    for (std::size_t i = 0; i < count; ++i) content.mutable_receipt()->add_messages(raw(left[i].bytes()));
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(count));
    put(conversation, context_.random.id<MessageId>(), OutboxKind::receipt, content);
  }
}

bool Outbox::is_stale(const store::OutboxRecord& row) const {
  return row.kind == static_cast<int>(OutboxKind::call_signal) &&
         context_.moment.wall.ms - row.queued_ms > kSignalLifeMs;
}

// Rows that wait behind the head have no place in the chain yet, so stale signals among them can go.
void Outbox::assign_head(store::ClientConversationRecord& conversation) {
  while (true) {
    std::vector<store::OutboxRecord> rows = context_.store.outbox(conversation.id, 1);
    if (rows.empty() || rows.front().counter != 0) return;
    if (is_stale(rows.front())) {
      context_.store.remove_outbox(rows.front().row);
      continue;
    }
    rows.front().counter = conversation.sent_counter + 1;
    rows.front().previous = conversation.sent_hash;
    context_.store.put_outbox(rows.front());
    return;
  }
}

void Outbox::pump_all() {
  for (const ConversationId& conversation : context_.store.conversations_with_outbox()) pump(conversation);
}

bool Outbox::is_held(ConversationId id) const {
  const auto conversation = context_.store.conversation(id);
  if (!conversation) return false;
  return std::ranges::any_of(conversation->members, [&](const UserId& member) {
    const auto user = context_.store.user(member);
    return user && user->identity_changed;
  });
}

void Outbox::pump(ConversationId id) {
  if (profile_ == nullptr || !session_.is_online() || in_flight_.contains(id) || retry_at_.contains(id))
    return;
  const auto conversation = context_.store.conversation(id);
  if (!conversation || context_.store.outbox(id, 1).empty()) return;

  std::vector<store::ClientDeviceRecord> devices;
  for (const UserId& member : conversation->members) {
    if (member != profile_->user && !directory_.is_fresh(member)) {
      directory_.refresh(member, [this, id](const Status& done) {
        if (done) return;  // on_user_changed() has pumped
        if (done.error().code != ErrorCode::offline) try_later(id, kServerTrouble);
      });
      return;
    }
    const auto theirs = directory_.active_devices(member);
    // Somebody without any device could never read it; their first device brings a push.
    if (theirs.empty() && member != profile_->user) return;
    for (const auto& device : theirs) {
      if (device.id != profile_->device) devices.push_back(device);
    }
  }
  if (is_held(id)) return;

  std::vector<store::OutboxRecord> rows = context_.store.outbox(id, 1);
  if (rows.front().counter == 0) {
    store::Transaction transaction(context_.store);
    auto record = *conversation;
    assign_head(record);
    if (Status done = transaction.commit(); !done) {
      context_.report(done.error());
      return try_later(id, kServerTrouble);
    }
    rows = context_.store.outbox(id, 1);
    if (rows.empty()) return;
  }
  send(std::move(rows.front()), *conversation, std::move(devices));
}

void Outbox::send(store::OutboxRecord row, const store::ClientConversationRecord& conversation,
                  std::vector<store::ClientDeviceRecord> devices) {
  SealRequest request;
  request.address = {row.conversation, row.message, profile_->user, profile_->device};
  request.members = conversation.members;
  request.devices = std::move(devices);
  request.counter = row.counter;
  request.previous = row.previous;
  request.content = row.content;
  Result<Sealed> sealed = sealer_->seal(request);
  if (!sealed) return on_refused(row, sealed.error());

  proto::Envelope envelope;
  proto::AppendRequest& append_request = *envelope.mutable_append();
  append_request.set_conversation(raw(row.conversation.bytes()));
  append_request.set_message(raw(row.message.bytes()));
  append_request.set_payload(raw(sealed->payload));
  in_flight_.insert(row.conversation);
  session_.request(std::move(envelope), [this, row = std::move(row), hash = std::move(sealed->hash)](
                                            Result<proto::Envelope> reply) mutable {
    in_flight_.erase(row.conversation);
    if (!reply) return on_refused(row, reply.error());
    if (!reply->has_append_reply()) return try_later(row.conversation, kServerTrouble);
    on_appended(row, std::move(hash), reply->append_reply());
  });
}

void Outbox::on_appended(const store::OutboxRecord& row, Bytes hash, const proto::AppendReply& reply) {
  store::Transaction transaction(context_.store);
  auto conversation = context_.store.conversation(row.conversation);
  if (conversation) {
    conversation->sent_counter = row.counter;
    conversation->sent_hash = std::move(hash);
    // Our own entries are not pushed to us; when nothing lies between, the cursor steps over.
    if (reply.seq() == conversation->synced_seq + 1) conversation->synced_seq = reply.seq();
    context_.store.put_conversation(*conversation);
  }
  context_.store.remove_outbox(row.row);
  if (auto message = context_.store.message(row.message); message && message->own) {
    message->position = reply.seq() << store::kPositionShift;
    message->time_ms = plausible_time_ms(reply.time_ms());
    if (message->state == static_cast<int>(MessageState::sending)) {
      message->state = static_cast<int>(MessageState::sent);
    }
    timeline_.update(*message);
  }
  if (conversation) assign_head(*conversation);
  if (Status done = timeline_.finish(transaction.commit()); !done) {
    // The row is still there; sending it again under its id gives the same answer.
    context_.report(done.error());
    return try_later(row.conversation, kServerTrouble);
  }
  pump(row.conversation);
}

void Outbox::on_refused(const store::OutboxRecord& row, const Error& error) {
  if (error.code == ErrorCode::offline) return;  // on_online() sends it again
  if (!is_permanent(error.code)) {
    const Duration wait = error.code == ErrorCode::rate_limited
                              ? std::max<Duration>(session_.retry_after(), 100ms)
                              : kServerTrouble;
    return try_later(row.conversation, wait);
  }
  log::warning("client_message_refused", {{"code", to_string(error.code)}});
  drop(row, error.message);
}

void Outbox::drop(const store::OutboxRecord& row, const std::string& failure) {
  store::Transaction transaction(context_.store);
  context_.store.remove_outbox(row.row);
  if (auto message = context_.store.message(row.message); message && message->own) {
    message->state = static_cast<int>(MessageState::failed);
    message->failure = failure;
    timeline_.update(*message);
  }
  // The place in the chain was not used: the next row gets it.
  if (auto conversation = context_.store.conversation(row.conversation)) assign_head(*conversation);
  if (Status done = timeline_.finish(transaction.commit()); !done) {
    context_.report(done.error());
    return try_later(row.conversation, kServerTrouble);
  }
  pump(row.conversation);
}

void Outbox::try_later(ConversationId conversation, Duration delay) {
  retry_at_[conversation] = context_.moment.now + delay;
}

void Outbox::on_offline() {
  in_flight_.clear();
  retry_at_.clear();
}

void Outbox::on_user_changed(UserId user) {
  for (const ConversationId& id : context_.store.conversations_with_outbox()) {
    const auto conversation = context_.store.conversation(id);
    if (conversation && std::ranges::find(conversation->members, user) != conversation->members.end())
      pump(id);
  }
}

void Outbox::poll() {
  std::vector<ConversationId> due;
  std::erase_if(retry_at_, [&](const auto& entry) {
    if (entry.second > context_.moment.now) return false;
    due.push_back(entry.first);
    return true;
  });
  for (const ConversationId& conversation : due) pump(conversation);
}

TimePoint Outbox::next_deadline() const {
  TimePoint next = kNever;
  for (const auto& [conversation, at] : retry_at_) next = std::min(next, at);
  return next;
}

}  // namespace sotto::client
