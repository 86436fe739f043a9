#include "support/call_tools/pcap.hpp"

#include <fstream>
#include <iterator>

namespace sotto::test {
namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800, kEtherIpv6 = 0x86DD;
constexpr std::uint8_t kProtocolUdp = 17;

std::uint16_t be16(ByteView in, std::size_t at) {
  return static_cast<std::uint16_t>(in[at] << 8 | in[at + 1]);
}
std::uint32_t le32(ByteView in, std::size_t at) {
  return in[at] | static_cast<std::uint32_t>(in[at + 1]) << 8 | static_cast<std::uint32_t>(in[at + 2]) << 16 |
         static_cast<std::uint32_t>(in[at + 3]) << 24;
}
std::uint32_t be32(ByteView in, std::size_t at) {
  return static_cast<std::uint32_t>(be16(in, at)) << 16 | be16(in, at + 2);
}

std::optional<UdpPacket> udp_of(ByteView datagram) {
  if (datagram.size() < 8) return std::nullopt;
  const std::size_t length = be16(datagram, 4);
  if (length < 8 || length > datagram.size()) return std::nullopt;
  return UdpPacket{be16(datagram, 0), be16(datagram, 2), to_bytes(datagram.subspan(8, length - 8))};
}

// The IP packet inside a link-layer frame.
std::optional<ByteView> ip_of_frame(ByteView frame, std::uint32_t link_type) {
  const auto behind = [&](std::size_t type_at, std::size_t header) -> std::optional<ByteView> {
    if (frame.size() < header) return std::nullopt;
    const std::uint16_t type = be16(frame, type_at);
    if (type != kEtherIpv4 && type != kEtherIpv6) return std::nullopt;
    return frame.subspan(header);
  };
  switch (link_type) {
    case 1: return behind(12, 14);    // Ethernet
    case 101: return frame;           // raw IP
    case 113: return behind(14, 16);  // Linux cooked
    case 276: return behind(0, 20);   // Linux cooked v2
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<UdpPacket> udp_of_ip(ByteView packet) {
  if (packet.size() >= 20 && packet[0] >> 4 == 4) {
    const std::size_t header = (packet[0] & 15U) * 4;
    const bool fragment = (be16(packet, 6) & 0x3FFF) != 0;
    if (header < 20 || header > packet.size() || fragment || packet[9] != kProtocolUdp) return std::nullopt;
    return udp_of(packet.subspan(header));
  }
  if (packet.size() >= 40 && packet[0] >> 4 == 6 && packet[6] == kProtocolUdp)
    return udp_of(packet.subspan(40));
  return std::nullopt;
}

Result<std::vector<UdpPacket>> parse_pcap(ByteView file) {
  if (file.size() < 24) return fail(ErrorCode::invalid_argument, "The capture has no header.");
  const std::uint32_t magic = le32(file, 0);
  const bool little = magic == 0xA1B2C3D4 || magic == 0xA1B23C4D;
  if (!little && be32(file, 0) != 0xA1B2C3D4 && be32(file, 0) != 0xA1B23C4D) {
    return fail(ErrorCode::invalid_argument, "This is no capture of the classic pcap format.");
  }
  const auto u32 = [&](std::size_t at) { return little ? le32(file, at) : be32(file, at); };
  const std::uint32_t link_type = u32(20) & 0x0FFFFFFF;
  std::vector<UdpPacket> packets;
  for (std::size_t at = 24; file.size() - at >= 16;) {
    const std::size_t captured = u32(at + 8), original = u32(at + 12);
    at += 16;
    if (captured > file.size() - at) break;  // the capture was stopped while writing
    if (captured == original) {
      if (const auto ip = ip_of_frame(file.subspan(at, captured), link_type)) {
        if (auto packet = udp_of_ip(*ip)) packets.push_back(std::move(*packet));
      }
    }
    at += captured;
  }
  return packets;
}

Result<std::vector<UdpPacket>> read_pcap(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::not_found, "The capture " + path + " cannot be opened.");
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  return parse_pcap(as_bytes(content));
}

}  // namespace sotto::test
