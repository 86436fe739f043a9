// The link that lets a person join a server:
//
//   sotto://HOST:PORT/?ca=<base64url, SHA-256 of the CA's SubjectPublicKeyInfo>&token=<base64url, 16 bytes>
//
// HOST is a name, an IPv4 address, or an IPv6 address in brackets. The token is missing where registration is
// open. Unknown parameters are ignored, so that later links still work; a known one given twice is refused.
// The link is a secret as long as its token is good: it is never logged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::proto {

inline constexpr std::size_t kMaxInviteLinkBytes = 1024;
inline constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035
inline constexpr std::size_t kCaFingerprintBytes = 32;
inline constexpr std::size_t kInviteTokenBytes = 16;
inline constexpr std::uint16_t kDefaultPort = 7443;

struct InviteLink {
  std::string host;  // IPv6 without brackets
  std::uint16_t port = kDefaultPort;
  Bytes ca_fingerprint;
  Bytes token;  // empty: none
  friend bool operator==(const InviteLink&, const InviteLink&) = default;
};

std::string to_string(const InviteLink& link);
// Space around the link is ignored. The error is a sentence for the user.
Result<InviteLink> parse_invite_link(std::string_view text);

}  // namespace sotto::proto
