#include "support/call_tools/capture_check.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>

namespace sotto::test {
namespace {

using Histogram = std::array<std::uint64_t, 256>;

struct Stream {
  std::size_t packets = 0;
  Histogram first{}, second{};
};

double entropy(const Histogram& histogram) {
  double total = 0, bits = 0;
  for (const std::uint64_t count : histogram) total += static_cast<double>(count);
  for (const std::uint64_t count : histogram) {
    if (count > 0) bits -= static_cast<double>(count) / total * std::log2(static_cast<double>(count) / total);
  }
  return bits;
}

double chi_square(const Histogram& histogram, std::size_t total) {
  const double expected = static_cast<double>(total) / 256;
  double sum = 0;
  for (const std::uint64_t count : histogram)
    sum += std::pow(static_cast<double>(count) - expected, 2) / expected;
  return sum;
}

// Behind the fixed header, the contributing sources and the header extension (RFC 3550 section 5), which
// SRTP leaves readable; without the 16 bytes of the tag.
ByteView rtp_payload(ByteView packet) {
  std::size_t header = 12 + (packet[0] & 15U) * 4;
  if ((packet[0] & 0x10) != 0) {
    if (packet.size() < header + 4) return {};
    header += 4 + (packet[header + 2] * 256U + packet[header + 3]) * 4;
  }
  if (packet.size() < header + 16) return {};
  return packet.subspan(header, packet.size() - header - 16);
}

bool contains(ByteView haystack, std::string_view needle) {
  return as_text(haystack).find(needle) != std::string_view::npos;
}

}  // namespace

CaptureReport inspect_capture(const std::vector<UdpPacket>& packets, const std::vector<std::uint16_t>& ports,
                              const std::vector<std::string>& texts) {
  std::vector<std::string> looked_for{"x264 - core", "H.264/MPEG-4 AVC codec", "Lavc5", "Lavc6",
                                      std::string("\0\0\0\1\x67", 5)};
  looked_for.insert(looked_for.end(), texts.begin(), texts.end());
  for (const std::string& text : looked_for) {
    if (text.size() < kLeastText) throw std::invalid_argument("Too short to mean anything: " + text);
  }

  CaptureReport report;
  std::map<std::uint32_t, Stream> streams;
  Histogram bytes{};
  for (const UdpPacket& packet : packets) {
    const ByteView data = packet.payload;
    const auto is_ours = [&](std::uint16_t port) { return std::ranges::find(ports, port) != ports.end(); };
    if (!ports.empty() && !is_ours(packet.from_port) && !is_ours(packet.to_port)) continue;
    for (const std::string& text : looked_for) {
      if (contains(data, text) && std::ranges::find(report.texts, text) == report.texts.end())
        report.texts.push_back(text);
    }
    if (data.size() >= 20 && data[0] < 4) {
      ++report.stun;
    } else if (data.size() < 12 || data[0] < 128 || data[0] > 191) {
      ++report.other;
    } else if (data[1] >= 192 && data[1] <= 223) {
      ++report.rtcp;
      if ((data[data.size() - 4] & 0x80) == 0) ++report.plain_rtcp;
    } else {
      ++report.rtp;
      const ByteView payload = rtp_payload(data);
      for (const std::uint8_t byte : payload) ++bytes[byte];
      if (payload.size() < 2) continue;
      const std::uint32_t ssrc =
          static_cast<std::uint32_t>(data[8]) << 24 | data[9] << 16 | data[10] << 8 | data[11];
      Stream& stream = streams[ssrc];
      ++stream.packets;
      ++stream.first[payload[0]];
      ++stream.second[payload[1]];
    }
  }
  report.payload_entropy = entropy(bytes);
  for (const auto& [ssrc, stream] : streams) {
    if (stream.packets < kLeastPackets) continue;
    ++report.streams_judged;
    report.worst_regularity = std::max({report.worst_regularity, chi_square(stream.first, stream.packets),
                                        chi_square(stream.second, stream.packets)});
  }
  return report;
}

Status verdict(const CaptureReport& report) {
  const auto wrong = [](std::string sentence) { return fail(ErrorCode::untrusted, std::move(sentence)); };
  if (report.streams_judged == 0) return wrong("The capture holds too few media packets to judge.");
  if (!report.texts.empty()) return wrong("Text was found in the clear: " + report.texts.front());
  if (report.plain_rtcp > 0)
    return wrong(std::to_string(report.plain_rtcp) + " RTCP packets are not encrypted.");
  if (report.payload_entropy < kLeastEntropy) {
    return wrong("The media have only " + std::to_string(report.payload_entropy) +
                 " bits of entropy a byte.");
  }
  if (report.worst_regularity > kMostRegularity) {
    return wrong("The media begin too regularly to be encrypted: " + std::to_string(report.worst_regularity) +
                 ".");
  }
  return ok_status();
}

}  // namespace sotto::test
