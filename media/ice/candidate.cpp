#include "sotto/ice/candidate.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace sotto::ice {
namespace {

struct TypeName {
  CandidateType type;
  std::string_view name;
};
constexpr std::array<TypeName, 4> kTypeNames{{{CandidateType::host, "host"},
                                              {CandidateType::server_reflexive, "srflx"},
                                              {CandidateType::peer_reflexive, "prflx"},
                                              {CandidateType::relayed, "relay"}}};

bool is_ice_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

// Words parted by single spaces.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}
  bool at_end() const { return done_; }
  std::string_view next() {
    if (done_) return {};
    const std::size_t space = rest_.find(' ');
    const std::string_view word = rest_.substr(0, space);
    done_ = space == std::string_view::npos;
    rest_ = done_ ? std::string_view{} : rest_.substr(space + 1);
    return word;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

template <class Number>
std::optional<Number> number(std::string_view word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

bool is_one_of_ignoring_case(std::string_view word, std::string_view lower) {
  return std::ranges::equal(word, lower,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// The literal in its one canonical spelling; nothing for names, scoped addresses and what is no address of
// a single machine.
std::optional<std::string> canonical_address(std::string_view word, bool may_be_unspecified) {
  if (word.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string text(word);
  std::array<char, INET6_ADDRSTRLEN> out{};
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    const std::uint32_t host = ntohl(v4.s_addr);
    if (host == 0 && !may_be_unspecified) return std::nullopt;
    if (host >= 0xE0000000) return std::nullopt;  // multicast, reserved, broadcast
    if (inet_ntop(AF_INET, &v4, out.data(), out.size()) == nullptr) return std::nullopt;
    return out.data();
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    if (IN6_IS_ADDR_UNSPECIFIED(&v6) && !may_be_unspecified) return std::nullopt;
    if (IN6_IS_ADDR_MULTICAST(&v6) || IN6_IS_ADDR_V4MAPPED(&v6)) return std::nullopt;
    if (inet_ntop(AF_INET6, &v6, out.data(), out.size()) == nullptr) return std::nullopt;
    return out.data();
  }
  return std::nullopt;
}

Error malformed(std::string_view what) {
  return fail(ErrorCode::invalid_argument, "The network candidate has " + std::string(what) + ".");
}

}  // namespace

Result<Candidate> parse_candidate(std::string_view text) {
  if (text.size() > kMaxCandidateBytes) {
    return fail(ErrorCode::too_large, "The network candidate is longer than 512 bytes.");
  }
  if (std::ranges::any_of(text, [](char c) { return c < 0x20 || c > 0x7E; })) {
    return malformed("characters that do not belong there");
  }
  constexpr std::string_view kPrefix = "candidate:";
  if (!text.starts_with(kPrefix)) return malformed("a wrong beginning");
  Words words(text.substr(kPrefix.size()));

  Candidate candidate;
  candidate.foundation = words.next();
  if (candidate.foundation.empty() || candidate.foundation.size() > kMaxFoundationBytes ||
      !std::ranges::all_of(candidate.foundation, is_ice_char)) {
    return malformed("a wrong foundation");
  }
  const auto component = number<std::uint16_t>(words.next());
  if (component != 1) return malformed("a component other than 1");
  if (!is_one_of_ignoring_case(words.next(), "udp")) return malformed("a transport other than UDP");
  const auto priority = number<std::uint32_t>(words.next());
  if (!priority || *priority == 0 || *priority > 0x7FFFFFFF) return malformed("a wrong priority");
  candidate.priority = *priority;
  const auto address = canonical_address(words.next(), false);
  if (!address) return malformed("no usable IP address");
  candidate.address = *address;
  const auto port = number<std::uint16_t>(words.next());
  if (!port || *port == 0) return malformed("a wrong port");
  candidate.port = *port;
  if (words.next() != "typ") return malformed("no type");
  const std::string_view type = words.next();
  const auto* known = std::ranges::find(kTypeNames, type, &TypeName::name);
  if (known == kTypeNames.end()) return malformed("an unknown type");
  candidate.type = known->type;

  while (!words.at_end()) {
    const std::string_view name = words.next();
    if (name.empty() || words.at_end()) return malformed("a name without a value");
    const std::string_view value = words.next();
    if (value.empty()) return malformed("a name without a value");
    if (name == "raddr") {
      // May be 0.0.0.0 to hide it (RFC 8839 section 5.1).
      const auto related = canonical_address(value, true);
      if (!related) return malformed("a wrong related address");
      candidate.related_address = *related;
    } else if (name == "rport") {
      const auto related = number<std::uint16_t>(value);
      if (!related) return malformed("a wrong related port");
      candidate.related_port = *related;
    }
  }
  return candidate;
}

std::string to_text(const Candidate& candidate) {
  const auto* type = std::ranges::find(kTypeNames, candidate.type, &TypeName::type);
  std::string out = "candidate:" + candidate.foundation + ' ' + std::to_string(candidate.component) +
                    " UDP " + std::to_string(candidate.priority) + ' ' + candidate.address + ' ' +
                    std::to_string(candidate.port) + " typ " + std::string(type->name);
  if (!candidate.related_address.empty()) {
    out += " raddr " + candidate.related_address + " rport " + std::to_string(candidate.related_port);
  }
  return out;
}

Status check_credentials(std::string_view ufrag, std::string_view password) {
  const auto good = [](std::string_view text, std::size_t least) {
    return text.size() >= least && text.size() <= kMaxCredentialBytes &&
           std::ranges::all_of(text, is_ice_char);
  };
  if (!good(ufrag, kMinUfragBytes) || !good(password, kMinPasswordBytes)) {
    return fail(ErrorCode::invalid_argument, "The far side's connection credentials are malformed.");
  }
  return ok_status();
}

}  // namespace sotto::ice
