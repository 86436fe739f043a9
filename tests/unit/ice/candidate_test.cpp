#include "sotto/ice/candidate.hpp"

#include <gtest/gtest.h>

namespace sotto::ice {
namespace {

TEST(Candidate, reads_the_examples_of_rfc_8839) {
  const auto host = parse_candidate("candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host");
  ASSERT_TRUE(host.ok());
  EXPECT_EQ(host->foundation, "1");
  EXPECT_EQ(host->priority, 2130706431U);
  EXPECT_EQ(host->address, "203.0.113.141");
  EXPECT_EQ(host->port, 8998);
  EXPECT_EQ(host->type, CandidateType::host);
  const auto srflx = parse_candidate(
      "candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998");
  ASSERT_TRUE(srflx.ok());
  EXPECT_EQ(srflx->type, CandidateType::server_reflexive);
  EXPECT_EQ(srflx->related_address, "203.0.113.141");
  EXPECT_EQ(srflx->related_port, 8998);
  const auto v6 = parse_candidate("candidate:1 1 UDP 2130706431 2001:DB8:0:0:0:0:0:1 8998 typ host");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->address, "2001:db8::1");
}

TEST(Candidate, ignores_extensions_it_does_not_know) {
  EXPECT_TRUE(
      parse_candidate("candidate:1 1 udp 1 192.0.2.1 9 typ host generation 0 ufrag abcd network-id 1").ok());
}

TEST(Candidate, comes_back_from_text_as_it_was) {
  const std::string text = "candidate:7 1 UDP 16777215 198.51.100.7 50000 typ relay raddr 0.0.0.0 rport 0";
  const auto candidate = parse_candidate(text);
  ASSERT_TRUE(candidate.ok());
  EXPECT_EQ(to_text(*candidate), text);
}

TEST(Candidate, never_names_a_host_that_would_have_to_be_looked_up) {
  for (const char* address : {"example.org", "a1b2c3d4-0000-1111-2222-333344445555.local", "localhost",
                              "fe80::1%eth0", "0x7f000001", "127.1", "1.2.3.4.5", ""}) {
    EXPECT_FALSE(parse_candidate("candidate:1 1 UDP 1 " + std::string(address) + " 9 typ host").ok())
        << address;
  }
}

TEST(Candidate, never_points_at_many_machines_or_none) {
  for (const char* address :
       {"0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "::ffff:192.0.2.1"}) {
    EXPECT_FALSE(parse_candidate("candidate:1 1 UDP 1 " + std::string(address) + " 9 typ host").ok())
        << address;
  }
}

TEST(Candidate, is_refused_when_malformed) {
  for (const char* text : {
           "",
           "candidate:",
           "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host",
           "candidate: 1 UDP 1 192.0.2.1 9 typ host",                                   // no foundation
           "candidate:1-2 1 UDP 1 192.0.2.1 9 typ host",                                // not an ice-char
           "candidate:123456789012345678901234567890123 1 UDP 1 192.0.2.1 9 typ host",  // 33 bytes
           "candidate:1 2 UDP 1 192.0.2.1 9 typ host",                                  // component
           "candidate:1 1 TCP 1 192.0.2.1 9 typ host tcptype active",
           "candidate:1 1 UDP 0 192.0.2.1 9 typ host",
           "candidate:1 1 UDP 2147483648 192.0.2.1 9 typ host",
           "candidate:1 1 UDP -1 192.0.2.1 9 typ host",
           "candidate:1 1 UDP 1 192.0.2.1 0 typ host",
           "candidate:1 1 UDP 1 192.0.2.1 65536 typ host",
           "candidate:1 1 UDP 1 192.0.2.1 9 type host",
           "candidate:1 1 UDP 1 192.0.2.1 9 typ best",
           "candidate:1 1 UDP 1 192.0.2.1 9",
           "candidate:1 1 UDP 1 192.0.2.1 9 typ host raddr",
           "candidate:1 1 UDP 1 192.0.2.1 9 typ host raddr example.org rport 1",
           "candidate:1 1 UDP 1 192.0.2.1 9 typ host rport x",
           "candidate:1 1 UDP 1 192.0.2.1 9 typ host ",
           "candidate:1  1 UDP 1 192.0.2.1 9 typ host",
           "candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\na=x",
       }) {
    EXPECT_FALSE(parse_candidate(text).ok()) << text;
  }
  EXPECT_EQ(parse_candidate(std::string(513, 'x')).error().code, ErrorCode::too_large);
}

TEST(Credentials, keep_the_alphabet_and_lengths_of_rfc_8839) {
  const std::string password(22, 'p');
  EXPECT_TRUE(check_credentials("aZ0+", password).ok());
  EXPECT_FALSE(check_credentials("abc", password).ok());
  EXPECT_FALSE(check_credentials("abcd", std::string(21, 'p')).ok());
  EXPECT_FALSE(check_credentials("ab:d", password).ok());
  EXPECT_FALSE(check_credentials(std::string(257, 'u'), password).ok());
  EXPECT_FALSE(check_credentials("abcd", password + "\n").ok());
}

}  // namespace
}  // namespace sotto::ice
