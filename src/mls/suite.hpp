// The labelled operations of a cipher suite (RFC 9420 sections 5.1, 5.2, 8, 9): one place for every label.
// A value; cheap to copy. Thread: any.
#pragma once

#include <string_view>

#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/hash.hpp"
#include "sotto/crypto/hpke.hpp"
#include "sotto/crypto/signature.hpp"
#include "sotto/mls_messages/framing.hpp"

namespace sotto::mls {

class Suite {
 public:
  static Result<Suite> of(CipherSuite id);
  static bool is_supported(CipherSuite id);

  CipherSuite id() const { return id_; }
  crypto::HashAlgorithm hash_algorithm() const { return hash_; }
  crypto::AeadAlgorithm aead_algorithm() const { return aead_; }
  crypto::SignatureAlgorithm signature_algorithm() const { return signature_; }
  crypto::HpkeSuite hpke() const { return hpke_; }
  crypto::DhGroup dh_group() const { return crypto::hpke_group(hpke_.kem); }
  std::size_t hash_size() const { return crypto::hash_size(hash_); }     // KDF.Nh too
  std::size_t key_size() const { return crypto::aead_key_size(aead_); }  // AEAD.Nk
  std::size_t nonce_size() const { return crypto::kAeadNonceSize; }      // AEAD.Nn

  Bytes hash(ByteView data) const { return crypto::hash(hash_, data); }
  Bytes mac(ByteView key, ByteView data) const { return crypto::hmac(hash_, key, data); }
  bool mac_is(ByteView key, ByteView data, ByteView tag) const {
    return crypto::hmac_verify(hash_, key, data, tag);
  }

  // Section 5.2: H(RefHashInput{label, value}).
  Bytes ref_hash(std::string_view label, ByteView value) const;
  Bytes key_package_ref(const KeyPackage& package) const;
  Bytes proposal_ref(const AuthenticatedContent& proposal) const;

  // Section 8.
  SecretBytes extract(ByteView salt, ByteView input) const;
  SecretBytes expand_with_label(ByteView secret, std::string_view label, ByteView context,
                                std::size_t size) const;
  SecretBytes derive_secret(ByteView secret, std::string_view label) const;
  // Section 9.
  SecretBytes derive_tree_secret(ByteView secret, std::string_view label, std::uint32_t generation,
                                 std::size_t size) const;

  // Section 5.1.2; the label without its "MLS 1.0 ".
  Bytes sign_with_label(const crypto::SigningKey& key, std::string_view label, ByteView content) const;
  bool verify_with_label(ByteView public_key, std::string_view label, ByteView content,
                         ByteView signature) const;

  // Section 5.1.3.
  Result<HpkeCiphertext> encrypt_with_label(ByteView public_key, std::string_view label, ByteView context,
                                            ByteView plaintext, Random& random) const;
  // The same for many recipients of one context, with ephemeral keys made beforehand.
  crypto::HpkeInfo encrypt_context(std::string_view label, ByteView context) const;
  Result<HpkeCiphertext> encrypt_with(const crypto::HpkeInfo& context, ByteView public_key,
                                      const crypto::DhPrivateKey& ephemeral, ByteView plaintext) const;
  Result<SecretBytes> decrypt_with_label(const crypto::DhPrivateKey& key, std::string_view label,
                                         ByteView context, const HpkeCiphertext& sealed) const;
  Result<crypto::DhPrivateKey> derive_key_pair(ByteView secret) const;

 private:
  Suite() = default;

  CipherSuite id_{};
  crypto::HashAlgorithm hash_{};
  crypto::AeadAlgorithm aead_{};
  crypto::HpkeSuite hpke_{};
  crypto::SignatureAlgorithm signature_{};
};

}  // namespace sotto::mls
