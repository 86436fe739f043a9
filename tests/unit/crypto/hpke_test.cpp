// What the published vectors do not hold: refusals.
#include "sotto/crypto/hpke.hpp"

#include <gtest/gtest.h>

#include "error_queue.hpp"
#include "sotto/crypto/random.hpp"

namespace sotto::crypto {
namespace {

constexpr HpkeSuite kSuites[] = {{HpkeKem::x25519_sha256, HpkeAead::aes_128_gcm},
                                 {HpkeKem::x25519_sha256, HpkeAead::chacha20_poly1305},
                                 {HpkeKem::p256_sha256, HpkeAead::aes_128_gcm},
                                 {HpkeKem::p256_sha256, HpkeAead::aes_256_gcm}};

DhPrivateKey new_key(HpkeSuite suite) {
  return DhPrivateKey::generate(hpke_group(suite.kem), system_random());
}

TEST(Hpke, one_message_reaches_its_recipient_only) {
  for (const HpkeSuite suite : kSuites) {
    const DhPrivateKey recipient = new_key(suite);
    const auto sealed = hpke_seal(suite, recipient.public_key(), as_bytes("info"), as_bytes("aad"),
                                  as_bytes("text"), system_random());
    ASSERT_TRUE(sealed.ok());
    const auto open = [&](const DhPrivateKey& key, std::string_view info, std::string_view aad) {
      return hpke_open(suite, sealed->kem_output, key, as_bytes(info), as_bytes(aad), sealed->ciphertext);
    };
    const auto opened = open(recipient, "info", "aad");
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(as_text(opened->view()), "text");
    EXPECT_FALSE(open(new_key(suite), "info", "aad").ok());
    EXPECT_FALSE(open(recipient, "other", "aad").ok());
    EXPECT_FALSE(open(recipient, "info", "other").ok());
  }
}

TEST(Hpke, a_context_prepared_once_seals_as_the_info_itself_does) {
  const Bytes info(100'000, 7);
  for (const HpkeSuite suite : {HpkeSuite{HpkeKem::x25519_sha256, HpkeAead::aes_128_gcm},
                                HpkeSuite{HpkeKem::p256_sha256, HpkeAead::chacha20_poly1305}}) {
    const HpkeInfo prepared(suite, info);
    for (int i = 0; i < 2; ++i) {
      const DhPrivateKey recipient = DhPrivateKey::generate(hpke_group(suite.kem), system_random());
      const DhPrivateKey ephemeral = DhPrivateKey::generate(hpke_group(suite.kem), system_random());
      const auto sealed =
          hpke_seal_with(prepared, recipient.public_key(), ephemeral, as_bytes("aad"), as_bytes("text"));
      ASSERT_TRUE(sealed.ok());
      const auto opened =
          hpke_open(suite, sealed->kem_output, recipient, info, as_bytes("aad"), sealed->ciphertext);
      ASSERT_TRUE(opened.ok());
      EXPECT_EQ(as_text(opened->view()), "text");
    }
    EXPECT_FALSE(hpke_seal_with(prepared, Bytes(3),
                                DhPrivateKey::generate(hpke_group(suite.kem), system_random()), {}, {})
                     .ok());
  }
}

TEST(Hpke, keys_that_are_none_and_keys_of_another_suite_are_refused) {
  const HpkeSuite x{HpkeKem::x25519_sha256, HpkeAead::aes_128_gcm};
  const HpkeSuite p{HpkeKem::p256_sha256, HpkeAead::aes_128_gcm};
  for (const Bytes& bad : {Bytes{}, Bytes(32), Bytes(65, 4), Bytes(33, 2), Bytes(64, 1)}) {
    EXPECT_FALSE(hpke_seal(x, bad, {}, {}, {}, system_random()).ok());
    EXPECT_FALSE(hpke_seal(p, bad, {}, {}, {}, system_random()).ok());
    EXPECT_FALSE(hpke_open(x, bad, new_key(x), {}, {}, Bytes(16)).ok());
    EXPECT_FALSE(hpke_open(p, bad, new_key(p), {}, {}, Bytes(16)).ok());
  }
  EXPECT_FALSE(hpke_open(x, new_key(x).public_key(), new_key(p), {}, {}, Bytes(16)).ok());
  EXPECT_TRUE(error_queue_is_empty());
}

TEST(Hpke, the_export_of_both_ends_agrees_and_depends_on_its_context) {
  const HpkeSuite suite = kSuites[0];
  const DhPrivateKey recipient = new_key(suite);
  const auto sender = hpke_setup_sender(suite, recipient.public_key(), {}, system_random());
  ASSERT_TRUE(sender.ok());
  const auto receiver = hpke_setup_receiver(suite, sender->kem_output(), recipient, {});
  ASSERT_TRUE(receiver.ok());
  const SecretBytes secret = sender->export_secret(as_bytes("a"), 32);
  EXPECT_TRUE(secret == receiver->export_secret(as_bytes("a"), 32));
  EXPECT_FALSE(secret == receiver->export_secret(as_bytes("b"), 32));
}

TEST(Hpke, a_psk_needs_an_id_and_32_bytes) {
  const HpkeSuite suite = kSuites[0];
  const DhPrivateKey recipient = new_key(suite);
  const Bytes psk(32, 1);
  const auto setup = [&](ByteView key, ByteView id) {
    return hpke_setup_sender(suite, recipient.public_key(), {}, system_random(), {.psk = key, .psk_id = id})
        .ok();
  };
  EXPECT_TRUE(setup(psk, as_bytes("id")));
  EXPECT_FALSE(setup(psk, {}));
  EXPECT_FALSE(setup({}, as_bytes("id")));
  EXPECT_FALSE(setup(ByteView(psk).first(31), as_bytes("id")));
}

TEST(Hpke, deriving_a_key_pair_is_repeatable) {
  for (const HpkeKem kem : {HpkeKem::x25519_sha256, HpkeKem::p256_sha256}) {
    const auto a = hpke_derive_key_pair(kem, Bytes(32, 1));
    const auto b = hpke_derive_key_pair(kem, Bytes(32, 1));
    const auto c = hpke_derive_key_pair(kem, Bytes(32, 2));
    ASSERT_TRUE(a.ok() && b.ok() && c.ok());
    EXPECT_EQ(a->public_key(), b->public_key());
    EXPECT_NE(a->public_key(), c->public_key());
  }
}

}  // namespace
}  // namespace sotto::crypto
