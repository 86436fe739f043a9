// What the start screens accept, checked before anything is sent.
#pragma once

#include <string>
#include <string_view>

#include "sotto/base/result.hpp"

namespace sotto::desktop {

struct ServerInput {
  std::string server;  // what the core gets: the address or the whole link
  std::string host;    // what is shown
  bool invite_link = false;
};
// host, host:port, [ipv6], [ipv6]:port, https://host[:port][/], or an invite link.
Result<ServerInput> parse_server(std::string_view text);

// Each returns the caption under the field, empty when it is fine.
std::string user_name_problem(std::string_view name);
std::string display_name_problem(std::string_view name);
std::string password_problem(std::string_view password, std::string_view user_name);

// 0 very weak .. 3 strong.
int password_strength(std::string_view password, std::string_view user_name);

// Typed user names become lower case.
std::string lower_ascii(std::string_view text);

}  // namespace sotto::desktop
