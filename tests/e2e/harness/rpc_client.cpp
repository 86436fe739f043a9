#include "rpc_client.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>

namespace sotto::e2e {
namespace {

constexpr std::array<std::string_view, 4> kStates{"sending", "sent", "delivered", "read"};

std::size_t rank(const std::string& state) {
  return static_cast<std::size_t>(std::ranges::find(kStates, state) - kStates.begin());
}
bool has_option(const std::vector<std::string>& options, std::string_view name) {
  return std::ranges::find(options, name) != options.end();
}
Reply gone(const std::string& why) {
  return {nullptr, {{"code", 0}, {"message", why}, {"data", {{"code", "gone"}}}}};
}

}  // namespace

RpcClient::RpcClient(std::string name, std::vector<std::string> options, std::string profile)
    : name_(std::move(name)),
      options_(std::move(options)),
      profile_(profile.empty() ? folder_.file("profile") : std::move(profile)) {
  for (const char* device : {"--camera", "--microphone", "--speaker"}) {
    if (!has_option(options_, device)) options_.insert(options_.end(), {device, "none"});
  }
}

void RpcClient::start() {
  std::vector<std::string> command{SOTTO_CLI_PROGRAM, "--profile", profile_,   "--insecure-profile",
                                   "--downloads",     downloads(), "--verbose"};
  command.insert(command.end(), options_.begin(), options_.end());
  command.emplace_back("rpc");
  notifications_.clear();
  replies_.clear();
  process_ =
      std::make_unique<ChildProcess>(ChildProcess::Options{command, folder_.file("client.log"), {}, false});
}

int RpcClient::stop() {
  process_->close_input();
  const int code = process_->wait().value_or(-1);
  process_.reset();
  return code;
}

void RpcClient::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait();
  process_.reset();
}

int RpcClient::send(const std::string& method, Json params) {
  const int id = next_id_++;
  send_line(Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}}.dump());
  return id;
}

void RpcClient::send_line(std::string_view line) { process_->write(std::string(line) + "\n"); }

bool RpcClient::pump(Clock::time_point deadline) {
  const auto line = process_->read_line(deadline);
  if (!line) return false;
  Json json = Json::parse(*line, nullptr, false);
  EXPECT_TRUE(json.is_object()) << name_ << " wrote what is not JSON: " << *line;
  if (!json.is_object()) return false;
  if (json.contains("method")) {
    notifications_.push_back(std::move(json));
  } else {
    Reply reply;
    if (json.contains("result")) reply.result = json["result"];
    if (json.contains("error")) reply.error = json["error"];
    replies_[json["id"].is_number() ? json["id"].get<int>() : 0] = std::move(reply);
  }
  return true;
}

Reply RpcClient::take(int id, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (!replies_.contains(id)) {
    if (!pump(deadline)) return gone(name_ + " did not answer. Its log:\n" + log());
  }
  Reply reply = std::move(replies_[id]);
  replies_.erase(id);
  return reply;
}

Reply RpcClient::call(const std::string& method, Json params, std::chrono::milliseconds patience) {
  return take(send(method, std::move(params)), patience);
}

Json RpcClient::expect(const std::string& method, Json params) {
  const Reply reply = call(method, std::move(params));
  EXPECT_TRUE(reply.ok()) << name_ << ": " << method << ": " << reply.code() << ": " << reply.message();
  return reply.result;
}

Json RpcClient::wait(const std::string& method, const Test& test, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  auto next = notifications_.begin();
  while (true) {
    for (; next != notifications_.end(); ++next) {
      if ((*next)["method"] != method || (test && !test((*next)["params"]))) continue;
      Json params = std::move((*next)["params"]);
      notifications_.erase(next);
      return params;
    }
    const std::size_t before = notifications_.size();
    if (!pump(deadline)) {
      ADD_FAILURE() << name_ << ": no " << method << " that fits within " << patience.count()
                    << " ms. Its log:\n"
                    << log();
      return nullptr;
    }
    next = notifications_.size() > before ? std::prev(notifications_.end()) : notifications_.end();
  }
}

bool RpcClient::seen(const std::string& method, const Test& test) {
  call("rpc.methods");  // answered after everything that came before
  return std::ranges::any_of(
      notifications_, [&](const Json& n) { return n["method"] == method && (!test || test(n["params"])); });
}

void RpcClient::forget() { notifications_.clear(); }

std::vector<Json> RpcClient::kept(const std::string& method) const {
  std::vector<Json> out;
  for (const Json& notification : notifications_) {
    if (notification["method"] == method) out.push_back(notification["params"]);
  }
  return out;
}

void RpcClient::register_account(const std::string& link) {
  expect("account.register", {{"server", link}, {"username", name_}, {"password", password()}});
  wait_online();
}

void RpcClient::wait_online() {
  // The notification may be long gone: the status tells.
  const Json status = expect("account.status");
  if (status.is_object() && status["connection"]["state"] == "online") return;
  wait("connection.state", [](const Json& p) { return p["state"] == "online"; });
}

std::string RpcClient::conversation_with(const std::string& username) {
  const Json found = expect("contacts.find", {{"username", username}});
  if (!found.is_object() || found["users"].empty()) {
    ADD_FAILURE() << name_ << " does not find " << username;
    return std::string(32, '0');
  }
  const Json conversation = expect("conversations.direct", {{"user", found["users"][0]["id"]}});
  return conversation.is_object() ? conversation["conversation"].get<std::string>() : std::string(32, '0');
}

std::string RpcClient::send_text(const std::string& conversation, const std::string& text) {
  const Json sent = expect("messages.send", {{"conversation", conversation}, {"text", text}});
  return sent.is_object() ? sent["message"].get<std::string>() : "";
}

Json RpcClient::wait_message(const std::string& text) {
  const Json params = wait("message.added", [&](const Json& p) {
    return p["message"]["own"] == false && p["message"]["text"] == text;
  });
  return params.is_object() ? params["message"] : Json{};
}

void RpcClient::wait_state(const std::string& message, const std::string& state) {
  const Json conversations = expect("conversations.list");
  for (const Json& conversation : conversations["conversations"]) {
    const Json history = expect("messages.history", {{"conversation", conversation["id"]}, {"limit", 500}});
    for (const Json& known : history["messages"]) {
      if (known["id"] == message && rank(known["state"]) >= rank(state) && known["state"] != "failed") return;
    }
  }
  wait("message.updated", [&](const Json& p) {
    return p["message"]["id"] == message && p["message"]["state"] != "failed" &&
           rank(p["message"]["state"]) >= rank(state);
  });
}

std::vector<std::string> RpcClient::history_texts(const std::string& conversation, int limit) {
  std::vector<std::string> texts;
  const Json history = expect("messages.history", {{"conversation", conversation}, {"limit", limit}});
  if (!history.is_object()) return texts;
  for (const Json& message : history["messages"]) texts.push_back(message["text"]);
  return texts;
}

}  // namespace sotto::e2e
