#include "rpc_server.hpp"

#include "json_text.hpp"
#include "rpc_events.hpp"
#include "rpc_methods.hpp"

namespace sotto::cli {
namespace {

Json error_object(const Json& id, int code, std::string_view message, ErrorCode data_code) {
  return {{"jsonrpc", "2.0"},
          {"id", id},
          {"error", {{"code", code}, {"message", message}, {"data", {{"code", to_string(data_code)}}}}}};
}

bool is_id(const Json& value) { return value.is_string() || value.is_number() || value.is_null(); }

}  // namespace

struct RpcServer::State {
  Write write;
  std::size_t pending = 0;
};

RpcServer::RpcServer(client::Commands& commands, Write write)
    : commands_(commands), state_(std::make_shared<State>(State{std::move(write), 0})) {}

RpcServer::~RpcServer() { state_->write = nullptr; }

std::size_t RpcServer::pending() const { return state_->pending; }

void RpcServer::send_error(const Json& id, int code, std::string_view message, ErrorCode data_code) {
  state_->write(to_line(error_object(id, code, message, data_code)));
}

void RpcServer::on_overlong_line() {
  send_error(nullptr, kParseError, "the line is longer than " + std::to_string(kMaxLineBytes) + " bytes",
             ErrorCode::too_large);
}

void RpcServer::on_line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  auto request = parse_json(line);
  if (!request) {
    const bool deep = json_depth(line) > kMaxJsonDepth;
    return send_error(nullptr, kParseError,
                      deep ? "the JSON is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels"
                           : std::string("the line is not valid JSON"),
                      ErrorCode::invalid_argument);
  }
  handle(std::move(*request));
}

void RpcServer::handle(Json request) {
  const auto invalid = [this](const Json& id, std::string_view why) {
    send_error(id, kInvalidRequest, why, ErrorCode::invalid_argument);
  };
  if (!request.is_object())
    return invalid(nullptr, "a request is one JSON object; batches are not supported");

  const bool wants_reply = request.contains("id");
  Json id = wants_reply ? request["id"] : Json(nullptr);
  if (!is_id(id)) return invalid(nullptr, "'id' has to be a string, a number or null");
  const auto version = request.find("jsonrpc");
  if (version == request.end() || *version != "2.0") return invalid(id, "'jsonrpc' has to be \"2.0\"");
  const auto name = request.find("method");
  if (name == request.end() || !name->is_string()) return invalid(id, "'method' has to be a string");

  const auto method_name = name->get<std::string>();
  const Method* method = find_method(method_name);
  if (method == nullptr) {
    if (wants_reply) {
      send_error(id, kMethodNotFound, "there is no method '" + method_name.substr(0, 64) + "'",
                 ErrorCode::not_found);
    }
    return;
  }
  Json params = request.contains("params") ? std::move(request["params"]) : Json(nullptr);
  auto arguments = Arguments::from(method->parameters, params);
  if (!arguments) {
    if (wants_reply) send_error(id, kInvalidParams, arguments.error().message, arguments.error().code);
    return;
  }
  if (state_->pending >= kMaxPending) {
    if (wants_reply) {
      send_error(id, kApplicationError, "too many requests wait for an answer; read some first",
                 ErrorCode::rate_limited);
    }
    return;
  }

  ++state_->pending;
  const Reply reply([state = state_, id, wants_reply](Result<Json> result) {
    --state->pending;
    if (!wants_reply || !state->write) return;
    if (result) {
      state->write(to_line({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(*result)}}));
    } else {
      state->write(to_line(error_object(id, kApplicationError, result.error().message, result.error().code)));
    }
  });
  method->run(commands_, *arguments, reply);
}

void RpcServer::on_event(const client::Event& event) {
  auto notification = to_notification(event);
  state_->write(to_line({{"jsonrpc", "2.0"},
                         {"method", std::move(notification.method)},
                         {"params", std::move(notification.params)}}));
}

}  // namespace sotto::cli
