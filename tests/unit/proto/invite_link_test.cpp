#include "sotto/proto/invite_link.hpp"

#include <gtest/gtest.h>

namespace sotto::proto {
namespace {

InviteLink example() { return InviteLink{"chat.example.org", 7443, Bytes(32, 0xa5), Bytes(16, 0x3c)}; }

TEST(InviteLink, survives_being_written_and_read) {
  for (const std::string host : {"chat.example.org", "127.0.0.1", "::1", "2001:db8::7"}) {
    for (const Bytes& token : {Bytes{}, Bytes(16, 1)}) {
      InviteLink link = example();
      link.host = host;
      link.token = token;
      link.port = 65535;
      const Result<InviteLink> read = parse_invite_link(to_string(link));
      ASSERT_TRUE(read) << to_string(link);
      EXPECT_EQ(*read, link);
    }
  }
}

TEST(InviteLink, has_the_documented_form) {
  InviteLink link = example();
  link.ca_fingerprint = Bytes(32, 0);
  link.token = Bytes(16, 0);
  EXPECT_EQ(to_string(link),
            "sotto://chat.example.org:7443/"
            "?ca=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&token=AAAAAAAAAAAAAAAAAAAAAA");
}

TEST(InviteLink, forgives_space_around_it_case_of_the_scheme_and_unknown_parameters) {
  const std::string text = to_string(example());
  EXPECT_EQ(*parse_invite_link("  " + text + "\n"), example());
  EXPECT_EQ(*parse_invite_link("SOTTO" + text.substr(5)), example());
  EXPECT_EQ(*parse_invite_link(text + "&colour=red&&flag"), example());
}

TEST(InviteLink, uses_the_default_port_when_none_is_named) {
  const std::string text = to_string(example());
  const std::size_t port = text.find(":7443");
  EXPECT_EQ(parse_invite_link(text.substr(0, port) + text.substr(port + 5))->port, kDefaultPort);
}

TEST(InviteLink, refuses_what_is_cut_or_malformed) {
  const std::string text = to_string(example());
  for (std::size_t length = 0; length < text.size(); ++length) {
    const Result<InviteLink> cut = parse_invite_link(text.substr(0, length));
    // Cut right before "&token" it is the link of a server with open registration.
    if (length == text.find("&token") ||
        (length > text.find("&token") && length <= text.find("token=") + 5)) {
      ASSERT_TRUE(cut) << length;
      EXPECT_TRUE(cut->token.empty());
    } else {
      EXPECT_FALSE(cut) << text.substr(0, length);
    }
  }
  const std::string query = text.substr(text.find("/?"));
  for (const std::string host : {"", ":1", "a b", "a:0", "a:65536", "a:-1", "a:1x", "[::1", "[::1]x",
                                 "[abc]:1", "::1", "a/b", "ä", "a@b"}) {
    EXPECT_FALSE(parse_invite_link("sotto://" + host + query)) << host;
  }
  EXPECT_FALSE(parse_invite_link("https://chat.example.org:7443" + query));
  EXPECT_FALSE(parse_invite_link(text + text.substr(text.find("&token"))));
  EXPECT_FALSE(parse_invite_link("sotto://" + std::string(kMaxHostBytes + 1, 'a') + query));
  EXPECT_FALSE(parse_invite_link(text + "&x=" + std::string(kMaxInviteLinkBytes, 'a')));
}

}  // namespace
}  // namespace sotto::proto
