#include "rpc_events.hpp"

namespace sotto::cli {
namespace {

using namespace client;

// A user by id, with what changed beside it.
Json user_params(const UserView& user) {
  Json out = to_json(user);
  out["user"] = out["id"];
  out.erase("id");
  return out;
}

Json message_params(const MessageView& message) {
  return {{"conversation", message.conversation.str()}, {"message", to_json(message)}};
}

Notification make(const ConnectionChanged& e) { return {"connection.state", to_json(e.connection)}; }
Notification make(const CaughtUp&) { return {"messages.caught_up", Json::object()}; }
Notification make(const AccountChanged& e) {
  return {"account.changed", e.account ? to_json(*e.account) : Json{{"user", nullptr}}};
}
Notification make(const MessageAdded& e) { return {"message.added", message_params(e.message)}; }
Notification make(const MessageUpdated& e) { return {"message.updated", message_params(e.message)}; }
Notification make(const ConversationUpdated& e) {
  return {"conversation.updated",
          {{"conversation", e.conversation.id.str()},
           {"kind", to_string(e.conversation.kind)},
           {"name", e.conversation.name},
           {"unread", e.conversation.unread}}};
}
Notification make(const ContactUpdated& e) { return {"contact.updated", user_params(e.user)}; }
Notification make(const PresenceUpdated& e) { return {"presence.updated", user_params(e.user)}; }
Notification make(const IdentityChanged& e) { return {"identity.changed", user_params(e.user)}; }
Notification make(const TransferProgress& e) { return {"transfer.progress", to_json(e.transfer)}; }
Notification make(const CallIncoming& e) {
  return {"call.incoming",
          {{"call", e.call.id.str()},
           {"conversation", e.call.conversation.str()},
           {"from", to_json(e.call.peer)},
           {"video", e.call.video}}};
}
Notification make(const CallChanged& e) { return {"call.state", to_json(e.call)}; }
Notification make(const CallStatsUpdated& e) {
  Json params = to_json(e.stats);
  params["call"] = e.call.str();
  return {"call.stats", std::move(params)};
}
Notification make(const Notice& e) {
  return {"notice", {{"code", to_string(e.error.code)}, {"message", e.error.message}}};
}

}  // namespace

Notification to_notification(const Event& event) {
  return std::visit([](const auto& e) { return make(e); }, event);
}

}  // namespace sotto::cli
