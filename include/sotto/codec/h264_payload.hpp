// H.264 in RTP payloads: RFC 6184, packetization-mode 1 (single NAL unit, STAP-A in, FU-A both ways).
//
//   for (const Bytes& payload : packetize_h264(unit.data, limit)) ...   // marker bit on the last
//   Result<Bytes> annex_b = depacketize_h264(payloads);                 // all of one picture, in order
//
// Pure functions of their arguments. Thread: any.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::codec {

// The NAL units of an Annex B stream, without start codes and trailing zeros. Views into `annex_b`.
std::vector<ByteView> split_annex_b(ByteView annex_b);

// Payloads of at most `limit` bytes (16 or more) for one access unit. Empty for an empty unit.
std::vector<Bytes> packetize_h264(ByteView annex_b, std::size_t limit);

// Fails (invalid_argument) for reserved or unsupported types, broken aggregation or fragmentation, and
// (too_large) past kMaxEncodedFrameBytes. Never returns a unit that lacks a part.
Result<Bytes> depacketize_h264(std::span<const ByteView> payloads);

// Whether this is the first payload of a picture that a decoder can start with: it begins with a sequence
// parameter set, alone or aggregated (Sotto sends parameter sets with each key frame). False for garbage.
bool starts_h264_key_frame(ByteView payload);

}  // namespace sotto::codec
