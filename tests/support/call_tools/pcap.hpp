// UDP datagrams out of a packet capture (tcpdump -w) or out of a single captured packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::test {

struct UdpPacket {
  std::uint16_t from_port = 0, to_port = 0;
  Bytes payload;
};

// An IPv4 or IPv6 packet, if it carries an unfragmented UDP datagram without extension headers.
std::optional<UdpPacket> udp_of_ip(ByteView packet);

// The classic format, either byte order, link types Ethernet (also of lo), raw IP, Linux cooked v1 and v2.
// Packets that the capture cut off are left out.
Result<std::vector<UdpPacket>> parse_pcap(ByteView file);
Result<std::vector<UdpPacket>> read_pcap(const std::string& path);

}  // namespace sotto::test
