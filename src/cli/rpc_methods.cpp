#include "rpc_methods.hpp"

#include <algorithm>

namespace sotto::cli {
namespace {

using client::Commands;

// Lengths: user names and addresses by docs/protocol.md; the rest chosen well above what is useful.
constexpr std::size_t kMaxText = 64UL * 1024;
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxPassword = 1024;
constexpr int kDefaultHistory = 50;
constexpr std::size_t kMaxHistory = 500;

Parameter text(std::string_view name, std::size_t limit = 512) {
  return {name, ParameterType::text, true, limit};
}
Parameter secret(std::string_view name) { return {name, ParameterType::secret, true, kMaxPassword}; }
Parameter id(std::string_view name) { return {name, ParameterType::id, true, 32}; }
Parameter boolean(std::string_view name) { return {name, ParameterType::boolean, true, 0}; }
Parameter integer(std::string_view name, std::size_t limit) {
  return {name, ParameterType::integer, true, limit};
}
Parameter optional(Parameter parameter) {
  parameter.required = false;
  return parameter;
}

template <class View>
Json users(const View& list) {
  return {{"users", to_json_list(list)}};
}
Json id_of(const client::MessageView& message) { return {{"message", message.id.str()}}; }
Json id_of(const client::ConversationView& conversation) { return {{"conversation", conversation.id.str()}}; }
Json devices(const call::MediaSessionFactory::Devices& list) { return {{"devices", to_json(list)}}; }
constexpr auto kMessageId = [](const client::MessageView& message) { return id_of(message); };
constexpr auto kAsJson = [](const auto& view) { return to_json(view); };

std::vector<Method> account_methods() {
  return {
      {"account.register",
       {text("server", 1024), optional(text("invite")), text("username"), secret("password"),
        optional(text("display_name")), optional(text("device_name"))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.account_register({a.text("server"), a.text("invite"), a.text("username"), a.secret("password"),
                             a.text("display_name"), a.text("device_name")},
                            reply.as(kAsJson));
       }},
      {"account.login",
       {text("server", 1024), text("username"), secret("password"), optional(text("device_name")),
        optional(boolean("replace_device"))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.account_login({a.text("server"), a.text("username"), a.secret("password"), a.text("device_name"),
                          a.boolean("replace_device")},
                         reply.as(kAsJson));
       }},
      {"account.status",
       {},
       [](Commands& c, Arguments&, const Reply& reply) { c.account_status(reply.as(kAsJson)); }},
      {"account.logout",
       {},
       [](Commands& c, Arguments&, const Reply& reply) { c.account_logout(reply.empty()); }},
      {"account.change_password",
       {secret("old"), secret("new")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.account_change_password(a.secret("old"), a.secret("new"), reply.empty());
       }},
      {"account.reconnect",
       {},
       [](Commands& c, Arguments&, const Reply& reply) {
         c.reconnect_now();
         reply(Json::object());
       }},
      {"devices.list",
       {},
       [](Commands& c, Arguments&, const Reply& reply) {
         c.devices_list(reply.as([](const auto& list) { return Json{{"devices", to_json_list(list)}}; }));
       }},
  };
}

// The number alone says nothing about whether it was compared: the contact list does.
void safety_number(Commands& c, Arguments& a, const Reply& reply) {
  const auto user = a.id<UserId>("user");
  c.contacts_safety_number(user, [&c, user, reply](Result<std::string> digits) {
    if (!digits) return reply(std::move(digits).error());
    c.contacts_list(reply.as([user, digits = *digits](const std::vector<client::UserView>& list) {
      const auto contact = std::ranges::find(list, user, &client::UserView::id);
      return Json{{"digits", digits}, {"verified", contact != list.end() && contact->verified}};
    }));
  });
}

// Without `digits` the number of this moment is taken: what contacts.safety_number would have shown.
void verify(Commands& c, Arguments& a, const Reply& reply) {
  const auto user = a.id<UserId>("user");
  const bool verified = a.boolean("verified", true);
  const auto answer = reply.as([](const client::UserView& view) {
    return Json{{"verified", view.verified}};
  });
  if (a.has("digits")) return c.contacts_verify(user, verified, a.text("digits"), answer);
  c.contacts_safety_number(user, [&c, user, verified, reply, answer](Result<std::string> digits) {
    if (!digits) return reply(std::move(digits).error());
    c.contacts_verify(user, verified, std::move(digits).value(), answer);
  });
}

std::vector<Method> people_methods() {
  return {
      {"contacts.list",
       {},
       [](Commands& c, Arguments&, const Reply& reply) {
         c.contacts_list(reply.as([](const auto& list) { return users(list); }));
       }},
      {"contacts.find",
       {text("username")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.contacts_find(a.text("username"), reply.as([](const auto& list) { return users(list); }));
       }},
      {"contacts.safety_number", {id("user")}, safety_number},
      {"contacts.verify", {id("user"), optional(boolean("verified")), optional(text("digits", 128))}, verify},
      {"conversations.list",
       {},
       [](Commands& c, Arguments&, const Reply& reply) {
         c.conversations_list(reply.as([](const auto& list) {
           return Json{{"conversations", to_json_list(list)}};
         }));
       }},
      {"conversations.direct",
       {id("user")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.conversations_direct(a.id<UserId>("user"),
                                reply.as([](const client::ConversationView& view) { return id_of(view); }));
       }},
  };
}

std::vector<Method> message_methods() {
  return {
      {"messages.send",
       {id("conversation"), text("text", kMaxText), optional(id("reply_to"))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.messages_send(a.id<ConversationId>("conversation"), a.text("text"),
                         a.optional_id<MessageId>("reply_to"), reply.as(kMessageId));
       }},
      {"messages.retry",
       {id("message")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.messages_retry(a.id<MessageId>("message"), reply.as(kMessageId));
       }},
      {"messages.history",
       {id("conversation"), optional(id("before")), optional(integer("limit", kMaxHistory))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.messages_history(a.id<ConversationId>("conversation"), a.optional_id<MessageId>("before"),
                            a.integer("limit", kDefaultHistory), reply.as([](const auto& list) {
                              return Json{{"messages", to_json_list(list)}};
                            }));
       }},
      {"messages.mark_read",
       {id("conversation"), id("message")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.messages_mark_read(a.id<ConversationId>("conversation"), a.id<MessageId>("message"),
                              reply.empty());
       }},
      {"files.send",
       {id("conversation"), text("path", kMaxPath), optional(text("text", kMaxText))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.files_send(a.id<ConversationId>("conversation"), a.text("path"), a.text("text"),
                      reply.as([](const Commands::SentFile& sent) {
                        return Json{{"message", sent.message.id.str()}, {"transfer", sent.transfer.id.str()}};
                      }));
       }},
      {"files.fetch",
       {id("message"), optional(text("path", kMaxPath))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.files_fetch(a.id<MessageId>("message"), a.text("path"), reply.as(kAsJson));
       }},
      {"files.pause",
       {id("transfer")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.files_pause(a.id<TransferId>("transfer"), reply.as(kAsJson));
       }},
      {"files.resume",
       {id("transfer")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.files_resume(a.id<TransferId>("transfer"), reply.as(kAsJson));
       }},
      {"files.cancel",
       {id("transfer")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.files_cancel(a.id<TransferId>("transfer"), reply.as(kAsJson));
       }},
  };
}

std::vector<Method> call_methods() {
  return {
      {"calls.start",
       {id("conversation"), optional(boolean("video"))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.calls_start(a.id<ConversationId>("conversation"), a.boolean("video"), reply.as(kAsJson));
       }},
      {"calls.accept",
       {id("call"), optional(boolean("video"))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.calls_accept(a.id<CallId>("call"), a.boolean("video"), reply.as(kAsJson));
       }},
      {"calls.decline",
       {id("call")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.calls_decline(a.id<CallId>("call"), reply.as(kAsJson));
       }},
      {"calls.hangup",
       {id("call")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.calls_hangup(a.id<CallId>("call"), reply.as(kAsJson));
       }},
      {"calls.set",
       {id("call"), optional(boolean("microphone")), optional(boolean("camera")),
        optional(boolean("speaker"))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.calls_set(
             a.id<CallId>("call"),
             {a.optional_boolean("microphone"), a.optional_boolean("camera"), a.optional_boolean("speaker")},
             reply.as(kAsJson));
       }},
      {"calls.stats",
       {id("call")},
       [](Commands& c, Arguments& a, const Reply& reply) {
         const auto call = a.id<CallId>("call");
         c.calls_stats(call, reply.as([call](const call::CallStats& stats) {
           Json out = to_json(stats);
           out["call"] = call.str();
           return out;
         }));
       }},
      {"media.devices",
       {},
       [](Commands& c, Arguments&, const Reply& reply) {
         c.media_devices(reply.as([](const auto& list) { return devices(list); }));
       }},
      {"media.select",
       {optional(text("camera", kMaxPath)), optional(text("microphone", kMaxPath)),
        optional(text("speaker", kMaxPath))},
       [](Commands& c, Arguments& a, const Reply& reply) {
         c.media_select(a.text("camera"), a.text("microphone"), a.text("speaker"),
                        reply.as([](const auto& list) { return devices(list); }));
       }},
  };
}

// What this program understands, so that a bot need not guess.
Json describe_methods() {
  Json list = Json::array();
  for (const Method& method : rpc_methods()) {
    Json parameters = Json::array();
    for (const Parameter& parameter : method.parameters) {
      parameters.push_back(
          {{"name", parameter.name}, {"type", to_string(parameter.type)}, {"required", parameter.required}});
    }
    list.push_back({{"id", method.name}, {"parameters", std::move(parameters)}});
  }
  return {{"methods", std::move(list)}};
}

std::vector<Method> make_table() {
  std::vector<Method> table;
  for (auto make : {account_methods, people_methods, message_methods, call_methods}) {
    auto part = make();
    std::ranges::move(part, std::back_inserter(table));
  }
  table.push_back(
      {"rpc.methods", {}, [](Commands&, Arguments&, const Reply& reply) { reply(describe_methods()); }});
  return table;
}

}  // namespace

const std::vector<Method>& rpc_methods() {
  static const std::vector<Method> table = make_table();
  return table;
}

const Method* find_method(std::string_view name) {
  const auto& table = rpc_methods();
  const auto it = std::ranges::find(table, name, &Method::name);
  return it == table.end() ? nullptr : &*it;
}

}  // namespace sotto::cli
