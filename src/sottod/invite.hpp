// Invite links: made by the server at its first start and by `sottod invite`.
#pragma once

#include <cstdint>
#include <string>

#include "data_dir.hpp"
#include "sotto/proto/invite_link.hpp"
#include "sotto/store/server_store.hpp"

namespace sotto::sottod {

inline constexpr std::uint32_t kMaxInviteUses = 100'000;
inline constexpr std::int64_t kMaxInviteMs = 366LL * 24 * 3600 * 1000;

struct InviteOptions {
  std::uint32_t uses = 1;
  std::int64_t lifetime_ms = 7LL * 24 * 3600 * 1000;
};

// Stores a fresh token's hash and returns the link with the token.
Result<proto::InviteLink> make_invite(store::ServerStore& store, const crypto::Certificate& ca,
                                      const net::HostPort& address, const InviteOptions& options,
                                      Random& random, WallTime now);
// "90s", "30m", "12h", "7d", "2w".
Result<std::int64_t> parse_lifetime_ms(std::string_view text);
// "168 hours", "30 minutes".
std::string lifetime_text(std::int64_t ms);
// The QR code in half blocks, as bright modules on a dark terminal; empty if the text does not fit.
std::string qr_code(const std::string& text);
// QR code, what it is, and the link as the last line, to standard output.
void print_invite(const proto::InviteLink& link, const InviteOptions& options, bool first);

// `sottod invite`: the program's exit code.
int run_invite(const std::string& data, const InviteOptions& options, const std::string& public_address);

}  // namespace sotto::sottod
