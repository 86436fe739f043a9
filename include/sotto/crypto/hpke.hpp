// Hybrid public key encryption (RFC 9180) with HKDF-SHA256, all four modes, and its KEM alone.
//
//   auto sealed = hpke_seal(suite, recipient_public, info, aad, text, random);    // one message
//   auto text = hpke_open(suite, sealed->kem_output, my_key, info, aad, sealed->ciphertext);
//
//   auto sender = hpke_setup_sender(suite, recipient_public, info, random);       // many messages
//   send(sender->kem_output());  send(*sender->seal(aad, text));
//
// Key pairs are DhPrivateKey. Everything that a peer sent wrongly is an Error. Mode base is what MLS uses;
// psk, auth and auth_psk follow from the options. Thread: a context one at a time, the rest any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "sotto/base/bytes.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/dh.hpp"

namespace sotto::crypto {

// RFC 9180 section 7.1 and 7.3; the numbers are those on the wire.
enum class HpkeKem : std::uint16_t { p256_sha256 = 0x0010, x25519_sha256 = 0x0020 };
enum class HpkeAead : std::uint16_t {
  aes_128_gcm = 0x0001,
  aes_256_gcm = 0x0002,
  chacha20_poly1305 = 0x0003,
  export_only = 0xFFFF,
};
struct HpkeSuite {
  HpkeKem kem = HpkeKem::x25519_sha256;
  HpkeAead aead = HpkeAead::aes_128_gcm;
};

constexpr DhGroup hpke_group(HpkeKem kem) {
  return kem == HpkeKem::x25519_sha256 ? DhGroup::x25519 : DhGroup::p256;
}

// --- The KEM (section 4) ---

// DeriveKeyPair: the same input gives the same key. The input should hold at least 32 bytes of entropy.
Result<DhPrivateKey> hpke_derive_key_pair(HpkeKem kem, ByteView input_key);

struct Encapsulated {
  SecretBytes shared_secret;
  Bytes kem_output;
};
// With `sender_key`: AuthEncap. `ephemeral` is what encapsulation draws from `random`, for tests.
Result<Encapsulated> hpke_encap(HpkeKem kem, ByteView recipient_public, Random& random,
                                const DhPrivateKey* sender_key = nullptr);
Result<Encapsulated> hpke_encap_with(HpkeKem kem, ByteView recipient_public, const DhPrivateKey& ephemeral,
                                     const DhPrivateKey* sender_key = nullptr);
// With `sender_public`: AuthDecap. An empty one means none.
Result<SecretBytes> hpke_decap(HpkeKem kem, ByteView kem_output, const DhPrivateKey& recipient_key,
                               ByteView sender_public = {});

// --- Contexts (section 5) ---

// What both sides share. Sealing or opening after 2^64-1 messages, or with an export-only suite, is refused.
class HpkeContext {
 public:
  // At most hkdf_max_size(sha256) bytes; more throws std::length_error.
  SecretBytes export_secret(ByteView exporter_context, std::size_t size) const;

 protected:
  friend class HpkeKeySchedule;
  HpkeContext(HpkeSuite suite, std::optional<AeadKey> key, SecretBytes base_nonce,
              SecretBytes exporter_secret);

  Status ready() const;
  Bytes nonce() const;

  HpkeSuite suite_;
  std::optional<AeadKey> key_;
  SecretBytes base_nonce_;
  SecretBytes exporter_secret_;
  std::uint64_t sequence_ = 0;
};

class HpkeSender : public HpkeContext {
 public:
  HpkeSender(HpkeContext context, Bytes kem_output)
      : HpkeContext(std::move(context)), kem_output_(std::move(kem_output)) {}

  const Bytes& kem_output() const { return kem_output_; }
  Result<Bytes> seal(ByteView aad, ByteView plaintext);

 private:
  Bytes kem_output_;
};

class HpkeReceiver : public HpkeContext {
 public:
  explicit HpkeReceiver(HpkeContext context) : HpkeContext(std::move(context)) {}

  // A message that does not open leaves the sequence number as it was.
  Result<SecretBytes> open(ByteView aad, ByteView ciphertext);
};

// Views must live through the call only. A pre-shared key needs an id and at least 32 bytes.
struct HpkeSenderOptions {
  ByteView psk{};
  ByteView psk_id{};
  const DhPrivateKey* sender_key = nullptr;
  const DhPrivateKey* ephemeral = nullptr;  // instead of a fresh one: tests only
};
struct HpkeReceiverOptions {
  ByteView psk{};
  ByteView psk_id{};
  ByteView sender_public{};
};

Result<HpkeSender> hpke_setup_sender(HpkeSuite suite, ByteView recipient_public, ByteView info,
                                     Random& random, const HpkeSenderOptions& options = {});
Result<HpkeReceiver> hpke_setup_receiver(HpkeSuite suite, ByteView kem_output,
                                         const DhPrivateKey& recipient_key, ByteView info,
                                         const HpkeReceiverOptions& options = {});

// --- Single messages, mode base (section 6) ---

// What follows from the suite and `info` alone, for many messages with one info: a long one is hashed once.
class HpkeInfo {
 public:
  HpkeInfo(HpkeSuite suite, ByteView info);
  HpkeSuite suite() const { return suite_; }
  const Bytes& key_schedule_context() const { return context_; }

 private:
  HpkeSuite suite_;
  Bytes context_;
};

struct HpkeSealed {
  Bytes kem_output;
  Bytes ciphertext;
};
Result<HpkeSealed> hpke_seal(HpkeSuite suite, ByteView recipient_public, ByteView info, ByteView aad,
                             ByteView plaintext, Random& random);
// With the ephemeral key made beforehand, so that several threads can seal without a Random between them. It
// must be fresh for every message.
Result<HpkeSealed> hpke_seal_with(const HpkeInfo& info, ByteView recipient_public,
                                  const DhPrivateKey& ephemeral, ByteView aad, ByteView plaintext);
Result<SecretBytes> hpke_open(HpkeSuite suite, ByteView kem_output, const DhPrivateKey& recipient_key,
                              ByteView info, ByteView aad, ByteView ciphertext);

}  // namespace sotto::crypto
