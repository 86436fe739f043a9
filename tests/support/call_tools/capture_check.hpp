// Whether captured media is really encrypted. Compressed pictures look random too, so that entropy alone
// proves little: what gives plain RTP away is its regularity at fixed places (the payload header of H.264,
// the table-of-contents byte of Opus), the texts that encoders write, and RTCP in the clear.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sotto/base/result.hpp"
#include "support/call_tools/pcap.hpp"

namespace sotto::test {

struct CaptureReport {
  std::size_t rtp = 0, rtcp = 0, stun = 0, other = 0;  // by first byte, as RFC 7983 tells them apart
  std::size_t plain_rtcp = 0;      // without the E flag of SRTCP (RFC 7714 section 9.2, last word)
  std::size_t streams_judged = 0;  // RTP streams with at least kLeastPackets packets
  double payload_entropy = 0;      // bits a byte, of all RTP payloads together
  double worst_regularity = 0;     // chi-square of the first two payload bytes against chance; 255 expected
  std::vector<std::string> texts;  // of encoders, or of the caller, found in the clear in any datagram
};

inline constexpr std::size_t kLeastPackets = 200;
// A call has ten million bytes: among random ones, three given bytes turn up in every second call and four in
// one of four hundred, five in one of a hundred thousand.
inline constexpr std::size_t kLeastText = 5;
inline constexpr double kLeastEntropy = 7.9;
// Chance gives 255 with a deviation of 23; plain RTP gives thousands.
inline constexpr double kMostRegularity = 480;

// `texts`: more to look for, such as a message's words, of kLeastText bytes or more. Datagrams of other
// programs count as other or, if they look like RTP, are judged too: give the call's ports to leave those out
// (empty: all).
CaptureReport inspect_capture(const std::vector<UdpPacket>& packets,
                              const std::vector<std::uint16_t>& ports = {},
                              const std::vector<std::string>& texts = {});

// ok when there was enough to judge and all of it looked encrypted; else a sentence that says what did not.
Status verdict(const CaptureReport& report);

}  // namespace sotto::test
