// Wycheproof: what a primitive must accept, and the many things it must refuse.
#include <algorithm>
#include <iostream>

#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/dh.hpp"
#include "sotto/crypto/hkdf.hpp"
#include "sotto/crypto/signature.hpp"
#include "vectors/vectors.hpp"

namespace sotto::crypto {
namespace {

using vectors::hex;
using vectors::Json;

// Walks through a file and prints what was done with it.
class Tally {
 public:
  explicit Tally(const char* file) : file_(file) {}

  template <class Check>
  void each(const Json& file, Check&& check) {
    for (const Json& group : file.at("testGroups")) {
      for (const Json& test : group.at("tests")) {
        SCOPED_TRACE(std::string(file_) + " test " + test.at("tcId").dump() + ": " +
                     test.at("comment").get<std::string>());
        check(group, test);
      }
    }
    std::cout << "[ vectors  ] " << file_ << ": " << valid_ << " valid, " << invalid_ << " invalid, "
              << skipped_ << " skipped\n";
    EXPECT_GT(valid_, 0);
    EXPECT_GT(invalid_, 0);
  }
  // `accepted` is our answer; an invalid test must not be.
  void valid(bool accepted) {
    ++valid_;
    EXPECT_TRUE(accepted);
  }
  void invalid(bool accepted) {
    ++invalid_;
    EXPECT_FALSE(accepted);
  }
  void either(const Json& test, bool accepted) {
    test.at("result") == "invalid" ? invalid(accepted) : valid(accepted);
  }
  void skip() { ++skipped_; }

 private:
  const char* file_;
  int valid_ = 0;
  int invalid_ = 0;
  int skipped_ = 0;
};

bool has_flag(const Json& test, std::string_view flag) {
  return std::ranges::any_of(test.at("flags"), [&](const Json& f) { return f == flag; });
}

void run_aead(Tally& tally, const Json& file, bool gcm) {
  tally.each(file, [&](const Json& group, const Json& test) {
    const int key_bits = group.at("keySize");
    if (group.at("ivSize") != 96 || group.at("tagSize") != 128 || (gcm && key_bits == 192))
      return tally.skip();
    const AeadAlgorithm algorithm = !gcm              ? AeadAlgorithm::chacha20_poly1305
                                    : key_bits == 128 ? AeadAlgorithm::aes_128_gcm
                                                      : AeadAlgorithm::aes_256_gcm;
    AeadKey key(algorithm, hex(test, "key"));
    Bytes sealed = hex(test, "ct");
    append(sealed, hex(test, "tag"));
    const auto opened = key.open(hex(test, "iv"), hex(test, "aad"), sealed);
    const bool ours = key.seal(hex(test, "iv"), hex(test, "aad"), hex(test, "msg")) == sealed;
    tally.either(test, opened.ok());
    EXPECT_EQ(ours, opened.ok());
    if (opened) {
      EXPECT_EQ(*opened, hex(test, "msg"));
    }
  });
}

TEST(Wycheproof, aes_gcm) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/aes_gcm_test.json");
  Tally tally("aes_gcm");
  run_aead(tally, file, true);
}

TEST(Wycheproof, chacha20_poly1305) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/chacha20_poly1305_test.json");
  Tally tally("chacha20_poly1305");
  run_aead(tally, file, false);
}

TEST(Wycheproof, x25519) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/x25519_test.json");
  Tally tally("x25519");
  tally.each(file, [&](const Json&, const Json& test) {
    const auto key = DhPrivateKey::from_bytes(DhGroup::x25519, hex(test, "private"));
    ASSERT_TRUE(key.ok());
    const auto shared = key->agree(hex(test, "public"));
    if (has_flag(test, "ZeroSharedSecret")) return tally.invalid(shared.ok());
    tally.either(test, shared.ok());
    if (shared) {
      EXPECT_TRUE(equal(shared->view(), hex(test, "shared")));
    }
  });
}

TEST(Wycheproof, ecdh_secp256r1) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/ecdh_secp256r1_ecpoint_test.json");
  Tally tally("ecdh_secp256r1_ecpoint");
  tally.each(file, [&](const Json&, const Json& test) {
    // The scalars are numbers of any width; keys are 32 bytes.
    Bytes scalar = hex(test, "private");
    while (scalar.size() > 32 && scalar.front() == 0) scalar.erase(scalar.begin());
    scalar.insert(scalar.begin(), 32 - std::min<std::size_t>(32, scalar.size()), 0);
    const auto key = DhPrivateKey::from_bytes(DhGroup::p256, scalar);
    ASSERT_TRUE(key.ok());
    const auto shared = key->agree(hex(test, "public"));
    if (has_flag(test, "CompressedPoint") || has_flag(test, "CompressedPublic"))
      return tally.invalid(shared.ok());
    tally.either(test, shared.ok());
    if (shared) {
      EXPECT_TRUE(equal(shared->view(), hex(test, "shared")));
    }
  });
}

TEST(Wycheproof, ed25519) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/ed25519_test.json");
  Tally tally("ed25519");
  tally.each(file, [&](const Json& group, const Json& test) {
    tally.either(test, verify(SignatureAlgorithm::ed25519, hex(group.at("publicKey"), "pk"), hex(test, "msg"),
                              hex(test, "sig")));
  });
}

TEST(Wycheproof, ecdsa_secp256r1_sha256) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/ecdsa_secp256r1_sha256_test.json");
  Tally tally("ecdsa_secp256r1_sha256");
  tally.each(file, [&](const Json& group, const Json& test) {
    tally.either(test,
                 verify(SignatureAlgorithm::ecdsa_p256_sha256, hex(group.at("publicKey"), "uncompressed"),
                        hex(test, "msg"), hex(test, "sig")));
  });
}

void run_hkdf(Tally& tally, const Json& file, HashAlgorithm algorithm) {
  tally.each(file, [&](const Json&, const Json& test) {
    const auto size = test.at("size").get<std::size_t>();
    const bool possible = size <= hkdf_max_size(algorithm);
    tally.either(test, possible);
    if (!possible) return;
    EXPECT_TRUE(equal(hkdf(algorithm, hex(test, "salt"), hex(test, "ikm"), hex(test, "info"), size).view(),
                      hex(test, "okm")));
  });
}

TEST(Wycheproof, hkdf_sha256) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/hkdf_sha256_test.json");
  Tally tally("hkdf_sha256");
  run_hkdf(tally, file, HashAlgorithm::sha256);
}

TEST(Wycheproof, hkdf_sha512) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/hkdf_sha512_test.json");
  Tally tally("hkdf_sha512");
  run_hkdf(tally, file, HashAlgorithm::sha512);
}

TEST(Wycheproof, hmac_sha256) {
  SOTTO_LOAD_VECTORS(file, "wycheproof/hmac_sha256_test.json");
  Tally tally("hmac_sha256");
  tally.each(file, [&](const Json& group, const Json& test) {
    Bytes tag = hmac(HashAlgorithm::sha256, hex(test, "key"), hex(test, "msg"));
    tag.resize(group.at("tagSize").get<std::size_t>() / 8);  // these are truncated tags
    tally.either(test, constant_time_equal(tag, hex(test, "tag")));
  });
}

}  // namespace
}  // namespace sotto::crypto
