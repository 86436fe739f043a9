#include "sotto/net/socket.hpp"

#include <gtest/gtest.h>

namespace sotto::net {
namespace {

TEST(SocketAddress, GivesIpv4OneSpellingWhicheverSocketItCameThrough) {
  const auto plain = SocketAddress::from_ip("192.0.2.7", 80);
  const auto mapped = SocketAddress::from_ip("::ffff:192.0.2.7", 80);
  ASSERT_TRUE(plain && mapped);
  EXPECT_EQ(*plain, *mapped);
  EXPECT_EQ(mapped->to_string(), "192.0.2.7:80");
  EXPECT_EQ(mapped->ip_bytes().size(), 4U);
  EXPECT_EQ(std::hash<SocketAddress>()(*plain), std::hash<SocketAddress>()(*mapped));
}

TEST(SocketAddress, SurvivesTheTripThroughTheSystemsForm) {
  for (const char* ip : {"127.0.0.1", "::1", "2001:db8::5", "255.255.255.255", "::"}) {
    const auto address = SocketAddress::from_ip(ip, 65535);
    ASSERT_TRUE(address) << ip;
    sockaddr_storage native{};
    address->to_native(native);
    EXPECT_EQ(SocketAddress::from_native(native), *address);
    EXPECT_EQ(address->ip(), ip);
  }
  EXPECT_EQ(SocketAddress::from_ip("::1", 7)->to_string(), "[::1]:7");
}

TEST(SocketAddress, RefusesWhatIsNotANumericAddress) {
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "::g", "fe80::1%nosuchif", "[::1]"}) {
    EXPECT_FALSE(SocketAddress::from_ip(text, 1)) << text;
  }
  EXPECT_FALSE(SocketAddress::from_ip(std::string(1000, '1'), 1));
}

TEST(ParseHostPort, AcceptsNamesAddressesAndDefaults) {
  const auto check = [](std::string_view text, std::string_view host, int port) {
    const auto parsed = parse_host_port(text, 7443);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->host, host) << text;
    EXPECT_EQ(parsed->port, port) << text;
  };
  check("example.org", "example.org", 7443);
  check("example.org:1", "example.org", 1);
  check("127.0.0.1:0", "127.0.0.1", 0);
  check("[::1]:65535", "::1", 65535);
  check("[::1]", "::1", 7443);
  check("2001:db8::1", "2001:db8::1", 7443);
  check(":80", "", 80);
}

TEST(ParseHostPort, RefusesMalformedText) {
  for (const std::string& text : std::initializer_list<std::string>{
           "", "host:", "host:65536", "host:-1", "host:1x", "[::1", "[::1]x", "[nonsense]:1", "a:b:c",
           "a b:1", "user@host", "host/path", std::string(254, 'a')}) {
    EXPECT_FALSE(parse_host_port(text, 7443)) << text;
  }
}

TEST(SystemError, SaysItInPlainWords) {
  const Error error = system_error(EADDRINUSE, "listening on port 7443");
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(error.message, "listening on port 7443: the address is already in use");
  EXPECT_EQ(system_error(ECONNREFUSED, "x").code, ErrorCode::offline);
}

}  // namespace
}  // namespace sotto::net
