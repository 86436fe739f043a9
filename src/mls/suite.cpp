#include "suite.hpp"

#include <string>

#include "sotto/crypto/hkdf.hpp"

namespace sotto::mls {
namespace {

std::string full_label(std::string_view label) { return "MLS 1.0 " + std::string(label); }

// struct { opaque label<V>; opaque content<V>; }, the shape of SignContent, EncryptContext, RefHashInput.
Bytes labelled(std::string_view label, ByteView content) {
  wire::Writer out(label.size() + content.size() + 16);
  out.opaque(as_bytes(label));
  out.opaque(content);
  return std::move(out).take();
}

}  // namespace

Result<Suite> Suite::of(CipherSuite id) {
  Suite suite;
  suite.id_ = id;
  suite.hash_ = crypto::HashAlgorithm::sha256;
  switch (id) {
    case CipherSuite::x25519_aes128gcm_sha256_ed25519:
      suite.aead_ = crypto::AeadAlgorithm::aes_128_gcm;
      suite.hpke_ = {crypto::HpkeKem::x25519_sha256, crypto::HpkeAead::aes_128_gcm};
      suite.signature_ = crypto::SignatureAlgorithm::ed25519;
      return suite;
    case CipherSuite::p256_aes128gcm_sha256_p256:
      suite.aead_ = crypto::AeadAlgorithm::aes_128_gcm;
      suite.hpke_ = {crypto::HpkeKem::p256_sha256, crypto::HpkeAead::aes_128_gcm};
      suite.signature_ = crypto::SignatureAlgorithm::ecdsa_p256_sha256;
      return suite;
    case CipherSuite::x25519_chacha20poly1305_sha256_ed25519:
      suite.aead_ = crypto::AeadAlgorithm::chacha20_poly1305;
      suite.hpke_ = {crypto::HpkeKem::x25519_sha256, crypto::HpkeAead::chacha20_poly1305};
      suite.signature_ = crypto::SignatureAlgorithm::ed25519;
      return suite;
  }
  return fail(ErrorCode::invalid_argument, "The cipher suite is not supported.");
}

bool Suite::is_supported(CipherSuite id) { return of(id).ok(); }

Bytes Suite::ref_hash(std::string_view label, ByteView value) const { return hash(labelled(label, value)); }

Bytes Suite::key_package_ref(const KeyPackage& package) const {
  return ref_hash("MLS 1.0 KeyPackage Reference", wire::encode(package));
}

Bytes Suite::proposal_ref(const AuthenticatedContent& proposal) const {
  return ref_hash("MLS 1.0 Proposal Reference", wire::encode(proposal));
}

SecretBytes Suite::extract(ByteView salt, ByteView input) const {
  return crypto::hkdf_extract(hash_, salt, input);
}

SecretBytes Suite::expand_with_label(ByteView secret, std::string_view label, ByteView context,
                                     std::size_t size) const {
  // struct { uint16 length; opaque label<V> = "MLS 1.0 " + Label; opaque context<V>; } KDFLabel;
  wire::Writer info(64 + context.size());
  info.u16(static_cast<std::uint16_t>(size));
  info.opaque(as_bytes(full_label(label)));
  info.opaque(context);
  return crypto::hkdf_expand(hash_, secret, info.view(), size);
}

SecretBytes Suite::derive_secret(ByteView secret, std::string_view label) const {
  return expand_with_label(secret, label, {}, hash_size());
}

SecretBytes Suite::derive_tree_secret(ByteView secret, std::string_view label, std::uint32_t generation,
                                      std::size_t size) const {
  const std::array<std::uint8_t, 4> context{
      static_cast<std::uint8_t>(generation >> 24), static_cast<std::uint8_t>(generation >> 16),
      static_cast<std::uint8_t>(generation >> 8), static_cast<std::uint8_t>(generation)};
  return expand_with_label(secret, label, context, size);
}

Bytes Suite::sign_with_label(const crypto::SigningKey& key, std::string_view label, ByteView content) const {
  return key.sign(labelled(full_label(label), content));
}

bool Suite::verify_with_label(ByteView public_key, std::string_view label, ByteView content,
                              ByteView signature) const {
  return crypto::verify(signature_, public_key, labelled(full_label(label), content), signature);
}

Result<HpkeCiphertext> Suite::encrypt_with_label(ByteView public_key, std::string_view label,
                                                 ByteView context, ByteView plaintext, Random& random) const {
  auto sealed =
      crypto::hpke_seal(hpke_, public_key, labelled(full_label(label), context), {}, plaintext, random);
  if (!sealed) return std::move(sealed).error();
  return HpkeCiphertext{std::move(sealed->kem_output), std::move(sealed->ciphertext)};
}

crypto::HpkeInfo Suite::encrypt_context(std::string_view label, ByteView context) const {
  return {hpke_, labelled(full_label(label), context)};
}

Result<HpkeCiphertext> Suite::encrypt_with(const crypto::HpkeInfo& context, ByteView public_key,
                                           const crypto::DhPrivateKey& ephemeral, ByteView plaintext) const {
  auto sealed = crypto::hpke_seal_with(context, public_key, ephemeral, {}, plaintext);
  if (!sealed) return std::move(sealed).error();
  return HpkeCiphertext{std::move(sealed->kem_output), std::move(sealed->ciphertext)};
}

Result<SecretBytes> Suite::decrypt_with_label(const crypto::DhPrivateKey& key, std::string_view label,
                                              ByteView context, const HpkeCiphertext& sealed) const {
  return crypto::hpke_open(hpke_, sealed.kem_output, key, labelled(full_label(label), context), {},
                           sealed.ciphertext);
}

Result<crypto::DhPrivateKey> Suite::derive_key_pair(ByteView secret) const {
  return crypto::hpke_derive_key_pair(hpke_.kem, secret);
}

}  // namespace sotto::mls
