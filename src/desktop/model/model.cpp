#include "desktop/model/model.hpp"

#include <algorithm>
#include <chrono>

#include "desktop/base/tokens.hpp"

namespace sotto::desktop {
namespace {

constexpr int kPage = 80;
constexpr std::size_t kMaxToasts = 3;

bool unsent(const MessageView& m) {
  return m.state == MessageState::sending || m.state == MessageState::failed;
}

// Unsent messages after everything; then the core's order.
bool before(const MessageView& a, const MessageView& b) {
  if (unsent(a) != unsent(b)) return unsent(b);
  if (a.order != b.order) return a.order < b.order;
  return a.time < b.time;
}

int rank(MessageState state) {
  switch (state) {
    case MessageState::failed:
    case MessageState::sending: return 0;
    case MessageState::sent: return 1;
    case MessageState::delivered: return 2;
    case MessageState::read: return 3;
  }
  return 0;
}

// As the core counts them: what was said, and calls that were missed.
bool may_be_unread(const MessageView& m) {
  if (m.own || m.state == MessageState::read || m.kind == MessageKind::event) return false;
  return !m.call || (!m.call->answered && m.call->reason != EndReason::declined);
}

// The first unread: that many received messages from the end.
void mark_unread(Log& log, int unread) {
  for (auto it = log.messages.rbegin(); it != log.messages.rend() && unread > 0; ++it) {
    if (!may_be_unread(*it)) continue;
    log.unread_from = it->id;
    --unread;
  }
}

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

Model::Model(client::Commands& commands, UiPost post, std::function<TimePoint()> now,
             std::function<WallTime()> wall)
    : commands_(commands), post_(std::move(post)), now_(std::move(now)), wall_(std::move(wall)) {
  connection.state = client::ConnectionState::connecting;
}

Log* Model::log(const ConversationId& id) {
  const auto it = logs_.find(id);
  return it == logs_.end() ? nullptr : &it->second;
}

const ConversationView* Model::conversation(const ConversationId& id) const {
  const auto it = std::ranges::find(conversations, id, &ConversationView::id);
  return it == conversations.end() ? nullptr : &*it;
}

const TransferView* Model::transfer(const TransferId& id) const {
  const auto it = transfers_.find(id);
  return it == transfers_.end() ? nullptr : &it->second;
}

const MessageView* Model::message(const ConversationId& conversation, const MessageId& id) const {
  const auto it = logs_.find(conversation);
  if (it == logs_.end()) return nullptr;
  const auto found = std::ranges::find(it->second.messages, id, &MessageView::id);
  return found == it->second.messages.end() ? nullptr : &*found;
}

int Model::total_unread() const {
  int sum = 0;
  for (const ConversationView& c : conversations) sum += c.unread;
  return sum;
}

std::string Model::host() const {
  if (!account) return {};
  const std::size_t colon = account->server.rfind(':');
  return account->server.substr(0, colon);
}

int Model::call_seconds(TimePoint now) const {
  if (!call) return 0;
  if (call->state != CallState::active && call->state != CallState::reconnecting) return call->active_s;
  return call->active_s + static_cast<int>((now - call_state_since) / std::chrono::seconds(1));
}

// ---- verbs ----

void Model::start() {
  connection_since = now_();
  commands_.account_status(on_ui<client::Commands::AccountStatus>([this](auto result) {
    account_known = true;
    if (result) {
      account = result->account;
      if (result->connection.state != connection.state) connection_since = now_();
      connection = result->connection;
    }
    refresh_all();
    touched();
  }));
}

void Model::refresh_all() {
  if (!account) return;
  commands_.conversations_list(on_ui<std::vector<ConversationView>>([this](auto result) {
    if (!result) return problem(result.error());
    for (const ConversationView& c : *result) put_conversation(c);
    touched();
  }));
}

client::Done<AccountView> Model::signed_in(Answer answer) {
  return on_ui<AccountView>([this, answer = std::move(answer)](auto result) {
    if (result) {
      account = *result;
      answer(std::nullopt);
      refresh_all();
    } else {
      answer(result.error());
    }
    touched();
  });
}

void Model::register_account(client::RegisterParams params, Answer answer) {
  commands_.account_register(std::move(params), signed_in(std::move(answer)));
}

void Model::login(client::LoginParams params, Answer answer) {
  commands_.account_login(std::move(params), signed_in(std::move(answer)));
}

void Model::logout() {
  commands_.account_logout(on_ui<Unit>([this](auto result) {
    if (!result) return problem(result.error());
    forget_account();
    touched();
  }));
}

void Model::forget_account() {
  account.reset();
  conversations.clear();
  logs_.clear();
  transfers_.clear();
  read_reported_.clear();
  open.reset();
  call.reset();
  second_call.reset();
  if (call_changed) call_changed();
}

void Model::find_user(std::string username, std::function<void(Result<std::vector<UserView>>)> answer) {
  commands_.contacts_find(std::move(username),
                          on_ui<std::vector<UserView>>([this, answer = std::move(answer)](auto result) {
                            answer(std::move(result));
                            touched();
                          }));
}

void Model::open_conversation(const ConversationId& id) {
  if (open == id) return;  // selecting the open one must not touch anything
  open = id;
  Log& l = logs_[id];
  l.unread_from.reset();
  const ConversationView* c = conversation(id);
  if (c != nullptr) mark_unread(l, c->unread);
  if (!l.opened) {
    l.opened = true;
    load(id, std::nullopt);
  }
  if (conversation_opened) conversation_opened(id);
  touched();
}

void Model::close_conversation() {
  open.reset();
  touched();
}

void Model::open_direct(const UserId& user) {
  commands_.conversations_direct(user, on_ui<ConversationView>([this](auto result) {
                                   if (!result) return problem(result.error());
                                   put_conversation(*result);
                                   open_conversation(result->id);
                                 }));
}

void Model::load(const ConversationId& id, std::optional<MessageId> from) {
  Log& l = logs_[id];
  if (l.loading) return;
  l.loading = true;
  l.failed = false;
  commands_.messages_history(id, from, kPage, on_ui<std::vector<MessageView>>([this, id, from](auto result) {
                               Log& l2 = logs_[id];
                               l2.loading = false;
                               ++l2.revision;
                               if (!result) {
                                 l2.failed = true;
                                 return touched();
                               }
                               if (result->size() < static_cast<std::size_t>(kPage)) l2.complete = true;
                               const ConversationView* c = conversation(id);
                               const int unread_count = c != nullptr ? c->unread : 0;
                               for (const MessageView& m : *result) put_message(m);
                               if (!from && !l2.unread_from) {
                                 mark_unread(l2, unread_count);
                               }
                               touched();
                             }));
}

void Model::load_older(const ConversationId& id) {
  Log& l = logs_[id];
  if (l.complete || l.loading) return;
  load(id, l.messages.empty() ? std::nullopt : std::optional(l.messages.front().id));
}

void Model::send(const ConversationId& id, std::string text, std::vector<std::string> files) {
  // Who answers has seen what was new.
  if (Log* l = log(id); l != nullptr && l->unread_from) {
    l->unread_from.reset();
    ++l->revision;
  }
  const auto give_back = [this, id](const std::string& refused, const Error& error) {
    problem(error);
    if (!refused.empty() && not_sent) not_sent(id, refused);
  };
  if (files.empty()) {
    commands_.messages_send(id, text, std::nullopt, on_ui<MessageView>([this, give_back, text](auto result) {
                              if (!result) return give_back(text, result.error());
                              put_message(*result);
                              touched();
                            }));
    return;
  }
  // More than fits beside a file goes before it.
  if (text.size() > client::kMaxCaptionBytes) send(id, std::exchange(text, {}), {});
  // The caption belongs to the first file.
  for (std::string& path : files) {
    const std::string caption = std::exchange(text, {});
    commands_.files_send(id, std::move(path), caption,
                         on_ui<client::Commands::SentFile>([this, give_back, caption](auto result) {
                           if (!result) return give_back(caption, result.error());
                           put_transfer(result->transfer);
                           put_message(result->message);
                           touched();
                         }));
  }
}

void Model::retry(const MessageId& id) {
  commands_.messages_retry(id, on_ui<MessageView>([this](auto result) {
                             if (!result) return problem(result.error());
                             put_message(*result);
                             touched();
                           }));
}

void Model::mark_read(const ConversationId& id, const MessageId& up_to) {
  if (const auto it = read_reported_.find(id); it != read_reported_.end() && it->second == up_to) return;
  read_reported_[id] = up_to;
  commands_.messages_mark_read(id, up_to, on_ui<Unit>([this, id](auto result) {
                                 if (!result) read_reported_.erase(id);  // tried again when it is seen again
                               }));
}

void Model::fetch(const MessageView& message) {
  commands_.files_fetch(message.id, {}, on_ui<TransferView>([this](auto result) {
                          if (!result) return problem(result.error());
                          put_transfer(*result);
                          touched();
                        }));
}

void Model::pause(const TransferId& id) {
  commands_.files_pause(id, on_ui<TransferView>([this](auto result) {
                          if (!result) return problem(result.error());
                          put_transfer(*result);
                          touched();
                        }));
}

void Model::resume(const TransferId& id) {
  commands_.files_resume(id, on_ui<TransferView>([this](auto result) {
                           if (!result) return problem(result.error());
                           put_transfer(*result);
                           touched();
                         }));
}

void Model::cancel(const TransferId& id) {
  commands_.files_cancel(id, on_ui<TransferView>([this](auto result) {
                           if (!result) return problem(result.error());
                           put_transfer(*result);
                           touched();
                         }));
}

void Model::safety_number(const UserId& user, std::function<void(Result<std::string>)> answer) {
  commands_.contacts_safety_number(user, on_ui<std::string>([this, answer = std::move(answer)](auto result) {
                                     answer(std::move(result));
                                     touched();
                                   }));
}

void Model::verify(const UserId& user, bool verified, std::string digits) {
  commands_.contacts_verify(user, verified, std::move(digits), on_ui<UserView>([this](auto result) {
                              if (!result) return problem(result.error());
                              put_user(*result);
                              touched();
                            }));
}

void Model::start_call(const ConversationId& id, bool video) {
  commands_.calls_start(id, video, on_ui<CallView>([this](auto result) {
                          if (!result) return problem(result.error());
                          put_call(*result);
                          touched();
                        }));
}

void Model::accept_call(const CallId& id, bool video) {
  commands_.calls_accept(id, video, on_ui<CallView>([this](auto result) {
                           if (!result) return problem(result.error());
                           if (second_call && second_call->id == result->id) {
                             second_call.reset();
                             call = *result;
                             call_state_since = now_();
                           }
                           put_call(*result);
                           touched();
                         }));
}

void Model::decline_call(const CallId& id) {
  dismissed_calls_.insert(id);
  if (second_call && second_call->id == id)
    second_call.reset();
  else if (call && call->id == id)
    call.reset();
  commands_.calls_decline(id, on_ui<CallView>([this](auto result) {
                            if (!result) problem(result.error());
                            touched();
                          }));
  if (call_changed) call_changed();
  touched();
}

void Model::hang_up(const CallId& id) {
  commands_.calls_hangup(id, on_ui<CallView>([this](auto result) {
                           if (!result) return problem(result.error());
                           put_call(*result);
                           touched();
                         }));
}

void Model::set_call(client::Commands::CallSettings settings) {
  if (!call) return;
  commands_.calls_set(call->id, settings, on_ui<CallView>([this](auto result) {
                        if (!result) return problem(result.error());
                        put_call(*result);
                        touched();
                      }));
}

void Model::dismiss_call() {
  if (call && call->state == CallState::ended) {
    dismissed_calls_.insert(call->id);
    call.reset();
    if (call_changed) call_changed();
    touched();
  }
}

void Model::toast(std::string text, std::string action, std::function<void()> on) {
  if (text.empty()) return;
  const auto life = std::chrono::milliseconds(action.empty() ? ms::kToast : ms::kToastAction);
  // The same sentence again only stays longer.
  const auto same = std::ranges::find(toasts, text, &Toast::text);
  if (same != toasts.end()) {
    same->until = now_() + life;
  } else {
    toasts.push_back({std::move(text), std::move(action), std::move(on), now_() + life});
    while (toasts.size() > kMaxToasts) toasts.pop_front();
  }
  touched();
}

void Model::expire_toasts(TimePoint now) {
  std::erase_if(toasts, [&](const Toast& t) { return t.until <= now; });
}

// ---- events ----

void Model::on_event(const client::Event& event) {
  post_([this, event] {
    apply(event);
    touched();
  });
}

void Model::apply(const client::Event& event) {
  std::visit(Overloaded{
                 [&](const client::ConnectionChanged& e) {
                   if (e.connection.state != connection.state) connection_since = now_();
                   const bool was_online = online();
                   connection = e.connection;
                   if (online() && !was_online) refresh_all();
                 },
                 [](const client::CaughtUp&) {},
                 [&](const client::AccountChanged& e) {
                   account_known = true;
                   const bool fresh = e.account && !account;
                   account = e.account;
                   if (!account) {
                     forget_account();
                   } else if (fresh) {
                     refresh_all();
                   }
                 },
                 [&](const client::MessageAdded& e) {
                   put_message(e.message);
                   if (e.message.own) {
                     if (message_sent) message_sent(e.message);
                   } else if (message_arrived) {
                     message_arrived(e.message);
                   }
                 },
                 [&](const client::MessageUpdated& e) { update_message(e.message); },
                 [&](const client::ConversationUpdated& e) { put_conversation(e.conversation); },
                 [&](const client::ContactUpdated& e) { put_user(e.user); },
                 [&](const client::PresenceUpdated& e) { put_user(e.user); },
                 [&](const client::IdentityChanged& e) { put_user(e.user); },
                 [&](const client::TransferProgress& e) { put_transfer(e.transfer); },
                 [&](const client::CallIncoming& e) { put_call(e.call); },
                 [&](const client::CallChanged& e) { put_call(e.call); },
                 [&](const client::CallStatsUpdated& e) {
                   if (call && call->id == e.call) call_stats = e.stats;
                 },
                 [&](const client::Notice& e) { problem(e.error); },
             },
             event);
}

void Model::put_message(const MessageView& m) {
  Log& l = logs_[m.conversation];
  ++l.revision;
  const auto found = std::ranges::find(l.messages, m.id, &MessageView::id);
  if (m.own && m.state == MessageState::sending) l.appeared.try_emplace(m.id, now_());
  if (m.own && rank(m.state) > 0) l.appeared.erase(m.id);
  if (found != l.messages.end()) {
    MessageView next = m;
    // States only move forward; answers and events may arrive in either order.
    if (rank(found->state) > rank(next.state)) next.state = found->state;
    for (ConversationView& c : conversations) {
      if (c.last && c.last->id == next.id) c.last = next;
    }
    if (!before(*found, next) && !before(next, *found)) {
      *found = std::move(next);
      return;
    }
    l.messages.erase(found);
    l.messages.insert(std::ranges::upper_bound(l.messages, next, before), next);
    return;
  }
  l.messages.insert(std::ranges::upper_bound(l.messages, m, before), m);

  // The row of the sidebar follows at once; the core's own update may come later.
  for (ConversationView& c : conversations) {
    if (c.id == m.conversation && (!c.last || !before(m, *c.last))) {
      c.last = m;
      sort_conversations();
      break;
    }
  }
}

// Of an older page that is not in memory: it comes as it is then. Kept here it would stand at the front of
// the log, and what lies between it and the newest page would never be asked for.
void Model::update_message(const MessageView& m) {
  if (message(m.conversation, m.id) != nullptr) return put_message(m);
  for (ConversationView& c : conversations) {
    if (c.last && c.last->id == m.id) c.last = m;
  }
}

void Model::put_conversation(const ConversationView& c) {
  const auto found = std::ranges::find(conversations, c.id, &ConversationView::id);
  if (found == conversations.end())
    conversations.push_back(c);
  else
    *found = c;
  if (call && call->peer.id == c.peer.id) call->peer.online = c.peer.online;
  sort_conversations();
}

void Model::sort_conversations() {
  std::ranges::stable_sort(conversations, [](const ConversationView& a, const ConversationView& b) {
    const std::int64_t ta = a.last ? a.last->time.ms : 0, tb = b.last ? b.last->time.ms : 0;
    return ta != tb ? ta > tb : a.name < b.name;
  });
}

void Model::put_user(const UserView& user) {
  for (ConversationView& c : conversations) {
    if (c.peer.id == user.id) c.peer = user;
  }
  for (std::optional<CallView>* shown : {&call, &second_call}) {
    if (!*shown || (*shown)->peer.id != user.id) continue;
    (*shown)->peer = user;
    (*shown)->verified = user.verified;
  }
  if (account && account->user.id == user.id) account->user = user;
}

void Model::put_transfer(const TransferView& t) {
  TransferView& kept = transfers_[t.id];
  // Bytes never go back while the state stays.
  const std::uint64_t bytes =
      kept.id == t.id && kept.state == t.state ? std::max(kept.bytes, t.bytes) : t.bytes;
  kept = t;
  kept.bytes = bytes;
  Log* l = log(t.conversation);
  if (l == nullptr) return;
  ++l->revision;
  for (MessageView& m : l->messages) {
    if (m.id != t.message) continue;
    m.transfer = t.id;
    if (t.state == TransferState::done && !t.path.empty()) m.local_path = t.path;
  }
}

void Model::put_call(const CallView& c) {
  if (dismissed_calls_.contains(c.id)) {
    if (c.state == CallState::ended) dismissed_calls_.erase(c.id);
    return;
  }
  const bool busy = call && call->id != c.id && call->state != CallState::ended;
  if (busy) {
    // A second call that rings; one that ended meanwhile goes away.
    if (c.state == CallState::ended)
      second_call.reset();
    else
      second_call = c;
  } else {
    if (!call && c.state == CallState::ended && c.reason == EndReason::cancelled && !c.outgoing) return;
    if (!call || call->id != c.id || call->state != c.state || call->active_s != c.active_s) {
      const bool same_clock =
          call && call->id == c.id && call->state == c.state && c.active_s == call_seconds(now_());
      if (!same_clock) call_state_since = now_();
    }
    if (!call || call->id != c.id) call_stats = {};
    call = c;
    // What rang and was not answered leaves no screen behind: the timeline tells it.
    if (c.state == CallState::ended && !c.outgoing && c.active_s == 0 &&
        (c.reason == EndReason::cancelled || c.reason == EndReason::no_answer ||
         c.reason == EndReason::declined)) {
      call.reset();
    }
    if (second_call && (!call || call->state == CallState::ended)) {
      call = std::exchange(second_call, std::nullopt);
      call_state_since = now_();
    }
  }
  if (call_changed) call_changed();
}

}  // namespace sotto::desktop
