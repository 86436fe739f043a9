// JSON-RPC 2.0 over lines (docs/rpc.md): one request in, one reply out, notifications in between.
//
//   RpcServer server(commands, [](std::string_view line) { write(line + "\n"); });
//   server.on_line(line);      // as often as a line arrives; replies come when they are ready
//   server.on_event(event);    // every event of the core becomes a notification
//
// Replies carry the request's id and may overtake each other. Thread: one, the one of `commands`' answers.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "json_views.hpp"

namespace sotto::cli {

class RpcServer final : public client::EventSink {
 public:
  using Write = std::function<void(std::string_view line)>;

  // JSON-RPC 2.0 section 5.1, and the one code of ours.
  static constexpr int kParseError = -32700;
  static constexpr int kInvalidRequest = -32600;
  static constexpr int kMethodNotFound = -32601;
  static constexpr int kInvalidParams = -32602;
  static constexpr int kApplicationError = -32000;
  // Requests without an answer yet; more are refused with rate_limited. Chosen: far above any use.
  static constexpr std::size_t kMaxPending = 1024;

  RpcServer(client::Commands& commands, Write write);
  ~RpcServer() override;

  void on_line(std::string_view line);
  // A line that was longer than kMaxLineBytes and whose content was thrown away.
  void on_overlong_line();
  void on_event(const client::Event& event) override;

  std::size_t pending() const;

 private:
  struct State;

  void handle(Json request);
  void send_error(const Json& id, int code, std::string_view message, ErrorCode data_code);

  client::Commands& commands_;
  // Shared with the answers that are still to come: one that comes after the server's end is dropped.
  std::shared_ptr<State> state_;
};

}  // namespace sotto::cli
