#include "cli/rpc_server.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "cli/rpc_methods.hpp"
#include "fake_commands.hpp"

namespace sotto::cli {
namespace {

using test::FakeCommands;
using test::id_of;

struct RpcServerTest : testing::Test {
  FakeCommands commands;
  std::vector<Json> out;
  RpcServer server{commands, [this](std::string_view line) { out.push_back(Json::parse(line)); }};

  Json ask(std::string_view line) {
    out.clear();
    server.on_line(line);
    EXPECT_EQ(out.size(), 1u) << line;
    return out.empty() ? Json() : out.front();
  }
  Json call(std::string_view method, const Json& params) {
    return ask(Json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}}.dump());
  }
  int error_code(std::string_view line) { return ask(line)["error"]["code"].get<int>(); }
};

TEST_F(RpcServerTest, answers_a_request_under_its_id) {
  const Json reply = ask(R"({"jsonrpc":"2.0","id":"x-1","method":"account.status"})");
  EXPECT_EQ(reply["jsonrpc"], "2.0");
  EXPECT_EQ(reply["id"], "x-1");
  EXPECT_TRUE(reply["result"].is_object());
  EXPECT_FALSE(reply.contains("error"));
}

TEST_F(RpcServerTest, reports_text_that_is_not_json_as_a_parse_error) {
  const Json reply = ask("{oops");
  EXPECT_EQ(reply["error"]["code"], -32700);
  EXPECT_EQ(reply["id"], nullptr);
  EXPECT_EQ(error_code(std::string(100, '[') + std::string(100, ']')), -32700);
}

TEST_F(RpcServerTest, reports_an_overlong_line_as_a_parse_error) {
  server.on_overlong_line();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0]["error"]["code"], -32700);
  EXPECT_EQ(out[0]["error"]["data"]["code"], "too_large");
}

TEST_F(RpcServerTest, ignores_empty_lines) {
  server.on_line("");
  server.on_line("  \r");
  EXPECT_TRUE(out.empty());
}

TEST_F(RpcServerTest, refuses_what_is_json_but_no_request) {
  EXPECT_EQ(error_code("[]"), -32600);
  EXPECT_EQ(error_code("7"), -32600);
  EXPECT_EQ(error_code(R"({"id":1,"method":"account.status"})"), -32600);
  EXPECT_EQ(error_code(R"({"jsonrpc":"1.0","id":1,"method":"account.status"})"), -32600);
  EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","id":1})"), -32600);
  EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","id":1,"method":5})"), -32600);
  EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","id":{},"method":"account.status"})"), -32600);
  EXPECT_EQ(error_code(R"([{"jsonrpc":"2.0","id":1,"method":"account.status"}])"), -32600);
}

TEST_F(RpcServerTest, refuses_an_unknown_method_by_name) {
  const Json reply = ask(R"({"jsonrpc":"2.0","id":1,"method":"nonsense.do"})");
  EXPECT_EQ(reply["error"]["code"], -32601);
  EXPECT_NE(reply["error"]["message"].get<std::string>().find("nonsense.do"), std::string::npos);
}

TEST_F(RpcServerTest, names_the_parameter_that_is_missing_unknown_or_wrong) {
  const auto message = [&](const Json& params) {
    const Json reply = call("messages.send", params);
    EXPECT_EQ(reply["error"]["code"], -32602);
    EXPECT_EQ(reply["error"]["data"]["code"], "invalid_argument");
    return reply["error"]["message"].get<std::string>();
  };
  const auto conversation = id_of<ConversationId>(1).str();
  EXPECT_EQ(message({{"text", "x"}}), "the parameter 'conversation' is missing");
  EXPECT_EQ(message({{"conversation", conversation}, {"text", 5}}),
            "the parameter 'text' has to be a string");
  EXPECT_EQ(message({{"conversation", "12"}, {"text", "x"}}),
            "the parameter 'conversation' has to be an id: 32 hexadecimal digits");
  EXPECT_EQ(message({{"conversation", conversation}, {"text", "x"}, {"colour", "red"}}),
            "this method has no parameter 'colour'");
  EXPECT_EQ(message({{"conversation", conversation}, {"text", std::string(65537, 'x')}}),
            "the parameter 'text' is longer than 65536 bytes");
  EXPECT_EQ(message(Json::array({conversation, "x"})),
            "parameters are passed by name: 'params' has to be an object");
  EXPECT_TRUE(commands.asked.empty());
}

