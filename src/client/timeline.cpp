#include "timeline.hpp"

#include <algorithm>

#include "file_name.hpp"
#include "sotto/proto/channel.hpp"
#include "sotto/wire/reader.hpp"
#include "sotto/wire/writer.hpp"

namespace sotto::client {

Bytes encode(const CallSummary& summary) {
  wire::Writer out;
  out.u8(summary.outgoing ? 1 : 0);
  out.u8(summary.video ? 1 : 0);
  out.u8(summary.answered ? 1 : 0);
  out.u8(static_cast<std::uint8_t>(summary.reason));
  out.u32(static_cast<std::uint32_t>(summary.duration_s));
  return std::move(out).take();
}

CallSummary decode_call_summary(ByteView bytes) {
  wire::Reader in(bytes);
  CallSummary summary;
  summary.outgoing = in.u8() != 0;
  summary.video = in.u8() != 0;
  summary.answered = in.u8() != 0;
  const std::uint8_t reason = in.u8();
  if (reason <= static_cast<std::uint8_t>(EndReason::media_failed))
    summary.reason = static_cast<EndReason>(reason);
  summary.duration_s = static_cast<int>(in.u32());
  return in.finish() ? summary : CallSummary{};
}

Timeline::Timeline(Context& context, Directory& directory) : context_(context), directory_(directory) {}

void Timeline::add(const store::MessageRecord& message) {
  context_.store.put_message(message);
  added_.push_back(message.id);
  touched_.insert(message.conversation);
}

void Timeline::update(const store::MessageRecord& message) {
  context_.store.put_message(message);
  if (std::ranges::find(added_, message.id) == added_.end() &&
      std::ranges::find(updated_, message.id) == updated_.end()) {
    updated_.push_back(message.id);
  }
  touched_.insert(message.conversation);
}

void Timeline::add_event(ConversationId conversation, UserId about, const std::string& text) {
  store::MessageRecord event;
  event.id = context_.random.id<MessageId>();
  event.conversation = conversation;
  event.sender = about;
  event.time_ms = context_.moment.wall.ms;
  event.position = local_position(conversation);
  event.kind = static_cast<int>(MessageKind::event);
  event.state = static_cast<int>(MessageState::delivered);
  event.text = text;
  add(event);
}

std::uint64_t Timeline::local_position(ConversationId conversation) {
  const auto record = context_.store.conversation(conversation);
  const std::uint64_t synced = record ? record->synced_seq : 0;
  const std::uint64_t next = (synced + 1) << store::kPositionShift;
  const std::uint64_t highest = context_.store.highest_position(conversation, next);
  // 2^20 events between two entries do not happen; the clamp keeps even that in order.
  return std::min(std::max(highest, synced << store::kPositionShift) + 1, next - 1);
}

std::uint64_t Timeline::unsent_position(ConversationId conversation) {
  const std::uint64_t highest = context_.store.highest_position(conversation, store::kAllPositions);
  return std::max(highest, store::kUnsentPosition) + 1;
}

bool Timeline::advance(MessageId id, MessageState state) {
  std::optional<store::MessageRecord> message = context_.store.message(id);
  if (!message || !message->own) return false;
  const auto now = static_cast<MessageState>(message->state);
  if (now == MessageState::failed || static_cast<int>(state) <= message->state) return false;
  message->state = static_cast<int>(state);
  update(*message);
  return true;
}

Status Timeline::finish(Status committed) {
  const auto added = std::exchange(added_, {});
  const auto updated = std::exchange(updated_, {});
  const auto touched = std::exchange(touched_, {});
  if (!committed) return committed;
  for (const MessageId& id : added) {
    if (const auto message = context_.store.message(id)) context_.emit(MessageAdded{view(*message)});
  }
  for (const MessageId& id : updated) {
    if (const auto message = context_.store.message(id)) context_.emit(MessageUpdated{view(*message)});
  }
  for (const ConversationId& id : touched) {
    if (const auto conversation = context_.store.conversation(id)) {
      context_.emit(ConversationUpdated{view(*conversation)});
    }
  }
  return committed;
}

MessageView Timeline::view(const store::MessageRecord& message) const {
  MessageView view;
  view.id = message.id;
  view.conversation = message.conversation;
  view.sender = message.sender;
  view.sender_device = message.device;
  view.own = message.own;
  view.time.ms = message.time_ms;
  view.order = message.position;
  view.kind = static_cast<MessageKind>(message.kind);
  view.text = message.text;
  view.state = static_cast<MessageState>(message.state);
  view.failure = message.failure;
  if (!message.reply_to.is_zero()) view.reply_to = message.reply_to;
  if (!message.transfer.is_zero()) view.transfer = message.transfer;
  view.local_path = message.local_path;
  if (const auto user = context_.store.user(message.sender)) {
    view.sender_username = user->username;
  } else if (profile_ != nullptr && profile_->user == message.sender) {
    view.sender_username = profile_->username;
  }
  if (view.kind == MessageKind::file) {
    proto::File file;
    FileView shown;
    if (file.ParseFromArray(message.details.data(), static_cast<int>(message.details.size()))) {
      shown.name = neutral_file_name(file.name());
      shown.size = file.size();
      shown.type = file.type();
    }
    view.file = shown;
  }
  if (view.kind == MessageKind::call) view.call = decode_call_summary(message.details);
  return view;
}

ConversationView Timeline::view(const store::ClientConversationRecord& conversation) const {
  ConversationView view;
  view.id = conversation.id;
  view.kind = static_cast<ConversationKind>(conversation.kind);
  for (const UserId& member : conversation.members) {
    if (profile_ != nullptr && member == profile_->user) continue;
    view.peer = directory_.view(member);
    view.name = view.peer.display_name;
  }
  view.unread = static_cast<int>(context_.store.unread_count(conversation.id));
  if (const auto last = context_.store.newest_message(conversation.id)) view.last = this->view(*last);
  return view;
}

}  // namespace sotto::client
