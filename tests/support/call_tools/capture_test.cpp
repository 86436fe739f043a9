#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "sotto/base/random.hpp"
#include "support/call_tools/capture_check.hpp"
#include "support/call_tools/loopback_capture.hpp"
#include "support/temp_dir.hpp"

namespace sotto::test {
namespace {

void put(Bytes& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

Bytes rtp(std::uint32_t ssrc, std::uint16_t number, ByteView payload) {
  Bytes out{0x80, 96};
  put(out, number, 2);
  put(out, number * 3000U, 4);
  put(out, ssrc, 4);
  append(out, payload);
  return out;
}

// One side of a call: `payload_of` gives what follows the RTP header.
template <class Payload>
std::vector<UdpPacket> call(Payload payload_of, bool encrypted_rtcp = true) {
  std::vector<UdpPacket> packets;
  SeededRandom random(5);
  for (std::uint16_t i = 0; i < 600; ++i) {
    packets.push_back({40000, 50000, rtp(7, i, payload_of(random))});
    if (i % 100 == 0) {
      Bytes rtcp{0x80, 200};
      append(rtcp, random.bytes(40));
      rtcp[38] = encrypted_rtcp ? 0x80 : 0x00;
      packets.push_back({40000, 50000, rtcp});
    }
  }
  return packets;
}

TEST(Capture, passes_packets_that_look_like_chance) {
  const auto report = inspect_capture(call([](Random& random) { return random.bytes(500); }));
  EXPECT_EQ(report.rtp, 600U);
  EXPECT_EQ(report.rtcp, 6U);
  EXPECT_EQ(report.streams_judged, 1U);
  EXPECT_GT(report.payload_entropy, 7.99);
  EXPECT_TRUE(verdict(report).ok());
}

TEST(Capture, recognises_plain_opus_by_its_first_byte_however_random_the_rest) {
  const auto report = inspect_capture(call([](Random& random) {
    Bytes payload = random.bytes(500);
    payload[0] = 0x78;
    return payload;
  }));
  EXPECT_GT(report.payload_entropy, kLeastEntropy);
  EXPECT_EQ(verdict(report).error().code, ErrorCode::untrusted);
}

TEST(Capture, recognises_plain_h264_by_its_fragment_headers) {
  const auto report = inspect_capture(call([](Random& random) {
    Bytes payload = random.bytes(500);
    payload[0] = 0x7C;
    payload[1] = random.below(4) == 0 ? 0x81 : 0x01;
    return payload;
  }));
  EXPECT_FALSE(verdict(report).ok());
}

TEST(Capture, recognises_silence_texts_and_open_rtcp) {
  EXPECT_FALSE(verdict(inspect_capture(call([](Random&) { return Bytes(500, 0); }))).ok());
  auto packets = call([](Random& random) { return random.bytes(500); });
  EXPECT_TRUE(verdict(inspect_capture(packets)).ok());
  packets.push_back({1, 2, to_bytes("....x264 - core 164 r3095")});
  EXPECT_FALSE(verdict(inspect_capture(packets)).ok());
  EXPECT_TRUE(verdict(inspect_capture(packets, {40000})).ok());  // of other ports
  packets.push_back({40000, 2, to_bytes("see you at eight")});
  EXPECT_FALSE(verdict(inspect_capture(packets, {40000}, {"at eight"})).ok());
  EXPECT_FALSE(verdict(inspect_capture(call([](Random& random) { return random.bytes(500); }, false))).ok());
}

TEST(Capture, judges_nothing_by_a_handful_of_packets) {
  std::vector<UdpPacket> packets = call([](Random& random) { return random.bytes(500); });
  packets.resize(100);
  EXPECT_FALSE(verdict(inspect_capture(packets)).ok());
  EXPECT_FALSE(verdict(inspect_capture({})).ok());
}

// An Ethernet frame, as lo has them, around IPv4 or IPv6 and UDP.
Bytes frame(bool v6, std::string_view text) {
  Bytes out(12, 0);
  put(out, v6 ? 0x86DD : 0x0800, 2);
  if (v6) {
    put(out, 0x60000000, 4);
    put(out, 8 + text.size(), 2);
    put(out, 17 << 8 | 64, 2);
    out.resize(out.size() + 32);
  } else {
    put(out, 0x4500, 2);
    put(out, 28 + text.size(), 2);
    put(out, 0x00004000, 4);  // not fragmented
    put(out, 64 << 8 | 17, 2);
    out.resize(out.size() + 10);
  }
  put(out, 1111, 2);
  put(out, 2222, 2);
  put(out, 8 + text.size(), 2);
  put(out, 0, 2);
  append(out, as_bytes(text));
  return out;
}
void put_le(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
Bytes pcap(const std::vector<Bytes>& frames) {
  Bytes out;
  put_le(out, 0xA1B2C3D4, 4);
  put_le(out, 2 | 4 << 16, 4);
  put_le(out, 0, 8);
  put_le(out, 65535, 4);
  put_le(out, 1, 4);
  for (const Bytes& one : frames) {
    put_le(out, 0, 8);
    put_le(out, one.size(), 4);
    put_le(out, one.size(), 4);
    append(out, one);
  }
  return out;
}

TEST(Pcap, gives_the_udp_datagrams_of_both_ip_versions) {
  Bytes tcp = frame(false, "no");
  tcp[23] = 6;
  Bytes fragment = frame(false, "no");
  fragment[21] = 5;
  const auto packets = parse_pcap(pcap({frame(false, "four"), tcp, frame(true, "six"), fragment, Bytes(3)}));
  ASSERT_TRUE(packets.ok());
  ASSERT_EQ(packets->size(), 2U);
  EXPECT_EQ(to_string((*packets)[0].payload), "four");
  EXPECT_EQ((*packets)[0].from_port, 1111);
  EXPECT_EQ((*packets)[0].to_port, 2222);
  EXPECT_EQ(to_string((*packets)[1].payload), "six");
}

TEST(Pcap, reads_a_capture_cut_off_anywhere_without_reading_beyond_it) {
  const Bytes whole = pcap({frame(false, "four"), frame(true, "six")});
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto packets = parse_pcap(part);
    EXPECT_EQ(packets.ok(), size >= 24);
    if (size == whole.size()) {
      EXPECT_EQ(packets->size(), 2U);
    }
  }
  EXPECT_FALSE(parse_pcap(Bytes(100, 7)).ok());
  EXPECT_FALSE(read_pcap("/nonexistent").ok());
}

TEST(LoopbackCapture, sees_each_datagram_once) {
  auto capture = LoopbackCapture::start();
  if (!capture) GTEST_SKIP() << capture.error().message;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(fd, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  for (int i = 0; i < 100; ++i) {
    const std::string text = "datagram " + std::to_string(i);
    ASSERT_EQ(sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&address), size),
              static_cast<ssize_t>(text.size()));
  }
  const std::uint16_t port = ntohs(address.sin_port);
  int seen = 0;
  for (const UdpPacket& packet : (*capture)->stop()) {
    if (packet.to_port != port) continue;
    EXPECT_EQ(to_string(packet.payload), "datagram " + std::to_string(seen));
    ++seen;
  }
  EXPECT_EQ(seen, 100);
  close(fd);
}

}  // namespace
}  // namespace sotto::test
