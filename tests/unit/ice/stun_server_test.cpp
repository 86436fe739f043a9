// The vectors are those of RFC 5769: the sample request of section 2.1 and the addresses, with their
// transaction id, of the responses of sections 2.2 and 2.3.
#include "sotto/ice/stun_server.hpp"

#include <gtest/gtest.h>

namespace sotto::ice {
namespace {

Bytes hex(std::string_view text) {
  std::string packed;
  for (const char c : text) {
    if (c != ' ' && c != '\n') packed += c;
  }
  return *from_hex(packed);
}

constexpr std::string_view kTransaction = "b7e7a701bc34d686fa87dfae";

TransportAddress v4_source() {
  TransportAddress source;  // 192.0.2.1:32853
  source.ip = {192, 0, 2, 1};
  source.port = 32853;
  return source;
}
TransportAddress v6_source() {
  TransportAddress source;  // 2001:db8:1234:5678:11:2233:4455:6677, port 32853
  source.v6 = true;
  source.ip = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
               0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
  source.port = 32853;
  return source;
}

// A binding request with these attributes, given in hexadecimal.
Bytes request(std::string_view attributes = "") {
  const Bytes body = hex(attributes);
  Bytes out = hex("0001");
  out.push_back(static_cast<std::uint8_t>(body.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(body.size()));
  append(out, hex("2112a442"));
  append(out, hex(kTransaction));
  append(out, body);
  return out;
}

const std::string kRfc5769Request =
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"          // SOFTWARE "STUN test client"
    "002400046e0001ff"                                  // PRIORITY
    "80290008932ff9b151263b36"                          // ICE-CONTROLLED
    "000600096576746a3a68367659202020"                  // USERNAME "evtj:h6vY", padded
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"  // MESSAGE-INTEGRITY
    "80280004e57a3bcf";                                 // FINGERPRINT

TEST(StunServer, tells_an_ipv4_client_its_address) {
  StunServer server(1);
  const auto reply = server.on_datagram(request(), v4_source(), TimePoint{});
  ASSERT_TRUE(reply);
  EXPECT_EQ(to_hex(ByteView(*reply).first(32)),
            "010100142112a442b7e7a701bc34d686fa87dfae"
            "002000080001a147e112a643");  // XOR-MAPPED-ADDRESS, RFC 5769 section 2.2
  EXPECT_EQ(reply->size(), 40U);
  EXPECT_EQ(to_hex(ByteView(*reply).subspan(32, 4)), "80280004");
}

TEST(StunServer, tells_an_ipv6_client_its_address) {
  StunServer server(1);
  const auto reply = server.on_datagram(request(), v6_source(), TimePoint{});
  ASSERT_TRUE(reply);
  EXPECT_EQ(to_hex(ByteView(*reply).first(44)),
            "010100202112a442b7e7a701bc34d686fa87dfae"
            "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9");  // RFC 5769 section 2.3
  EXPECT_EQ(reply->size(), 52U);
}

// RFC 8489 section 11: no cookie, so no XOR and no FINGERPRINT, which such clients would not understand.
TEST(StunServer, tells_a_client_of_rfc_3489_its_address_in_the_clear) {
  StunServer server(1);
  const auto reply =
      server.on_datagram(hex("0001000095af06bf16235dc0b97f2c98dc28f9e1"), v4_source(), TimePoint{});
  ASSERT_TRUE(reply);
  EXPECT_EQ(to_hex(*reply), "0101000c95af06bf16235dc0b97f2c98dc28f9e10001000800018055c0000201");
}

TEST(StunServer, sees_ipv4_through_a_dual_stack_socket) {
  TransportAddress mapped;
  mapped.v6 = true;
  mapped.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1};
  mapped.port = 32853;
  StunServer server(1);
  EXPECT_EQ(server.on_datagram(request(), mapped, TimePoint{}),
            server.on_datagram(request(), v4_source(), TimePoint{}));
}

// A plain server knows nothing of ICE's PRIORITY, which asks to be understood; the rest, among it a right
// FINGERPRINT over the whole sample, passes.
TEST(StunServer, refuses_the_sample_request_only_for_its_priority_attribute) {
  StunServer server(1);
  const Bytes sample = hex(kRfc5769Request);
  const auto reply = server.on_datagram(sample, v4_source(), TimePoint{});
  ASSERT_TRUE(reply);
  EXPECT_EQ(to_hex(ByteView(*reply).first(56)),
            "0111002c2112a442b7e7a701bc34d686fa87dfae"
            "0009001500000414556e6b6e6f776e20417474726962757465000000"  // 420 "Unknown Attribute"
            "000a000200240000");
  EXPECT_EQ(server.counters().errors, 1U);
}

TEST(StunServer, ignores_a_request_whose_fingerprint_is_wrong) {
  StunServer server(1);
  Bytes sample = hex(kRfc5769Request);
  for (const std::size_t at : {std::size_t{30}, sample.size() - 1}) {
    Bytes broken = sample;
    broken[at] ^= 1;
    EXPECT_FALSE(server.on_datagram(broken, v4_source(), TimePoint{})) << at;
  }
}

TEST(StunServer, names_each_unknown_attribute_once) {
  StunServer server(1);
  const auto reply =
      server.on_datagram(request("00030004 00000006 7fff0000 00030004 00000000 80ff0000"), v4_source(), {});
  ASSERT_TRUE(reply);
  EXPECT_EQ(to_hex(ByteView(*reply).subspan(48, 8)), "000a000400037fff");
}

TEST(StunServer, never_answers_with_much_more_than_it_was_asked) {
  StunServer server(1);
  std::string attributes;
  for (int unknown = 0; unknown < 100; ++unknown) {
    for (const TransportAddress& source : {v4_source(), v6_source()}) {
      const Bytes asked = request(attributes);
      const auto reply = server.on_datagram(asked, source, TimePoint(std::chrono::seconds(unknown)));
      ASSERT_TRUE(reply);
      EXPECT_LE(reply->size(), asked.size() + StunServer::kMaxGrowth);
    }
    std::string type = "0100";
    type[2] = "0123456789"[unknown / 10];
    type[3] = "0123456789"[unknown % 10];
    attributes += type + "0000";
  }
}

TEST(StunServer, is_silent_about_everything_that_is_no_binding_request) {
  StunServer server(1);
  const auto silent = [&](const Bytes& datagram) {
    return !server.on_datagram(datagram, v4_source(), TimePoint{});
  };
  EXPECT_TRUE(silent({}));
  const Bytes good = request("80220004 74657374");
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_TRUE(silent(to_bytes(ByteView(good).first(size)))) << size;
  EXPECT_FALSE(silent(good));
  Bytes other = good;
  other[1] = 3;  // an allocate request of TURN
  EXPECT_TRUE(silent(other));
  other = good;
  other[0] = 1, other[1] = 1;  // a response
  EXPECT_TRUE(silent(other));
  other = good;
  other[0] = 0x80;  // RTP
  EXPECT_TRUE(silent(other));
  EXPECT_TRUE(silent(request("80220005 74657374")));       // longer than the datagram
  EXPECT_TRUE(silent(request("80220003 74657300 8022")));  // half an attribute
  Bytes trailing = good;
  trailing.push_back(0);
  EXPECT_TRUE(silent(trailing));
  EXPECT_TRUE(silent(request("8022021c" + std::string(540 * 2, '0'))));  // 564 bytes: too large
  EXPECT_EQ(server.counters().answered, 1U);
}

TEST(StunServer, answers_a_source_at_most_so_often) {
  StunServer server(42);
  int answered = 0;
  for (int i = 0; i < 1000; ++i) answered += server.on_datagram(request(), v4_source(), TimePoint{}) ? 1 : 0;
  EXPECT_EQ(answered, StunServer::kBurst);
  EXPECT_EQ(server.counters().limited, 1000U - StunServer::kBurst);
  // Another port is the same source, another address is not.
  TransportAddress other = v4_source();
  other.port = 1;
  EXPECT_FALSE(server.on_datagram(request(), other, TimePoint{}));
  other.ip[3] = 9;
  EXPECT_TRUE(server.on_datagram(request(), other, TimePoint{}));

  answered = 0;
  const TimePoint later = TimePoint(std::chrono::seconds(1));
  for (int i = 0; i < 1000; ++i) answered += server.on_datagram(request(), v4_source(), later) ? 1 : 0;
  EXPECT_EQ(answered, StunServer::kPerSecond);
}

TEST(StunServer, counts_the_addresses_of_one_ipv6_network_together) {
  StunServer server(42);
  TransportAddress source = v6_source();
  int answered = 0;
  for (int i = 0; i < 200; ++i) {
    source.ip[15] = static_cast<std::uint8_t>(i);
    answered += server.on_datagram(request(), source, TimePoint{}) ? 1 : 0;
  }
  EXPECT_EQ(answered, StunServer::kBurst);
}

}  // namespace
}  // namespace sotto::ice
