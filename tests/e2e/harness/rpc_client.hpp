// A real `sotto-cli rpc` and the conversation with it.
//
//   RpcClient alice("alice");
//   alice.start();
//   alice.expect("account.register", {{"server", link}, ...});            // the result; a failed test
//   otherwise Json params = alice.wait("message.added", [](const Json& p) { return ...; });
//
// Waiting is for a notification with a deadline, never for a time. Notifications are kept until somebody
// waits for them; each is handed out once.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "child_process.hpp"
#include "support/temp_dir.hpp"

namespace sotto::e2e {

using Json = nlohmann::json;

struct Reply {
  Json result;  // null when it failed
  Json error;   // null when it did not
  bool ok() const { return error.is_null(); }
  std::string code() const { return ok() ? "" : error["data"]["code"].get<std::string>(); }
  std::string message() const { return ok() ? "" : error["message"].get<std::string>(); }
};

class RpcClient {
 public:
  using Test = std::function<bool(const Json& params)>;

  // `profile`: empty: in a scratch folder. No devices, unless options name some.
  explicit RpcClient(std::string name, std::vector<std::string> options = {}, std::string profile = "");

  void start();
  // Closes its input and waits; the exit code.
  int stop();
  void kill_hard();
  void signal(int number) { process_->signal(number); }
  bool running() const { return process_ != nullptr; }

  // The reply; an error reply with code "gone" when the program ended or did not answer.
  Reply call(const std::string& method, Json params = Json::object(),
             std::chrono::milliseconds patience = kPatience);
  // The result; an error fails the test and gives null.
  Json expect(const std::string& method, Json params = Json::object());
  // Sends without waiting: its id for take().
  int send(const std::string& method, Json params = Json::object());
  Reply take(int id, std::chrono::milliseconds patience = kPatience);
  void send_line(std::string_view line);

  // The first kept or coming notification that fits; null at the deadline, which fails the test.
  Json wait(const std::string& method, const Test& test = nullptr,
            std::chrono::milliseconds patience = kPatience);
  // Whether such a notification is already here, or comes before the next reply.
  bool seen(const std::string& method, const Test& test = nullptr);
  void forget();  // drops what is kept
  std::vector<Json> kept(const std::string& method) const;

  void register_account(const std::string& link);
  void wait_online();
  // The direct conversation with that user.
  std::string conversation_with(const std::string& username);
  std::string send_text(const std::string& conversation, const std::string& text);  // the message's id
  Json wait_message(const std::string& text);  // incoming, the message object
  // Until this own message has this state, or one past it.
  void wait_state(const std::string& message, const std::string& state);
  std::vector<std::string> history_texts(const std::string& conversation, int limit = 500);

  const std::string& name() const { return name_; }
  const std::string& profile() const { return profile_; }
  std::string downloads() const { return folder_.file("downloads"); }
  std::string file(const std::string& file_name) const { return folder_.file(file_name); }
  std::string log() const { return read_file(folder_.file("client.log")); }
  pid_t pid() const { return process_->pid(); }
  std::string password() const { return "the password of " + name_; }

 private:
  // Reads one line into the kept replies or notifications. False at the deadline or the end.
  bool pump(Clock::time_point deadline);

  std::string name_;
  std::vector<std::string> options_;
  test::TempDir folder_;
  std::string profile_;
  std::unique_ptr<ChildProcess> process_;
  int next_id_ = 1;
  std::map<int, Reply> replies_;
  std::list<Json> notifications_;
};

}  // namespace sotto::e2e
