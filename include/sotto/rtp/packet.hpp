// RTP packets: RFC 3550 section 5.1.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//   |                           timestamp                           |
//   |                             SSRC                              |
//   |                    CSRC list, CC words                        |
//   |  extension: profile (16), length in words (16), data ...      |
//   |  payload ...                          | padding | pad count   |
//
// We send neither CSRCs, nor extensions (RFC 6904's worry: they stay readable under SRTP), nor padding;
// all three are understood on the way in. Pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::rtp {

enum class Ssrc : std::uint32_t {};
enum class PayloadType : std::uint8_t {};  // 0..127

inline constexpr std::size_t kHeaderBytes = 12;
// Larger than any path MTU that we meet, and what one read of a datagram takes.
inline constexpr std::size_t kMaxDatagramBytes = 2048;

struct Packet {
  bool marker = false;
  PayloadType payload_type{};
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  Ssrc ssrc{};
  ByteView payload;  // without padding; borrowed from the datagram
};

// invalid_argument for anything that section 5.1 does not describe; too_large past kMaxDatagramBytes.
Result<Packet> parse_packet(ByteView datagram);
// Where the payload begins, for a packet that may still be encrypted. Nothing when it does not fit.
std::optional<std::size_t> header_bytes(ByteView datagram);

Bytes serialise(const Packet& packet);

// RFC 5761 section 4: on one port, the second byte tells RTCP (192..223) from RTP. `none`: neither
// (another version, too short), for instance STUN.
enum class Kind { none, rtp, rtcp };
Kind classify(ByteView datagram);

}  // namespace sotto::rtp
