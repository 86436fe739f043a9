// The client core's view of its one connection to the server: frames out, frames in, nothing about sockets.
// Module runtime implements it over a TLS stream; simulations over an emulated network.
//
//   channel.connect(target)  ->  events.on_connected(proof, moment)  or  events.on_closed(error, moment)
//   channel.send(frame, priority)                                    events.on_frame(body, moment) ...
//   channel.close()                                                  (no event follows)
//
// Rules for an implementation:
//  - Events never come from inside a call into the channel. After close() or another connect() no event
//    of the earlier connection comes any more.
//  - A chain that does not end in the pinned CA, a wrong name or an expired certificate fails the handshake:
//    on_closed(untrusted). Nothing is ever sent over such a connection.
//  - With no pin at all (both fields empty) any well-formed chain is accepted and reported; the core then
//  sends
//    nothing but closes and asks the user. There is never a client certificate in such a target.
//  - A refusal of the client certificate (revoked, expired) is on_closed(denied).
//  - Urgent frames overtake bulk frames that are not yet handed to TLS. Order within a priority is kept.
// Thread: the client core's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/client/moment.hpp"

namespace sotto::client {

inline constexpr std::uint16_t kDefaultPort = 7443;

struct ServerAddress {
  std::string host;  // DNS name, IPv4, or IPv6 without brackets
  std::uint16_t port = kDefaultPort;

  std::string str() const;  // host:port, IPv6 in brackets
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};
// "host", "host:port", "[v6]", "[v6]:port". Says in a plain sentence what is wrong.
Result<ServerAddress> parse_server_address(std::string_view text);

struct ChannelTarget {
  ServerAddress address;
  // The pin: the CA itself, or SHA-256 of its SubjectPublicKeyInfo. The certificate wins if both are set.
  Bytes ca_certificate;  // DER
  Bytes ca_fingerprint;  // 32 bytes
  // The device's certificate chain (DER, device first, then identity) and its Ed25519 key (32-byte seed);
  // empty before enrolment.
  std::vector<Bytes> client_chain;
  SecretBytes client_key;
};

// What the handshake proved.
struct ServerProof {
  Bytes ca_certificate;     // DER: the CA that the presented chain ends in
  Bytes identity_exporter;  // 32 bytes, RFC 8446 section 7.5, label "EXPORTER-sotto-identity", empty context
};

class ChannelEvents {
 public:
  virtual ~ChannelEvents() = default;
  virtual void on_connected(const ServerProof& proof, Moment moment) = 0;
  virtual void on_frame(ByteView body, Moment moment) = 0;  // without the length
  // The connection ended or never came to be. untrusted: the server's identity; denied: ours; else offline.
  virtual void on_closed(const Error& error, Moment moment) = 0;
  // bulk_room() became positive again.
  virtual void on_writable(Moment moment) = 0;
};

enum class Priority { urgent, bulk };

class Channel {
 public:
  virtual ~Channel() = default;
  virtual void connect(ChannelTarget target) = 0;
  // `frame` with its length, as proto::to_frame() makes it. Dropped when not connected.
  virtual void send(Bytes frame, Priority priority) = 0;
  // How many bytes of bulk frames may be sent now; a few chunks at most are queued (say 2 MiB).
  virtual std::size_t bulk_room() const = 0;
  virtual void close() = 0;
};

}  // namespace sotto::client
