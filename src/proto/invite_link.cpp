#include "sotto/proto/invite_link.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sotto::proto {
namespace {

constexpr std::string_view kScheme = "sotto://";

Error bad(std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); }

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_name(std::string_view host) {
  return std::ranges::all_of(host,
                             [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}
bool is_ipv6(std::string_view host) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
  };
  return host.find(':') != std::string_view::npos && std::ranges::all_of(host, allowed);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool has_scheme(std::string_view text) {
  return text.size() >= kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
         });
}

Status parse_authority(std::string_view authority, InviteLink& link) {
  std::string_view host = authority;
  std::optional<std::string_view> port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return bad("The address in the invite link has a [ without ].");
    host = authority.substr(1, end - 1);
    if (!is_ipv6(host)) return bad("The address in the invite link is not an IPv6 address.");
    const std::string_view rest = authority.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return bad("The address in the invite link is malformed.");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
      host = authority.substr(0, colon);
      port = authority.substr(colon + 1);
    }
    if (!is_name(host)) return bad("The address in the invite link is not a host name.");
  }
  if (host.empty() || host.size() > kMaxHostBytes) return bad("The invite link names no server.");
  link.host = std::string(host);
  if (port) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port->data(), port->data() + port->size(), number);
    if (error != std::errc() || end != port->data() + port->size() || number == 0 || number > 65535) {
      return bad("The port in the invite link is not a number from 1 to 65535.");
    }
    link.port = static_cast<std::uint16_t>(number);
  }
  return ok_status();
}

Status parse_value(std::string_view value, std::size_t size, Bytes& out, std::string_view what) {
  if (!out.empty()) return bad("The invite link has two " + std::string(what) + "s.");
  std::optional<Bytes> bytes = from_base64url(value);
  if (!bytes || bytes->size() != size) {
    return bad("The " + std::string(what) + " in the invite link is damaged. Copy the whole link.");
  }
  out = *std::move(bytes);
  return ok_status();
}

}  // namespace

std::string to_string(const InviteLink& link) {
  const bool ipv6 = link.host.find(':') != std::string::npos;
  std::string text = std::string(kScheme) + (ipv6 ? "[" + link.host + "]" : link.host) + ":" +
                     std::to_string(link.port) + "/?ca=" + to_base64url(link.ca_fingerprint);
  if (!link.token.empty()) text += "&token=" + to_base64url(link.token);
  return text;
}

Result<InviteLink> parse_invite_link(std::string_view text) {
  text = trimmed(text);
  if (text.size() > kMaxInviteLinkBytes) return bad("This is too long for an invite link.");
  if (!has_scheme(text)) return bad("An invite link begins with sotto://");
  text.remove_prefix(kScheme.size());

  InviteLink link;
  const std::size_t path = text.find_first_of("/?");
  if (Status parsed = parse_authority(text.substr(0, path), link); !parsed) return std::move(parsed).error();
  std::string_view query = path == std::string_view::npos ? std::string_view{} : text.substr(path);
  if (query.starts_with('/')) query.remove_prefix(1);
  if (!query.empty() && !query.starts_with('?')) return bad("This is not an invite link.");
  if (!query.empty()) query.remove_prefix(1);

  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = pair.substr(0, equals);
    const std::string_view value = pair.substr(equals + 1);
    Status parsed = ok_status();
    if (key == "ca") parsed = parse_value(value, kCaFingerprintBytes, link.ca_fingerprint, "fingerprint");
    if (key == "token") parsed = parse_value(value, kInviteTokenBytes, link.token, "invite code");
    if (!parsed) return std::move(parsed).error();
  }
  if (link.ca_fingerprint.empty())
    return bad("The invite link lacks the server's fingerprint. Copy the whole link.");
  return link;
}

}  // namespace sotto::proto
