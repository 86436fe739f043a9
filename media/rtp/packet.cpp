#include "sotto/rtp/packet.hpp"

#include "rtp/byte_io.hpp"

namespace sotto::rtp {

std::optional<std::size_t> header_bytes(ByteView datagram) {
  if (datagram.size() < kHeaderBytes || datagram[0] >> 6 != 2) return std::nullopt;
  std::size_t size = kHeaderBytes + std::size_t{4} * (datagram[0] & 0x0f);
  if ((datagram[0] & 0x10) != 0) {
    if (datagram.size() < size + 4) return std::nullopt;
    size += 4 + std::size_t{4} * get16(datagram, size + 2);
  }
  if (size > datagram.size()) return std::nullopt;
  return size;
}

Result<Packet> parse_packet(ByteView datagram) {
  if (datagram.size() > kMaxDatagramBytes) return fail(ErrorCode::too_large, "the RTP packet is too large");
  const auto start = header_bytes(datagram);
  if (!start) return fail(ErrorCode::invalid_argument, "the RTP header is malformed");
  std::size_t end = datagram.size();
  if ((datagram[0] & 0x20) != 0) {
    const std::size_t padding = datagram.back();
    if (padding == 0 || padding > end - *start) {
      return fail(ErrorCode::invalid_argument, "the RTP padding is malformed");
    }
    end -= padding;
  }
  Packet packet;
  packet.marker = (datagram[1] & 0x80) != 0;
  packet.payload_type = PayloadType(datagram[1] & 0x7f);
  packet.sequence = get16(datagram, 2);
  packet.timestamp = get32(datagram, 4);
  packet.ssrc = Ssrc{get32(datagram, 8)};
  packet.payload = datagram.subspan(*start, end - *start);
  return packet;
}

Bytes serialise(const Packet& packet) {
  Bytes out;
  out.reserve(kHeaderBytes + packet.payload.size());
  put8(out, 0x80);
  put8(out, (packet.marker ? 0x80u : 0u) | (static_cast<std::uint32_t>(packet.payload_type) & 0x7f));
  put16(out, packet.sequence);
  put32(out, packet.timestamp);
  put32(out, static_cast<std::uint32_t>(packet.ssrc));
  append(out, packet.payload);
  return out;
}

Kind classify(ByteView datagram) {
  if (datagram.size() < 8 || datagram[0] >> 6 != 2) return Kind::none;
  return datagram[1] >= 192 && datagram[1] <= 223 ? Kind::rtcp : Kind::rtp;
}

}  // namespace sotto::rtp
