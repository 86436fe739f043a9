#include "sotto/crypto/hpke.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "sotto/crypto/hkdf.hpp"

namespace sotto::crypto {
namespace {

constexpr HashAlgorithm kHash = HashAlgorithm::sha256;
constexpr std::uint16_t kKdfId = 0x0001;
constexpr std::size_t kSecretSize = 32;  // Nsecret of both KEMs, and Nh
constexpr std::size_t kMinPskSize = 32;  // section 9.5
constexpr std::string_view kVersion = "HPKE-v1";

void append_u16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

Bytes kem_id(HpkeKem kem) {
  Bytes id = to_bytes("KEM");
  append_u16(id, static_cast<std::uint16_t>(kem));
  return id;
}

Bytes suite_id(HpkeSuite suite) {
  Bytes id = to_bytes("HPKE");
  append_u16(id, static_cast<std::uint16_t>(suite.kem));
  append_u16(id, kKdfId);
  append_u16(id, static_cast<std::uint16_t>(suite.aead));
  return id;
}

SecretBytes join(std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  SecretBytes out(size);
  std::uint8_t* next = out.data();
  for (const ByteView part : parts) next = std::ranges::copy(part, next).out;
  return out;
}

SecretBytes labeled_extract(ByteView id, ByteView salt, std::string_view label, ByteView input_key) {
  return hkdf_extract(kHash, salt, join({as_bytes(kVersion), id, as_bytes(label), input_key}).view());
}

SecretBytes labeled_expand(ByteView id, ByteView prk, std::string_view label, ByteView info,
                           std::size_t size) {
  Bytes labeled;
  append_u16(labeled, size);
  for (const ByteView part : {as_bytes(kVersion), id, as_bytes(label), info}) append(labeled, part);
  return hkdf_expand(kHash, prk, labeled, size);
}

SecretBytes extract_and_expand(HpkeKem kem, ByteView dh, ByteView context) {
  const Bytes id = kem_id(kem);
  const SecretBytes prk = labeled_extract(id, {}, "eae_prk", dh);
  return labeled_expand(id, prk.view(), "shared_secret", context, kSecretSize);
}

// dh, or dh and dh_of_sender one after the other: the "auth" modes.
SecretBytes shared_secret(HpkeKem kem, const SecretBytes& dh, const SecretBytes& dh_of_sender,
                          ByteView kem_output, ByteView recipient, ByteView sender) {
  Bytes context = to_bytes(kem_output);
  append(context, recipient);
  append(context, sender);
  return extract_and_expand(kem, join({dh.view(), dh_of_sender.view()}).view(), context);
}

Error wrong_group() {
  return fail(ErrorCode::invalid_argument, "a private key belongs to another HPKE suite");
}

std::optional<AeadAlgorithm> aead_of(HpkeAead aead) {
  switch (aead) {
    case HpkeAead::aes_128_gcm: return AeadAlgorithm::aes_128_gcm;
    case HpkeAead::aes_256_gcm: return AeadAlgorithm::aes_256_gcm;
    case HpkeAead::chacha20_poly1305: return AeadAlgorithm::chacha20_poly1305;
    case HpkeAead::export_only: break;
  }
  return std::nullopt;
}

}  // namespace

// --- The KEM ---

Result<DhPrivateKey> hpke_derive_key_pair(HpkeKem kem, ByteView input_key) {
  const Bytes id = kem_id(kem);
  const SecretBytes prk = labeled_extract(id, {}, "dkp_prk", input_key);
  if (kem == HpkeKem::x25519_sha256) {
    return DhPrivateKey::from_bytes(DhGroup::x25519,
                                    labeled_expand(id, prk.view(), "sk", {}, kDhPrivateSize).view());
  }
  // A candidate that is not below the order is drawn again; twice in a row happens to nobody.
  for (int counter = 0; counter <= 255; ++counter) {
    const Bytes info{static_cast<std::uint8_t>(counter)};
    const SecretBytes candidate = labeled_expand(id, prk.view(), "candidate", info, kDhPrivateSize);
    if (auto key = DhPrivateKey::from_bytes(DhGroup::p256, candidate.view())) return std::move(key).value();
  }
  return fail(ErrorCode::invalid_argument, "no key can be derived from this input");
}

Result<Encapsulated> hpke_encap(HpkeKem kem, ByteView recipient_public, Random& random,
                                const DhPrivateKey* sender_key) {
  return hpke_encap_with(kem, recipient_public, DhPrivateKey::generate(hpke_group(kem), random), sender_key);
}

Result<Encapsulated> hpke_encap_with(HpkeKem kem, ByteView recipient_public, const DhPrivateKey& ephemeral,
                                     const DhPrivateKey* sender_key) {
  if (ephemeral.group() != hpke_group(kem)) return wrong_group();
  auto dh = ephemeral.agree(recipient_public);
  if (!dh) return std::move(dh).error();

  SecretBytes dh_of_sender;
  Bytes sender_public;
  if (sender_key != nullptr) {
    if (sender_key->group() != hpke_group(kem)) return wrong_group();
    auto agreed = sender_key->agree(recipient_public);
    if (!agreed) return std::move(agreed).error();
    dh_of_sender = std::move(agreed).value();
    sender_public = sender_key->public_key();
  }
  return Encapsulated{
      shared_secret(kem, *dh, dh_of_sender, ephemeral.public_key(), recipient_public, sender_public),
      ephemeral.public_key()};
}

Result<SecretBytes> hpke_decap(HpkeKem kem, ByteView kem_output, const DhPrivateKey& recipient_key,
                               ByteView sender_public) {
  if (recipient_key.group() != hpke_group(kem)) return wrong_group();
  auto dh = recipient_key.agree(kem_output);
  if (!dh) return std::move(dh).error();

  SecretBytes dh_of_sender;
  if (!sender_public.empty()) {
    auto agreed = recipient_key.agree(sender_public);
    if (!agreed) return std::move(agreed).error();
    dh_of_sender = std::move(agreed).value();
  }
  return shared_secret(kem, *dh, dh_of_sender, kem_output, recipient_key.public_key(), sender_public);
}

// --- Contexts ---

// Section 5.1. A class of its own so that only it can make contexts.
class HpkeKeySchedule {
 public:
  HpkeKeySchedule(HpkeSuite suite, bool authenticated, ByteView psk, ByteView psk_id)
      : suite_(suite), authenticated_(authenticated), psk_(psk), psk_id_(psk_id) {}

