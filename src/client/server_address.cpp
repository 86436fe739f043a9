#include <charconv>

#include "sotto/client/channel.hpp"

namespace sotto::client {

namespace {

// RFC 1035: a name has at most 253 characters.
constexpr std::size_t kMaxHost = 253;

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}
bool is_ipv6_character(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.' ||
         c == '%';
}

}  // namespace

std::string ServerAddress::str() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return name + ":" + std::to_string(port);
}

Result<ServerAddress> parse_server_address(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n'))
    text.remove_suffix(1);
  if (text.empty()) return fail(ErrorCode::invalid_argument, "The server address is empty.");

  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) {
      return fail(ErrorCode::invalid_argument, "The server address begins with [ but has no ].");
    }
    host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty()) {
      if (rest.front() != ':')
        return fail(ErrorCode::invalid_argument, "The server address is malformed after ].");
      has_port = true;
      port = rest.substr(1);
    }
    for (const char c : host) {
      if (!is_ipv6_character(c))
        return fail(ErrorCode::invalid_argument, "The address between [ and ] is not IPv6.");
    }
  } else {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      return fail(ErrorCode::invalid_argument, "An IPv6 server address is written in [ and ].");
    }
    if (colon != std::string_view::npos) {
      has_port = true;
      host = text.substr(0, colon);
      port = text.substr(colon + 1);
    }
    for (const char c : host) {
      if (!is_host_character(c))
        return fail(ErrorCode::invalid_argument, "The server address is not a host name.");
    }
  }
  if (host.empty() || host.size() > kMaxHost) {
    return fail(ErrorCode::invalid_argument, "The server address has no usable host name.");
  }

  ServerAddress address;
  address.host = std::string(host);
  if (has_port) {
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (problem != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
      return fail(ErrorCode::invalid_argument,
                  "The port of the server address is not a number from 1 to 65535.");
    }
    address.port = static_cast<std::uint16_t>(number);
  }
  return address;
}

}  // namespace sotto::client
