// View-models as JSON, exactly as docs/rpc.md writes them. Pure functions: a value in, a value out.
#pragma once

#include <nlohmann/json.hpp>

#include "sotto/client/commands.hpp"

namespace sotto::cli {

using Json = nlohmann::json;

Json to_json(const client::UserView& user);
Json to_json(const client::DeviceView& device);
Json to_json(const client::ConnectionView& connection);
Json to_json(const client::AccountView& account);
Json to_json(const client::Commands::AccountStatus& status);
Json to_json(const client::MessageView& message);
Json to_json(const client::ConversationView& conversation);
Json to_json(const client::TransferView& transfer);
Json to_json(const client::CallView& call);
Json to_json(const call::CallStats& stats);
// The flat list of docs/rpc.md: id, name, kind (camera, microphone, speaker), selected.
Json to_json(const call::MediaSessionFactory::Devices& devices);

template <class T>
Json to_json_list(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(to_json(item));
  return list;
}

// One line of output. Text that is not valid UTF-8 gets replacement characters instead of failing.
std::string to_line(const Json& value);

}  // namespace sotto::cli