TEST_F(RpcServerTest, checks_the_range_of_whole_numbers) {
  const auto ok = [&](const Json& limit) {
    return call("messages.history", {{"conversation", id_of<ConversationId>(1).str()}, {"limit", limit}})
        .contains("result");
  };
  EXPECT_TRUE(ok(1));
  EXPECT_TRUE(ok(500));
  EXPECT_FALSE(ok(501));
  EXPECT_FALSE(ok(0));
  EXPECT_FALSE(ok(-1));
  EXPECT_FALSE(ok(1.5));
  EXPECT_FALSE(ok("1"));
  EXPECT_FALSE(ok(18446744073709551615ULL));
}

TEST_F(RpcServerTest, an_error_of_the_core_keeps_its_code_and_sentence) {
  commands.failure = fail(ErrorCode::conflict, "That user name is taken.");
  const Json reply = call("account.register", {{"server", "h"}, {"username", "a"}, {"password", "p"}});
  EXPECT_EQ(reply["error"]["code"], -32000);
  EXPECT_EQ(reply["error"]["message"], "That user name is taken.");
  EXPECT_EQ(reply["error"]["data"]["code"], "conflict");
}

TEST_F(RpcServerTest, replies_overtake_each_other_and_keep_their_ids) {
  commands.hold_sends = true;
  const Json params{{"conversation", id_of<ConversationId>(1).str()}, {"text", "x"}};
  for (const int id : {1, 2}) {
    server.on_line(
        Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", "messages.send"}, {"params", params}}.dump());
  }
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(server.pending(), 2u);
  commands.held[1]();
  commands.held[0]();
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0]["id"], 2);
  EXPECT_EQ(out[1]["id"], 1);
  EXPECT_EQ(server.pending(), 0u);
}

TEST_F(RpcServerTest, runs_a_notification_without_an_answer) {
  server.on_line(R"({"jsonrpc":"2.0","method":"account.logout"})");
  server.on_line(R"({"jsonrpc":"2.0","method":"no.such"})");
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(commands.asked, std::vector<std::string>{"logout"});
}

TEST_F(RpcServerTest, bounds_the_requests_that_wait) {
  commands.hold_sends = true;
  const Json params{{"conversation", id_of<ConversationId>(1).str()}, {"text", "x"}};
  for (std::size_t i = 0; i <= RpcServer::kMaxPending; ++i) {
    server.on_line(
        Json{{"jsonrpc", "2.0"}, {"id", i}, {"method", "messages.send"}, {"params", params}}.dump());
  }
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0]["error"]["data"]["code"], "rate_limited");
}

TEST_F(RpcServerTest, drops_an_answer_that_comes_after_its_end) {
  commands.hold_sends = true;
  auto gone = std::make_unique<RpcServer>(commands, [this](std::string_view) { out.emplace_back(); });
  gone->on_line(R"({"jsonrpc":"2.0","id":1,"method":"messages.send","params":{"text":"x","conversation":")" +
                id_of<ConversationId>(1).str() + R"("}})");
  gone.reset();
  ASSERT_EQ(commands.held.size(), 1u);
  commands.held[0]();
  EXPECT_TRUE(out.empty());
}

