#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "error_queue.hpp"
#include "sotto/crypto/dh.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/crypto/signature.hpp"

namespace sotto::crypto {
namespace {

constexpr DhGroup kGroups[] = {DhGroup::x25519, DhGroup::p256};
constexpr SignatureAlgorithm kSignatures[] = {SignatureAlgorithm::ed25519,
                                              SignatureAlgorithm::ecdsa_p256_sha256};

Bytes hex(std::string_view text) { return from_hex(text).value(); }

TEST(Dh, both_sides_agree) {
  SeededRandom random(1);
  for (const DhGroup group : kGroups) {
    const DhPrivateKey a = DhPrivateKey::generate(group, random);
    const DhPrivateKey b = DhPrivateKey::generate(group, random);
    EXPECT_EQ(a.public_key().size(), dh_public_size(group));
    EXPECT_TRUE(is_valid_dh_public_key(group, a.public_key()));
    const auto ab = a.agree(b.public_key());
    const auto ba = b.agree(a.public_key());
    ASSERT_TRUE(ab.ok() && ba.ok());
    EXPECT_TRUE(*ab == *ba);
    const auto again = DhPrivateKey::from_bytes(group, a.bytes().view());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->public_key(), a.public_key());
  }
}

TEST(Dh, a_public_key_that_is_none_is_refused) {
  SeededRandom random(2);
  const DhPrivateKey x = DhPrivateKey::generate(DhGroup::x25519, random);
  EXPECT_FALSE(x.agree(Bytes(32)).ok());  // small order: the result would be zero
  EXPECT_FALSE(x.agree(hex("0100000000000000000000000000000000000000000000000000000000000000")).ok());
  EXPECT_FALSE(x.agree(Bytes(31, 9)).ok());
  EXPECT_FALSE(x.agree({}).ok());

  const DhPrivateKey p = DhPrivateKey::generate(DhGroup::p256, random);
  Bytes off_curve = p.public_key();
  off_curve[64] ^= 1;
  EXPECT_FALSE(p.agree(off_curve).ok());
  Bytes compressed(p.public_key().begin(), p.public_key().begin() + 33);
  compressed[0] = static_cast<std::uint8_t>(2 + (p.public_key()[64] & 1));
  EXPECT_FALSE(p.agree(compressed).ok());
  Bytes hybrid = p.public_key();
  hybrid[0] = static_cast<std::uint8_t>(6 + (p.public_key()[64] & 1));
  EXPECT_FALSE(p.agree(hybrid).ok());
  EXPECT_FALSE(p.agree(Bytes{0}).ok());  // infinity
  EXPECT_TRUE(error_queue_is_empty());
}

TEST(Dh, a_point_that_no_key_agrees_with_is_told_beforehand) {
  SeededRandom random(3);
  const DhPrivateKey own = DhPrivateKey::generate(DhGroup::x25519, random);
  std::vector<Bytes> points{hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
                            hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")};
  for (const std::uint8_t low : {0, 1, 2, 0xEB, 0xEC, 0xED, 0xEE, 0xEF, 0xFF}) {
    Bytes small(32, 0);
    small[0] = low;
    Bytes large(32, 0xFF);
    large[0] = low;
    large[31] = 0x7F;
    points.push_back(std::move(small));
    points.push_back(std::move(large));
  }
  std::size_t refused = 0;
  for (Bytes point : points) {
    for (const std::uint8_t top : {0x00, 0x80}) {  // X25519 ignores the top bit
      point[31] = static_cast<std::uint8_t>((point[31] & 0x7F) | top);
      const bool agrees = own.agree(point).ok();
      EXPECT_EQ(is_valid_dh_public_key(DhGroup::x25519, point), agrees) << to_hex(point);
      refused += agrees ? 0 : 1;
    }
  }
  EXPECT_EQ(refused, 14U);
  EXPECT_FALSE(is_valid_dh_public_key(DhGroup::x25519, Bytes(31, 9)));
}

TEST(Dh, a_p256_scalar_must_be_in_range) {
  const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  Bytes largest = order;
  largest[31] -= 1;
  EXPECT_FALSE(DhPrivateKey::from_bytes(DhGroup::p256, Bytes(32)).ok());
  EXPECT_FALSE(DhPrivateKey::from_bytes(DhGroup::p256, order).ok());
  EXPECT_TRUE(DhPrivateKey::from_bytes(DhGroup::p256, largest).ok());
  EXPECT_FALSE(SigningKey::from_private(SignatureAlgorithm::ecdsa_p256_sha256, order).ok());
}

TEST(Signature, of_rfc_8032_is_reproduced) {  // section 7.1, test 2
  const auto key = SigningKey::from_private(
      SignatureAlgorithm::ed25519, hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(to_hex(key->public_key()), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(to_hex(key->sign(hex("72"))),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Signature, holds_for_its_message_and_key_only) {
  for (const SignatureAlgorithm algorithm : kSignatures) {
    const SigningKey key = SigningKey::generate(algorithm, system_random());
    const SigningKey other = SigningKey::generate(algorithm, system_random());
    const auto check = VerifyKey::from_public(algorithm, key.public_key());
    ASSERT_TRUE(check.ok());
    for (int i = 0; i < 3; ++i) {
      const Bytes message = system_random().bytes(static_cast<std::size_t>(i) * 100);
      Bytes signature = key.copy().sign(message);
      EXPECT_TRUE(check->verify(message, signature));
      EXPECT_TRUE(verify(algorithm, key.public_key(), message, signature));
      EXPECT_FALSE(verify(algorithm, other.public_key(), message, signature));
      EXPECT_FALSE(check->verify(as_bytes("another"), signature));
      EXPECT_FALSE(check->verify(message, {}));
      EXPECT_FALSE(check->verify(message, ByteView(signature).first(signature.size() - 1)));
      signature.push_back(0);
      EXPECT_FALSE(check->verify(message, signature));
      signature.pop_back();
      signature[signature.size() / 2] ^= 4;
      EXPECT_FALSE(check->verify(message, signature));
    }
    EXPECT_TRUE(error_queue_is_empty());
  }
}

TEST(Keys, one_object_serves_several_threads) {
  std::atomic<int> right = 0;
  const auto run = [&](const auto& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 20; ++n) right += work() ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  for (const SignatureAlgorithm algorithm : kSignatures) {
    const SigningKey key = SigningKey::generate(algorithm, system_random());
    const VerifyKey check = VerifyKey::from_public(algorithm, key.public_key()).value();
    run([&] { return check.verify(as_bytes("m"), key.sign(as_bytes("m"))); });
  }
  for (const DhGroup group : kGroups) {
    const DhPrivateKey key = DhPrivateKey::generate(group, system_random());
    run([&] { return key.agree(key.public_key()).ok(); });
  }
  EXPECT_EQ(right, 4 * 4 * 20);
}

TEST(Signature, an_ed25519_key_of_small_order_vouches_for_nothing) {
  // With the identity as key and commitment, and zero as the response, the bare equation holds for any
  // message.
  Bytes identity(32);
  identity[0] = 1;
  Bytes signature = identity;
  signature.resize(64);
  EXPECT_FALSE(verify(SignatureAlgorithm::ed25519, identity, as_bytes("anything"), signature));
}

TEST(Signature, a_public_key_that_is_none_is_refused) {
  for (const SignatureAlgorithm algorithm : kSignatures) {
    EXPECT_FALSE(VerifyKey::from_public(algorithm, {}).ok());
    EXPECT_FALSE(VerifyKey::from_public(algorithm, Bytes(33, 2)).ok());
    EXPECT_FALSE(VerifyKey::from_public(algorithm, Bytes(65, 4)).ok());
    EXPECT_FALSE(verify(algorithm, Bytes(65, 4), as_bytes("m"), Bytes(64)));
    EXPECT_FALSE(SigningKey::from_private(algorithm, Bytes(31)).ok());
  }
  EXPECT_TRUE(error_queue_is_empty());
}

}  // namespace
}  // namespace sotto::crypto
