// Commands about the account, people, conversations and texts.
#include <algorithm>

#include "content.hpp"
#include "core.hpp"
#include "sotto/client/client.hpp"
#include "utf8.hpp"

namespace sotto::client {

namespace {

constexpr int kMaxHistory = 500;
constexpr int kReadAtOnce = 500;  // in memory; all of them become read

Error nobody() { return fail(ErrorCode::conflict, "Nobody is signed in."); }
Error no_conversation() { return fail(ErrorCode::not_found, "There is no such conversation."); }
Error no_message() { return fail(ErrorCode::not_found, "There is no such message."); }

}  // namespace

void Client::account_register(RegisterParams params, Done<AccountView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->account.sign_up(std::move(params), std::move(done));
}

void Client::account_login(LoginParams params, Done<AccountView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->account.sign_in(std::move(params), std::move(done));
}

void Client::account_logout(Done<Unit> done) {
  const Outlet::Scope scope(core_->context.outlet);
  // While there still is an account that can say so to the far side.
  if (core_->session.is_online()) core_->calls.shut_down();
  core_->account.sign_out(std::move(done));
}

void Client::account_change_password(SecretBytes old_password, SecretBytes new_password, Done<Unit> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->account.change_password(std::move(old_password), std::move(new_password), std::move(done));
}

void Client::account_status(Done<AccountStatus> done) {
  const Outlet::Scope scope(core_->context.outlet);
  AccountStatus status;
  if (const Profile* profile = core_->account.profile()) status.account = view_of(*profile);
  status.connection = core_->session.view();
  core_->context.answer(std::move(done), Result<AccountStatus>(std::move(status)));
}

void Client::reconnect_now() {
  const Outlet::Scope scope(core_->context.outlet);
  core_->session.reconnect_now();
}

void Client::devices_list(Done<std::vector<DeviceView>> done) {
  const Outlet::Scope scope(core_->context.outlet);
  using Answer = Result<std::vector<DeviceView>>;
  const Profile* profile = core_->account.profile();
  if (profile == nullptr) return core_->context.answer(std::move(done), Answer(nobody()));
  core_->session.when_online(
      [this, user = profile->user, own = profile->device, done = std::move(done)](Status online) mutable {
        if (!online) return core_->context.answer(std::move(done), Answer(std::move(online).error()));
        core_->directory.refresh(user, [this, user, own, done = std::move(done)](Status refreshed) mutable {
          if (!refreshed) return core_->context.answer(std::move(done), Answer(std::move(refreshed).error()));
          std::vector<DeviceView> views;
          for (const auto& device : core_->directory.active_devices(user)) {
            views.push_back({device.id, device.name, WallTime{device.last_seen_ms}, device.id == own});
          }
          core_->context.answer(std::move(done), Answer(std::move(views)));
        });
      });
}

void Client::contacts_list(Done<std::vector<UserView>> done) {
  const Outlet::Scope scope(core_->context.outlet);
  std::vector<UserView> views;
  const Profile* profile = core_->account.profile();
  for (const store::UserRecord& user : core_->context.store.users()) {
    if (profile != nullptr && user.id != profile->user) views.push_back(core_->directory.view(user));
  }
  core_->context.answer(std::move(done), Result<std::vector<UserView>>(std::move(views)));
}

void Client::contacts_find(std::string username, Done<std::vector<UserView>> done) {
  const Outlet::Scope scope(core_->context.outlet);
  using Answer = Result<std::vector<UserView>>;
  std::ranges::transform(username, username.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  core_->session.when_online([this, username, done = std::move(done)](Status online) mutable {
    if (!online) {
      // Whom we know already is found without the server.
      if (const auto known = core_->context.store.user_by_name(username)) {
        return core_->context.answer(std::move(done), Answer(std::vector{core_->directory.view(*known)}));
      }
      return core_->context.answer(std::move(done), Answer(std::move(online).error()));
    }
    core_->directory.find(username, [this, done = std::move(done)](Result<UserId> found) mutable {
      if (!found) return core_->context.answer(std::move(done), Answer(std::move(found).error()));
      core_->context.answer(std::move(done), Answer(std::vector{core_->directory.view(*found)}));
    });
  });
}

void Client::contacts_safety_number(UserId user, Done<std::string> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.answer(std::move(done), core_->directory.safety_number(user));
}

void Client::contacts_verify(UserId user, bool verified, std::string digits, Done<UserView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.answer(std::move(done), core_->directory.verify(user, verified, digits));
}

void Client::conversations_list(Done<std::vector<ConversationView>> done) {
  const Outlet::Scope scope(core_->context.outlet);
  std::vector<ConversationView> views;
  for (const auto& conversation : core_->context.store.conversations()) {
    views.push_back(core_->timeline.view(conversation));
  }
  std::ranges::stable_sort(views, std::greater<>(),
                           [](const ConversationView& view) { return view.last ? view.last->time.ms : 0; });
  core_->context.answer(std::move(done), Result<std::vector<ConversationView>>(std::move(views)));
}

void Client::conversations_direct(UserId user, Done<ConversationView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  using Answer = Result<ConversationView>;
  const Profile* profile = core_->account.profile();
  if (profile == nullptr) return core_->context.answer(std::move(done), Answer(nobody()));
  if (user == profile->user) {
    return core_->context.answer(
        std::move(done), Answer(fail(ErrorCode::invalid_argument, "A conversation needs somebody else.")));
  }
  for (const auto& conversation : core_->context.store.conversations()) {
    if (conversation.kind == static_cast<int>(ConversationKind::direct) &&
        std::ranges::find(conversation.members, user) != conversation.members.end()) {
      return core_->context.answer(std::move(done), Answer(core_->timeline.view(conversation)));
    }
  }
  core_->session.when_online([this, user, done = std::move(done)](Status online) mutable {
    if (!online) return core_->context.answer(std::move(done), Answer(std::move(online).error()));
    core_->directory.refresh(user, [this, user, done = std::move(done)](Status known) mutable {
      if (!known) return core_->context.answer(std::move(done), Answer(std::move(known).error()));
      proto::Envelope envelope;
      envelope.mutable_open_direct()->set_peer(raw(user.bytes()));
      core_->session.request(
          std::move(envelope), [this, user, done = std::move(done)](Result<proto::Envelope> reply) mutable {
            if (!reply) return core_->context.answer(std::move(done), Answer(std::move(reply).error()));
            auto conversation = core_->sync.adopt(reply->open_direct_reply().conversation());
            if (!conversation)
              return core_->context.answer(std::move(done), Answer(std::move(conversation).error()));
            if (std::ranges::find(conversation->members, user) == conversation->members.end()) {
              return core_->context.answer(
                  std::move(done),
                  Answer(fail(ErrorCode::untrusted, "The server opened a conversation with somebody else.")));
            }
            // Only now may we see whether they are online: presence is for people who share a conversation.
            core_->directory.refresh(user, [](const Status&) {});
            core_->context.answer(std::move(done), Answer(core_->timeline.view(*conversation)));
          });
    });
  });
}

void Client::messages_send(ConversationId conversation, std::string text, std::optional<MessageId> reply_to,
                           Done<MessageView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  using Answer = Result<MessageView>;
  Context& context = core_->context;
  const Profile* profile = core_->account.profile();
  if (profile == nullptr) return context.answer(std::move(done), Answer(nobody()));
  if (text.empty())
    return context.answer(std::move(done),
                          Answer(fail(ErrorCode::invalid_argument, "The message is empty.")));
  if (text.size() > kMaxTextBytes) {
    return context.answer(
        std::move(done),
        Answer(fail(ErrorCode::too_large, "The message is longer than 64 KiB. Send it as a file.")));
  }
  if (!is_utf8(text)) {
    return context.answer(std::move(done),
                          Answer(fail(ErrorCode::invalid_argument, "The message is not valid UTF-8 text.")));
  }

  store::Transaction transaction(context.store);
  if (!context.store.conversation(conversation))
    return context.answer(std::move(done), Answer(no_conversation()));
  store::MessageRecord message;
  message.id = context.random.id<MessageId>();
  message.conversation = conversation;
  message.sender = profile->user;
  message.device = profile->device;
  message.own = true;
  message.time_ms = context.moment.wall.ms;
  message.position = core_->timeline.unsent_position(conversation);
  message.kind = static_cast<int>(MessageKind::text);
  message.state = static_cast<int>(MessageState::sending);
  message.text = std::move(text);
  if (reply_to) message.reply_to = *reply_to;
  proto::Content content;
  content.set_sent_ms(context.moment.wall.ms);
  content.mutable_text()->set_text(message.text);
  if (reply_to) content.mutable_text()->set_reply_to(raw(reply_to->bytes()));
  core_->timeline.add(message);
  core_->outbox.put(conversation, message.id, OutboxKind::message, content);
  if (Status stored = core_->timeline.finish(transaction.commit()); !stored) {
    return context.answer(std::move(done), Answer(std::move(stored).error().with("storing the message")));
  }
  context.answer(std::move(done), Answer(core_->timeline.view(message)));
  core_->outbox.pump(conversation);
}

void Client::messages_retry(MessageId id, Done<MessageView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  using Answer = Result<MessageView>;
  Context& context = core_->context;
  store::Transaction transaction(context.store);
  auto message = context.store.message(id);
  if (!message || !message->own) return context.answer(std::move(done), Answer(no_message()));
  if (message->state != static_cast<int>(MessageState::failed)) {
    return context.answer(std::move(done), Answer(core_->timeline.view(*message)));
  }
  const auto kind = static_cast<MessageKind>(message->kind);
  if (kind != MessageKind::text && kind != MessageKind::file) {
    return context.answer(std::move(done),
                          Answer(fail(ErrorCode::invalid_argument, "Only messages can be sent again.")));
  }
  proto::Content content;
  content.set_sent_ms(message->time_ms);
  if (kind == MessageKind::file) {
    proto::File& file = *content.mutable_file();
    const bool complete =
        file.ParseFromArray(message->details.data(), static_cast<int>(message->details.size())) &&
        file.sha256().size() == 32;
    if (!complete) {
      // Its upload failed, and goes on where it stopped.
      auto transfer = context.store.transfer(message->transfer);
      if (transfer && transfer->state == static_cast<int>(TransferState::cancelled)) {
        // Taken back, and wanted after all.
        transfer->state = static_cast<int>(TransferState::failed);
        context.store.put_transfer(*transfer);
      }
      if (Status ended = transaction.commit(); !ended)
        return context.answer(std::move(done), Answer(std::move(ended).error()));
      if (const auto resumed = core_->transfers.resume(message->transfer); !resumed) {
        return context.answer(std::move(done), Answer(resumed.error()));
      }
      return context.answer(std::move(done), Answer(core_->timeline.view(*context.store.message(id))));
    }
  } else {
    content.mutable_text()->set_text(message->text);
    if (!message->reply_to.is_zero()) content.mutable_text()->set_reply_to(raw(message->reply_to.bytes()));
  }
  message->state = static_cast<int>(MessageState::sending);
  message->failure.clear();
  message->position = core_->timeline.unsent_position(message->conversation);
  core_->timeline.update(*message);
  core_->outbox.put(message->conversation, id, OutboxKind::message, content);
  if (Status stored = core_->timeline.finish(transaction.commit()); !stored) {
    return context.answer(std::move(done), Answer(std::move(stored).error()));
  }
  context.answer(std::move(done), Answer(core_->timeline.view(*message)));
  core_->outbox.pump(message->conversation);
}

void Client::messages_history(ConversationId conversation, std::optional<MessageId> before, int limit,
                              Done<std::vector<MessageView>> done) {
  const Outlet::Scope scope(core_->context.outlet);
  using Answer = Result<std::vector<MessageView>>;
  Context& context = core_->context;
  if (!context.store.conversation(conversation))
    return context.answer(std::move(done), Answer(no_conversation()));
  std::uint64_t position = store::kAllPositions;
  if (before) {
    const auto message = context.store.message(*before);
    if (!message || message->conversation != conversation) {
      return context.answer(std::move(done), Answer(no_message()));
    }
    position = message->position;
  }
  std::vector<MessageView> views;
  for (const auto& message :
       context.store.history(conversation, position, std::clamp(limit, 1, kMaxHistory))) {
    views.push_back(core_->timeline.view(message));
  }
  // A disk that can't be read is not an empty conversation.
  if (Status read = context.store.problem(); !read)
    return context.answer(std::move(done), Answer(std::move(read).error()));
  context.answer(std::move(done), Answer(std::move(views)));
}

void Client::messages_mark_read(ConversationId conversation, MessageId up_to, Done<Unit> done) {
  const Outlet::Scope scope(core_->context.outlet);
  Context& context = core_->context;
  const auto last = context.store.message(up_to);
  if (!last || last->conversation != conversation) {
    return context.answer(std::move(done), Result<Unit>(no_message()));
  }
  store::Transaction transaction(context.store);
  std::vector<MessageId> to_report;
  // Page by page, until none is left or the disk takes no more: then the commit fails and nothing is read.
  while (context.store.problem()) {
    auto unread = context.store.unread(conversation, last->position, kReadAtOnce);
    if (unread.empty()) break;
    for (store::MessageRecord& message : unread) {
      message.unread = false;
      message.state = static_cast<int>(MessageState::read);
      const auto kind = static_cast<MessageKind>(message.kind);
      if ((kind == MessageKind::text || kind == MessageKind::file) && !message.read_reported) {
        message.read_reported = true;
        to_report.push_back(message.id);
      }
      core_->timeline.update(message);
    }
  }
  if (!to_report.empty()) core_->outbox.put_receipt(conversation, proto::Receipt::READ, to_report);
  Status stored = core_->timeline.finish(transaction.commit());
  core_->outbox.pump(conversation);
  context.answer(std::move(done), std::move(stored));
}

}  // namespace sotto::client
