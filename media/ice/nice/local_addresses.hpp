// The addresses of this machine that are worth offering to a peer.
#pragma once

#include <string>
#include <vector>

namespace sotto::ice_nice {

inline constexpr std::size_t kMaxLocalAddresses =
    16;  // chosen: each makes a socket and pairs with every remote one

// Literals of interfaces that are up: IPv4, and IPv6 without link-local ones (which need a scope that means
// nothing to the peer). Bridges of containers and virtual machines are left out. Loopback only when asked
// for or when there is nothing else, so that two programs on a machine without a network still find each
// other.
std::vector<std::string> local_addresses(bool with_loopback);

}  // namespace sotto::ice_nice