  Status check() const {
    if (psk_.empty() != psk_id_.empty()) {
      return fail(ErrorCode::invalid_argument, "a pre-shared key and its id go together");
    }
    if (!psk_.empty() && psk_.size() < kMinPskSize) {
      return fail(ErrorCode::invalid_argument, "a pre-shared key has fewer than 32 bytes");
    }
    return ok_status();
  }

  // key_schedule_context: mode, psk_id_hash, info_hash.
  Bytes context(ByteView info) const {
    const Bytes id = suite_id(suite_);
    const int mode = (psk_.empty() ? 0 : 1) + (authenticated_ ? 2 : 0);
    Bytes context{static_cast<std::uint8_t>(mode)};
    append(context, labeled_extract(id, {}, "psk_id_hash", psk_id_).view());
    append(context, labeled_extract(id, {}, "info_hash", info).view());
    return context;
  }

  HpkeContext derive(ByteView shared, ByteView info) const { return derive_in(context(info), shared); }

  HpkeContext derive_in(ByteView context, ByteView shared) const {
    const Bytes id = suite_id(suite_);
    const SecretBytes secret = labeled_extract(id, shared, "secret", psk_);
    std::optional<AeadKey> key;
    SecretBytes base_nonce;
    if (const auto algorithm = aead_of(suite_.aead)) {
      key.emplace(*algorithm,
                  labeled_expand(id, secret.view(), "key", context, aead_key_size(*algorithm)).view());
      base_nonce = labeled_expand(id, secret.view(), "base_nonce", context, kAeadNonceSize);
    }
    return {suite_, std::move(key), std::move(base_nonce),
            labeled_expand(id, secret.view(), "exp", context, kSecretSize)};
  }

