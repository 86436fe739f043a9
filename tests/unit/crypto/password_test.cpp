#include "sotto/crypto/password.hpp"

#include <gtest/gtest.h>

namespace sotto::crypto {
namespace {

TEST(Password, verifies_the_right_one_only) {
  const auto phc = hash_password(as_bytes("correct horse"), kWeakTestParams);
  ASSERT_TRUE(phc.ok());
  EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << *phc;
  EXPECT_TRUE(verify_password(as_bytes("correct horse"), *phc));
  EXPECT_FALSE(verify_password(as_bytes("correct horsf"), *phc));
  EXPECT_FALSE(verify_password({}, *phc));
  EXPECT_NE(hash_password(as_bytes("correct horse"), kWeakTestParams).value(), *phc);  // another salt
}

TEST(Password, the_default_costs_what_the_threat_model_asks) {  // T-14
  const auto phc = hash_password(as_bytes("p"));
  ASSERT_TRUE(phc.ok());
  EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *phc;
  EXPECT_GE(kLocalDatabaseParams.memory_bytes, std::size_t{64} << 20);
  EXPECT_GE(kLocalDatabaseParams.passes, 3U);
  EXPECT_FALSE(password_needs_rehash(*phc));
  EXPECT_TRUE(password_needs_rehash(*phc, kLocalDatabaseParams));
  EXPECT_TRUE(password_needs_rehash("rubbish"));
}

TEST(Password, a_string_that_was_not_made_here_never_verifies) {
  const std::string right = hash_password(as_bytes("p"), kWeakTestParams).value();
  for (const std::string& bad :
       {std::string(), std::string("$argon2id$"), std::string("$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA"),
        std::string("$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"),
        std::string("$argon2id$v=19$m=8,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"),
        right.substr(0, right.size() - 1), right + "x", std::string(4096, 'a')}) {
    EXPECT_FALSE(verify_password(as_bytes("p"), bad)) << bad;
  }
}

TEST(Password, limits_are_refused_not_met) {
  EXPECT_EQ(hash_password(Bytes(kMaxPasswordSize + 1), kWeakTestParams).error().code, ErrorCode::too_large);
  EXPECT_TRUE(hash_password(Bytes(kMaxPasswordSize, 'a'), kWeakTestParams).ok());
  EXPECT_FALSE(hash_password(as_bytes("p"), {1024, 1}).ok());
  EXPECT_FALSE(hash_password(as_bytes("p"), {std::size_t{2} << 30, 1}).ok());
  EXPECT_FALSE(hash_password(as_bytes("p"), {8192, 0}).ok());
}

TEST(PasswordKey, depends_on_password_and_salt) {
  const Bytes salt(kArgon2SaltSize, 1);
  const auto derive = [](std::string_view password, ByteView with) {
    return derive_key_from_password(as_bytes(password), with, kWeakTestParams).value();
  };
  EXPECT_EQ(derive("a", salt).size(), 32U);
  EXPECT_TRUE(derive("a", salt) == derive("a", salt));
  EXPECT_FALSE(derive("a", salt) == derive("b", salt));
  EXPECT_FALSE(derive("a", salt) == derive("a", Bytes(kArgon2SaltSize, 2)));
  EXPECT_FALSE(derive_key_from_password(as_bytes("a"), Bytes(15), kWeakTestParams).ok());
}

}  // namespace
}  // namespace sotto::crypto