TEST_F(RpcServerTest, hands_every_parameter_to_the_command) {
  const auto conversation = id_of<ConversationId>(1).str();
  const auto call_id = id_of<CallId>(2).str();
  const auto user = id_of<UserId>(3).str();
  const auto message = id_of<MessageId>(4).str();
  call("account.register", {{"server", "h:1"},
                            {"invite", "tok"},
                            {"username", "al"},
                            {"password", "pw"},
                            {"display_name", "Al"},
                            {"device_name", "box"}});
  call("account.login", {{"server", "h"}, {"username", "al"}, {"password", "pw"}, {"replace_device", true}});
  call("account.change_password", {{"old", "a"}, {"new", "b"}});
  call("conversations.direct", {{"user", user}});
  call("messages.send", {{"conversation", conversation}, {"text", "hi"}, {"reply_to", message}});
  call("messages.send", {{"conversation", conversation}, {"text", "hi"}, {"reply_to", nullptr}});
  call("messages.history", {{"conversation", conversation}, {"before", message}, {"limit", 5}});
  call("messages.mark_read", {{"conversation", conversation}, {"message", message}});
  call("files.send", {{"conversation", conversation}, {"path", "/x"}, {"text", "look"}});
  call("files.fetch", {{"message", message}, {"path", "/y"}});
  call("calls.start", {{"conversation", conversation}, {"video", true}});
  call("calls.set", {{"call", call_id}, {"microphone", false}, {"camera", true}});
  call("media.select", {{"camera", "none"}, {"speaker", "none"}});
  call("contacts.verify", {{"user", user}, {"verified", false}, {"digits", "123"}});
  EXPECT_EQ(commands.asked,
            (std::vector<std::string>{
                "register h:1 tok al pw Al box", "login h al pw replace", "change_password a b",
                "direct " + user, "send " + conversation + " hi re " + message,
                "send " + conversation + " hi", "history " + conversation + " before " + message + " 5",
                "read " + message, "file /x look", "fetch " + message + " /y",
                "call " + conversation + " video", "set " + call_id + " microphone=off camera=on",
                "select none||none", "verify " + user + " no 123"}));
}

TEST_F(RpcServerTest, the_safety_number_comes_with_whether_it_was_compared) {
  commands.users = {{id_of<UserId>(3), "bob", "Bob", false, true, false}};
  const Json known = call("contacts.safety_number", {{"user", id_of<UserId>(3).str()}});
  EXPECT_EQ(known["result"]["digits"], std::string(60, '7'));
  EXPECT_EQ(known["result"]["verified"], true);
  const Json stranger = call("contacts.safety_number", {{"user", id_of<UserId>(4).str()}});
  EXPECT_EQ(stranger["result"]["verified"], false);
}

TEST_F(RpcServerTest, results_have_the_fields_of_the_contract) {
  const Json registered =
      call("account.register", {{"server", "h"}, {"username", "a"}, {"password", "p"}})["result"];
  EXPECT_EQ(registered["user"], id_of<UserId>(1).str());
  EXPECT_EQ(registered["device"], id_of<DeviceId>(2).str());
  EXPECT_EQ(call("conversations.direct", {{"user", id_of<UserId>(3).str()}})["result"]["conversation"],
            id_of<ConversationId>(7).str());
  const Json sent =
      call("files.send", {{"conversation", id_of<ConversationId>(1).str()}, {"path", "/x"}})["result"];
  EXPECT_EQ(sent["message"], id_of<MessageId>(3).str());
  EXPECT_EQ(sent["transfer"], id_of<TransferId>(4).str());
  EXPECT_EQ(call("media.devices", nullptr)["result"]["devices"].size(), 2u);
}

TEST_F(RpcServerTest, events_become_notifications_without_an_id) {
  server.on_event(client::Notice{{ErrorCode::unavailable, "No camera was found."}});
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0], Json::parse(R"({"jsonrpc":"2.0","method":"notice",
      "params":{"code":"unavailable","message":"No camera was found."}})"));
}

TEST(RpcMethods, names_are_unique_and_documented) {
  std::ifstream file(SOTTO_SOURCE_DIR "/docs/rpc.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(text.empty());
  std::set<std::string_view> seen;
  for (const Method& method : rpc_methods()) {
    EXPECT_TRUE(seen.insert(method.name).second) << method.name;
    const auto at = text.find("### `" + std::string(method.name) + "`");
    EXPECT_NE(at, std::string::npos) << method.name << " has no section in docs/rpc.md";
    const auto section = text.substr(at, text.find("\n### ", at + 1) - at);
    for (const Parameter& parameter : method.parameters) {
      EXPECT_NE(section.find("`" + std::string(parameter.name) + (parameter.required ? "`" : "?`")),
                std::string::npos)
          << method.name << ": " << parameter.name;
    }
  }
}

TEST(RpcMethods, rpc_methods_lists_the_table) {
  FakeCommands commands;
  std::string line;
  RpcServer server(commands, [&](std::string_view text) { line = text; });
  server.on_line(R"({"jsonrpc":"2.0","id":1,"method":"rpc.methods"})");
  EXPECT_EQ(Json::parse(line)["result"]["methods"].size(), rpc_methods().size());
}

}  // namespace
}  // namespace sotto::cli
