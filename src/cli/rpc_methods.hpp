// The table of JSON-RPC methods: name, parameters, function. docs/rpc.md is its prose; a test holds the
// two together.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "rpc_arguments.hpp"

namespace sotto::cli {

// Answers one request, once: with a result or an error.
class Reply {
 public:
  using Send = std::function<void(Result<Json>)>;
  explicit Reply(Send send) : send_(std::move(send)) {}

  void operator()(Result<Json> result) const { send_(std::move(result)); }

  // A Done<T> that converts the value with `convert` and answers.
  template <class Convert>
  auto as(Convert convert) const {
    return [send = send_, convert = std::move(convert)](auto result) {
      if (!result) {
        send(std::move(result).error());
      } else {
        send(Json(convert(*result)));
      }
    };
  }
  auto empty() const {
    return as([](const Unit&) { return Json::object(); });
  }

 private:
  Send send_;
};

struct Method {
  std::string_view name;
  std::vector<Parameter> parameters;
  std::function<void(client::Commands& commands, Arguments& arguments, const Reply& reply)> run;
};

const std::vector<Method>& rpc_methods();
const Method* find_method(std::string_view name);

}  // namespace sotto::cli
