// Events of the client core as JSON-RPC notifications (docs/rpc.md).
#pragma once

#include <string>

#include "json_views.hpp"

namespace sotto::cli {

struct Notification {
  std::string method;
  Json params;
};

Notification to_notification(const client::Event& event);

}  // namespace sotto::cli
