// RTCP: sender and receiver reports, CNAME, BYE (RFC 3550 section 6) and Picture Loss Indication (RFC 4585
// section 6.3.1), in compound packets (section 6.1).
//
//   auto parts = parse_compound(datagram);            // whole or not at all
//   Bytes datagram = serialise_compound({sender_report, sdes, pli});
//
// Parts of other types (APP, other feedback) are skipped by their length. Pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/rtp/media_clock.hpp"
#include "sotto/rtp/packet.hpp"

namespace sotto::rtp {

inline constexpr std::size_t kMaxReportBlocks = 31;   // five bits on the wire
inline constexpr std::size_t kMaxCompoundParts = 16;  // chosen: ours have four
inline constexpr std::size_t kMaxCnameBytes = 255;    // eight bits on the wire
inline constexpr std::int32_t kMaxCumulativeLost = 0x7fffff;

// Section 6.4.1, one reception report block.
struct ReportBlock {
  Ssrc source{};                          // whose packets are reported on
  std::uint8_t fraction_lost = 0;         // of 256, since the last report
  std::int32_t cumulative_lost = 0;       // 24 bits, signed: duplicates count against it
  std::uint32_t highest_sequence = 0;     // extended by the count of cycles
  std::uint32_t jitter = 0;               // in timestamp units
  std::uint32_t last_sr = 0;              // compact NTP time of the last SR; 0: none yet
  std::uint32_t delay_since_last_sr = 0;  // 1/65536 s

  friend bool operator==(const ReportBlock&, const ReportBlock&) = default;
};

struct SenderReport {
  Ssrc sender{};
  NtpTime ntp{};
  std::uint32_t rtp_timestamp = 0;  // of the same moment
  std::uint32_t packets = 0;
  std::uint32_t payload_bytes = 0;
  std::vector<ReportBlock> blocks;

  friend bool operator==(const SenderReport&, const SenderReport&) = default;
};
struct ReceiverReport {
  Ssrc sender{};
  std::vector<ReportBlock> blocks;

  friend bool operator==(const ReceiverReport&, const ReceiverReport&) = default;
};
// One chunk with one CNAME; other items are skipped on the way in.
struct SourceDescription {
  Ssrc source{};
  std::string cname;

  friend bool operator==(const SourceDescription&, const SourceDescription&) = default;
};
struct Bye {
  std::vector<Ssrc> sources;

  friend bool operator==(const Bye&, const Bye&) = default;
};
struct PictureLoss {
  Ssrc sender{};
  Ssrc media{};

  friend bool operator==(const PictureLoss&, const PictureLoss&) = default;
};

using RtcpPart = std::variant<SenderReport, ReceiverReport, SourceDescription, Bye, PictureLoss>;

// Refuses (invalid_argument) what does not begin with a report, has a part of wrong length, padding before
// the last part, or bytes left over; too_large past kMaxDatagramBytes or kMaxCompoundParts.
Result<std::vector<RtcpPart>> parse_compound(ByteView datagram);

// `parts` begins with a report. At most kMaxReportBlocks blocks and kMaxCnameBytes are written.
Bytes serialise_compound(std::span<const RtcpPart> parts);

}  // namespace sotto::rtp
