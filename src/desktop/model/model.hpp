// The window's copy of what the client core knows, and the commands the views give.
//
// Everything here lives on the window's thread. Answers and events of the core reach it through `UiPost`,
// which runs a function on that thread (immediately when already there). Views read the public state and
// call the verbs; `changed` is called after anything that may look different.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sotto/client/commands.hpp"
#include "sotto/client/view.hpp"

namespace sotto::desktop {

using client::AccountView;
using client::CallState;
using client::CallView;
using client::ConversationView;
using client::EndReason;
using client::MessageKind;
using client::MessageState;
using client::MessageView;
using client::TransferState;
using client::TransferView;
using client::UserView;

// The colour of a user's disc and name: an index into the identity colours.
inline std::size_t identity_of(const UserId& user) { return user.bytes()[0] % 12u; }

using UiPost = std::function<void(std::function<void()>)>;

// The messages of one conversation that are in memory, oldest first.
struct Log {
  std::vector<MessageView> messages;
  bool loading = false, complete = false, failed = false, opened = false;
  std::unordered_map<MessageId, TimePoint> appeared;  // own messages on their way: when they were sent
  std::optional<MessageId> unread_from;               // the first unread when the conversation was opened
  std::uint64_t revision = 0;
};

struct Toast {
  std::string text;
  std::string action;
  std::function<void()> on;
  TimePoint until{};
};

class Model final : public client::EventSink {
 public:
  Model(client::Commands& commands, UiPost post, std::function<TimePoint()> now,
        std::function<WallTime()> wall);

  // ---- state ----
  bool account_known = false;
  std::optional<AccountView> account;
  client::ConnectionView connection;
  TimePoint connection_since{};
  std::vector<ConversationView> conversations;  // newest first
  std::optional<ConversationId> open;
  std::optional<CallView> call, second_call;
  call::CallStats call_stats;
  TimePoint call_state_since{};  // of `call`
  std::deque<Toast> toasts;

  Log* log(const ConversationId& id);
  const ConversationView* conversation(const ConversationId& id) const;
  const TransferView* transfer(const TransferId& id) const;
  const MessageView* message(const ConversationId& conversation, const MessageId& id) const;
  int total_unread() const;
  bool online() const { return connection.state == client::ConnectionState::online; }
  std::string host() const;
  // Length of the running call, counted on from the core's last word.
  int call_seconds(TimePoint now) const;

  // ---- verbs ----
  void start();  // asks for account and conversations
  using Answer = std::function<void(std::optional<Error>)>;
  void register_account(client::RegisterParams params, Answer answer);
  void login(client::LoginParams params, Answer answer);
  void logout();
  void reconnect_now() { commands_.reconnect_now(); }
  void find_user(std::string username, std::function<void(Result<std::vector<UserView>>)> answer);
  void open_conversation(const ConversationId& id);
  void open_direct(const UserId& user);
  void close_conversation();
  void load_older(const ConversationId& id);
  void send(const ConversationId& id, std::string text, std::vector<std::string> files);
  void retry(const MessageId& id);
  void mark_read(const ConversationId& id, const MessageId& up_to);
  void fetch(const MessageView& message);
  void pause(const TransferId& id);
  void resume(const TransferId& id);
  void cancel(const TransferId& id);
  void safety_number(const UserId& user, std::function<void(Result<std::string>)> answer);
  void verify(const UserId& user, bool verified, std::string digits);
  void start_call(const ConversationId& id, bool video);
  void accept_call(const CallId& id, bool video);
  void decline_call(const CallId& id);
  void hang_up(const CallId& id);
  void set_call(client::Commands::CallSettings settings);
  void dismiss_call();  // leaves the ended screen

  void toast(std::string text, std::string action = {}, std::function<void()> on = {});
  void expire_toasts(TimePoint now);

  // From the core, any thread.
  void on_event(const client::Event& event) override;

  std::function<void()> changed;
  std::function<void(const MessageView&)> message_arrived;  // from somebody else
  std::function<void(const MessageView&)> message_sent;     // an own one appeared
  // send() was refused, and there is no bubble that keeps the text.
  std::function<void(const ConversationId&, const std::string& text)> not_sent;
  std::function<void()> call_changed;
  std::function<void(const ConversationId&)> conversation_opened;

 private:
  template <class T>
  client::Done<T> on_ui(std::function<void(Result<T>)> handler) {
    return [post = post_, handler = std::move(handler)](Result<T> result) {
      // Results hold move-only secrets nowhere, so a shared copy is fine.
      auto shared = std::make_shared<Result<T>>(std::move(result));
      post([handler, shared] { handler(std::move(*shared)); });
    };
  }
  void apply(const client::Event& event);
  void put_message(const MessageView& message);
  void update_message(const MessageView& message);
  void forget_account();
  void put_conversation(const ConversationView& conversation);
  void put_user(const UserView& user);
  void put_transfer(const TransferView& transfer);
  void put_call(const CallView& call);
  void sort_conversations();
  void load(const ConversationId& id, std::optional<MessageId> before);
  void refresh_all();
  client::Done<AccountView> signed_in(Answer answer);
  void problem(const Error& error) { toast(error.message); }
  void touched() {
    if (changed) changed();
  }

  client::Commands& commands_;
  UiPost post_;
  std::function<TimePoint()> now_;
  std::function<WallTime()> wall_;
  std::unordered_map<ConversationId, Log> logs_;
  std::unordered_map<TransferId, TransferView> transfers_;
  std::unordered_set<CallId> dismissed_calls_;
  std::unordered_map<ConversationId, MessageId> read_reported_;
};

}  // namespace sotto::desktop
