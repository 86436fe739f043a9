#include "sotto/base/bytes.hpp"

#include <gtest/gtest.h>

#include "sotto/base/ids.hpp"

namespace sotto {
namespace {

// Test values of RFC 4648 section 10, in the URL alphabet and without padding.
TEST(Base64Url, matches_the_rfc_values) {
  EXPECT_EQ(to_base64url(as_bytes("")), "");
  EXPECT_EQ(to_base64url(as_bytes("f")), "Zg");
  EXPECT_EQ(to_base64url(as_bytes("fo")), "Zm8");
  EXPECT_EQ(to_base64url(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(to_base64url(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(from_base64url("Zm9vYg"), to_bytes("foob"));
}

TEST(Base64Url, refuses_a_second_spelling_of_the_same_bytes) {
  EXPECT_EQ(from_base64url("Zg=="), std::nullopt);
  EXPECT_EQ(from_base64url("Zh"), std::nullopt);
  EXPECT_EQ(from_base64url("Zm9 v"), std::nullopt);
  EXPECT_EQ(from_base64url("Z"), std::nullopt);
}

TEST(Hex, reads_both_cases_and_refuses_the_rest) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0xff, 0x1a}), "00ff1a");
  EXPECT_EQ(from_hex("00Ff1A"), (Bytes{0x00, 0xff, 0x1a}));
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
}

TEST(Id, survives_its_text_form) {
  const auto id = UserId::from_string("000102030405060708090a0b0c0d0e0f");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->str(), "000102030405060708090a0b0c0d0e0f");
  EXPECT_FALSE(id->is_zero());
  EXPECT_FALSE(UserId::from_string("0001"));
}

}  // namespace
}  // namespace sotto