 private:
  HpkeSuite suite_;
  bool authenticated_;
  ByteView psk_;
  ByteView psk_id_;
};

HpkeContext::HpkeContext(HpkeSuite suite, std::optional<AeadKey> key, SecretBytes base_nonce,
                         SecretBytes exporter_secret)
    : suite_(suite),
      key_(std::move(key)),
      base_nonce_(std::move(base_nonce)),
      exporter_secret_(std::move(exporter_secret)) {}

SecretBytes HpkeContext::export_secret(ByteView exporter_context, std::size_t size) const {
  return labeled_expand(suite_id(suite_), exporter_secret_.view(), "sec", exporter_context, size);
}

Status HpkeContext::ready() const {
  if (!key_) return fail(ErrorCode::invalid_argument, "an export-only HPKE suite cannot encrypt");
  if (sequence_ == std::numeric_limits<std::uint64_t>::max()) {
    return fail(ErrorCode::invalid_argument, "an HPKE context has no message number left");
  }
  return ok_status();
}

Bytes HpkeContext::nonce() const {
  Bytes out = to_bytes(base_nonce_.view());
  for (std::size_t i = 0; i < 8; ++i)
    out[out.size() - 1 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  return out;
}

Result<Bytes> HpkeSender::seal(ByteView aad, ByteView plaintext) {
  if (Status usable = ready(); !usable) return std::move(usable).error();
  Bytes sealed = key_->seal(nonce(), aad, plaintext);
  ++sequence_;
  return sealed;
}

Result<SecretBytes> HpkeReceiver::open(ByteView aad, ByteView ciphertext) {
  if (Status usable = ready(); !usable) return std::move(usable).error();
  auto opened = key_->open_secret(nonce(), aad, ciphertext);
  if (opened) ++sequence_;
  return opened;
}

Result<HpkeSender> hpke_setup_sender(HpkeSuite suite, ByteView recipient_public, ByteView info,
                                     Random& random, const HpkeSenderOptions& options) {
  const HpkeKeySchedule schedule(suite, options.sender_key != nullptr, options.psk, options.psk_id);
  if (Status right = schedule.check(); !right) return std::move(right).error();
  auto encapsulated =
      options.ephemeral != nullptr
          ? hpke_encap_with(suite.kem, recipient_public, *options.ephemeral, options.sender_key)
          : hpke_encap(suite.kem, recipient_public, random, options.sender_key);
  if (!encapsulated) return std::move(encapsulated).error();
  return HpkeSender(schedule.derive(encapsulated->shared_secret.view(), info),
                    std::move(encapsulated->kem_output));
}

Result<HpkeReceiver> hpke_setup_receiver(HpkeSuite suite, ByteView kem_output,
                                         const DhPrivateKey& recipient_key, ByteView info,
                                         const HpkeReceiverOptions& options) {
  const HpkeKeySchedule schedule(suite, !options.sender_public.empty(), options.psk, options.psk_id);
  if (Status right = schedule.check(); !right) return std::move(right).error();
  auto shared = hpke_decap(suite.kem, kem_output, recipient_key, options.sender_public);
  if (!shared) return std::move(shared).error();
  return HpkeReceiver(schedule.derive(shared->view(), info));
}

// --- Single messages ---

HpkeInfo::HpkeInfo(HpkeSuite suite, ByteView info)
    : suite_(suite), context_(HpkeKeySchedule(suite, false, {}, {}).context(info)) {}

Result<HpkeSealed> hpke_seal_with(const HpkeInfo& info, ByteView recipient_public,
                                  const DhPrivateKey& ephemeral, ByteView aad, ByteView plaintext) {
  auto encapsulated = hpke_encap_with(info.suite().kem, recipient_public, ephemeral);
  if (!encapsulated) return std::move(encapsulated).error();
  HpkeSender sender(HpkeKeySchedule(info.suite(), false, {}, {})
                        .derive_in(info.key_schedule_context(), encapsulated->shared_secret.view()),
                    std::move(encapsulated->kem_output));
  auto sealed = sender.seal(aad, plaintext);
  if (!sealed) return std::move(sealed).error();
  return HpkeSealed{sender.kem_output(), std::move(sealed).value()};
}

Result<HpkeSealed> hpke_seal(HpkeSuite suite, ByteView recipient_public, ByteView info, ByteView aad,
                             ByteView plaintext, Random& random) {
  auto sender = hpke_setup_sender(suite, recipient_public, info, random);
  if (!sender) return std::move(sender).error();
  auto sealed = sender->seal(aad, plaintext);
  if (!sealed) return std::move(sealed).error();
  return HpkeSealed{sender->kem_output(), std::move(sealed).value()};
}

Result<SecretBytes> hpke_open(HpkeSuite suite, ByteView kem_output, const DhPrivateKey& recipient_key,
                              ByteView info, ByteView aad, ByteView ciphertext) {
  auto receiver = hpke_setup_receiver(suite, kem_output, recipient_key, info);
  if (!receiver) return std::move(receiver).error();
  return receiver->open(aad, ciphertext);
}

}  // namespace sotto::crypto
