#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <thread>

#include "sotto/crypto/hash.hpp"
#include "sotto/crypto/hkdf.hpp"
#include "sotto/crypto/random.hpp"

namespace sotto::crypto {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

TEST(Hash, of_abc_is_as_published) {  // FIPS 180-4 examples
  EXPECT_EQ(to_hex(hash(HashAlgorithm::sha256, as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      to_hex(hash(HashAlgorithm::sha384, as_bytes("abc"))),
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(to_hex(hash(HashAlgorithm::sha512, as_bytes("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Hasher, pieces_give_the_same_as_the_whole_and_it_starts_anew) {
  Hasher h(HashAlgorithm::sha256);
  for (int round = 0; round < 2; ++round) {
    h.update(as_bytes("a"));
    const Hasher other = h.fork();
    h.update(as_bytes("bc"));
    EXPECT_EQ(h.peek(), hash(HashAlgorithm::sha256, as_bytes("abc")));
    EXPECT_EQ(h.finish(), hash(HashAlgorithm::sha256, as_bytes("abc")));
    EXPECT_EQ(other.peek(), hash(HashAlgorithm::sha256, as_bytes("a")));
  }
}

TEST(Hmac, is_as_published_for_short_and_long_keys) {  // RFC 4231 cases 2 and 6
  EXPECT_EQ(to_hex(hmac(HashAlgorithm::sha256, as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes long_key(131, 0xaa);
  const std::string_view text = "Test Using Larger Than Block-Size Key - Hash Key First";
  EXPECT_EQ(to_hex(hmac(HashAlgorithm::sha256, long_key, as_bytes(text))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(
      to_hex(hmac(HashAlgorithm::sha384, long_key, as_bytes(text))),
      "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952");
}

TEST(Hmac, verification_refuses_a_changed_or_shortened_tag) {
  Bytes tag = hmac(HashAlgorithm::sha512, as_bytes("key"), as_bytes("data"));
  EXPECT_TRUE(hmac_verify(HashAlgorithm::sha512, as_bytes("key"), as_bytes("data"), tag));
  EXPECT_FALSE(
      hmac_verify(HashAlgorithm::sha512, as_bytes("key"), as_bytes("data"), ByteView(tag).first(32)));
  tag[0] ^= 1;
  EXPECT_FALSE(hmac_verify(HashAlgorithm::sha512, as_bytes("key"), as_bytes("data"), tag));
}

TEST(Hkdf, is_as_published) {  // RFC 5869 cases 1 and 3
  const Bytes key(22, 0x0b);
  const SecretBytes prk = hkdf_extract(HashAlgorithm::sha256, hex("000102030405060708090a0b0c"), key);
  EXPECT_EQ(to_hex(prk.view()), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  EXPECT_EQ(to_hex(hkdf_expand(HashAlgorithm::sha256, prk.view(), hex("f0f1f2f3f4f5f6f7f8f9"), 42).view()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(to_hex(hkdf(HashAlgorithm::sha256, {}, key, {}, 42).view()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, gives_255_blocks_and_no_more) {
  const Bytes key(32, 1);
  EXPECT_EQ(hkdf_expand(HashAlgorithm::sha256, key, {}, 255 * 32).size(), 255U * 32);
  EXPECT_THROW(hkdf_expand(HashAlgorithm::sha256, key, {}, 255 * 32 + 1), std::length_error);
  EXPECT_TRUE(hkdf_expand(HashAlgorithm::sha256, key, {}, 0).empty());
}

TEST(SystemRandom, draws_differ_also_between_threads) {
  std::array<Bytes, 4> draws;
  std::vector<std::thread> threads;
  for (Bytes& draw : draws) threads.emplace_back([&draw] { draw = system_random().bytes(32); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<Bytes>(draws.begin(), draws.end()).size(), draws.size());
  EXPECT_FALSE(system_random().id<UserId>().is_zero());
}

}  // namespace
}  // namespace sotto::crypto
