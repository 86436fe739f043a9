// ICE candidates as text, RFC 8839 section 5.1 ("candidate:..." without "a="), checked before any library
// sees them: they come from the far side.
//
//   candidate-attribute = "candidate" ":" foundation SP component-id SP transport SP priority SP
//                         connection-address SP port SP "typ" SP cand-type
//                         [SP "raddr" SP connection-address] [SP "rport" SP port] *(SP name SP value)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sotto/base/result.hpp"

namespace sotto::ice {

inline constexpr std::size_t kMaxCandidateBytes = 512;  // chosen; ours have about 100
inline constexpr std::size_t kMaxFoundationBytes = 32;  // RFC 8839 section 5.1
inline constexpr std::size_t kMinUfragBytes = 4;        // RFC 8839 section 5.4
inline constexpr std::size_t kMinPasswordBytes = 22;
inline constexpr std::size_t kMaxCredentialBytes = 256;

enum class CandidateType { host, server_reflexive, peer_reflexive, relayed };

struct Candidate {
  std::string foundation;
  std::uint16_t component = 1;
  std::uint32_t priority = 0;
  std::string address;  // an IPv4 or IPv6 literal, as inet_ntop writes it
  std::uint16_t port = 0;
  CandidateType type = CandidateType::host;
  std::string related_address;  // empty: none
  std::uint16_t related_port = 0;

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// Takes UDP candidates with literal addresses only: a host name (mDNS too) would have to be resolved, which
// would tell a name server about the call. Refuses unspecified and multicast addresses and port 0.
// Unknown name-value pairs at the end are ignored, as the RFC asks.
Result<Candidate> parse_candidate(std::string_view text);
std::string to_text(const Candidate& candidate);

// ice-char (letters, digits, + and /) and the length limits of RFC 8839 section 5.4.
Status check_credentials(std::string_view ufrag, std::string_view password);

}  // namespace sotto::ice
