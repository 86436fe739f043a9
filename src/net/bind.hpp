// Shared by the TCP and UDP sockets: an address to bind from host and port.
#pragma once

#include "sotto/base/result.hpp"
#include "sotto/net/socket.hpp"

namespace sotto::net {

// A bound, non-blocking socket of the given type (SOCK_STREAM, SOCK_DGRAM). An empty host binds every
// IPv4 and IPv6 address, or every IPv4 address where the machine has no IPv6.
Result<Socket> bind_socket(const std::string& host, std::uint16_t port, int type);
SocketAddress local_address_of(const Socket& socket);

}  // namespace sotto::net
