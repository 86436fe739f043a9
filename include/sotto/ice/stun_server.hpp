// The server's answer to "what is my address?": STUN binding requests (RFC 8489), as a core.
//
//   if (auto reply = stun.on_datagram(bytes, source, now)) send(*reply, source);
//
// Answers a well-formed binding request with XOR-MAPPED-ADDRESS and FINGERPRINT, or with error 420 when it
// has comprehension-required attributes we do not know; is silent about everything else. Requests without the
// magic cookie get the MAPPED-ADDRESS of RFC 3489 (RFC 8489 section 11), because libnice sends such. A reply
// has at most kMaxGrowth bytes more than its request and each source has a token bucket, so the server is no
// use for reflecting traffic at others.
//
// Memory is fixed at construction: buckets are found by a keyed hash of the source, and sources that collide
// share one. `hash_key` is random, so that nobody can choose to collide with somebody else.
//
// Thread: any one at a time (one object per UDP socket).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/time.hpp"

namespace sotto::ice {

struct TransportAddress {
  bool v6 = false;                    // ::ffff:a.b.c.d, as a dual-stack socket gives it, counts as IPv4
  std::array<std::uint8_t, 16> ip{};  // network order; IPv4 in the first four bytes
  std::uint16_t port = 0;

  friend bool operator==(const TransportAddress&, const TransportAddress&) = default;
};

class StunServer {
 public:
  static constexpr std::size_t kMaxGrowth = 40;
  static constexpr std::size_t kMaxRequestBytes = 548;  // RFC 8489 section 6.1: IPv4, path MTU unknown
  // Per source IP (IPv6: per /64). A client asks a few times per call, and NATs share addresses: chosen.
  static constexpr int kBurst = 50;
  static constexpr int kPerSecond = 10;

  explicit StunServer(std::uint64_t hash_key);

  // For sharing a port with other protocols: the two zero bits and a length that fits.
  static bool looks_like_stun(ByteView datagram);

  std::optional<Bytes> on_datagram(ByteView datagram, const TransportAddress& source, TimePoint now);

  struct Counters {
    std::uint64_t answered = 0, errors = 0, ignored = 0, limited = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  bool allow(const TransportAddress& source, TimePoint now);

  std::uint64_t hash_key_;
  // When each bucket will be full again: all of its state (the generic cell rate algorithm).
  std::vector<TimePoint> full_at_;
  Counters counters_;
};

}  // namespace sotto::ice
