// The server without sockets, threads and clocks: accounts, directory, delivery, blobs.
//
//   Core core(std::move(config), ports, random);
//   core.on_connected(7, peer, moment);              // after the TLS handshake
//   core.on_bytes(7, bytes, moment);                 // decrypted; answers go to ports.send()
//   core.on_disconnected(7, moment);
//   core.on_deadline(moment);                        // at next_deadline()
//   core.end_turn();                                 // when nothing more came in just now
//   core.advance(moment);                            // before the `then` of anything that ran elsewhere
//
// Limits and their reasons stand in src/server/limits.hpp. Thread: one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sotto/base/random.hpp"
#include "sotto/crypto/certificate.hpp"
#include "sotto/crypto/identity_chain.hpp"
#include "sotto/crypto/signature.hpp"
#include "sotto/server/ports.hpp"

namespace sotto::server {

enum class Registration : std::uint8_t {
  invite,  // with a good invite token
  open,    // anyone
  closed,  // nobody
};

struct Config {
  Registration registration = Registration::invite;
  std::string version;
  std::uint64_t max_blob_bytes = 0;               // 0: no limit but the quota and the disk
  std::uint64_t blob_quota_bytes = 100ULL << 30;  // of all files of one account; 0: none
  std::string absent_password_hash;               // of no password that anyone has; checked for unknown users
  bool limit_sources = true;  // rate limits per network address; off for tests and benchmarks
  crypto::Certificate ca;
  crypto::SigningKey ca_key;
};

// What the TLS handshake found out.
struct Peer {
  std::string source;  // the network address, or the /64 of IPv6, as bytes: whom to count limits against
  // Set when the peer showed a certificate; the caller has checked the chain up to the CA.
  std::optional<crypto::DeviceIdentity> identity;
  Bytes device_certificate;  // DER, with `identity`
  Bytes exporter;            // 32 bytes, label "EXPORTER-sotto-identity"; needed without `identity`
};

struct Counts {
  std::size_t connections = 0;
  std::size_t devices_online = 0;
};

class Core {
 public:
  Core(Config config, Ports& ports, Random& random, Moment moment);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void advance(Moment moment);
  void on_connected(ConnectionId connection, Peer peer, Moment moment);
  void on_bytes(ConnectionId connection, ByteView bytes, Moment moment);
  void on_disconnected(ConnectionId connection, Moment moment);

  // Messages of all connections are gathered and given to the store together: now. To be called after each
  // round of calls, in particular before waiting.
  void end_turn();

  TimePoint next_deadline() const;
  void on_deadline(Moment moment);

  // Says goodbye ("restart") to everyone and writes what was put off. Nothing may come in afterwards.
  void shut_down(Moment moment);

  Counts counts() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sotto::server
