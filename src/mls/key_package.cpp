#include "sotto/mls/key_package.hpp"

#include "suite.hpp"
#include "validation.hpp"

namespace sotto::mls {

Capabilities default_capabilities() {
  Capabilities capabilities;
  capabilities.versions = {ProtocolVersion::mls10};
  capabilities.cipher_suites = {CipherSuite::x25519_aes128gcm_sha256_ed25519,
                                CipherSuite::p256_aes128gcm_sha256_p256,
                                CipherSuite::x25519_chacha20poly1305_sha256_ed25519};
  capabilities.credentials = {CredentialType::basic, CredentialType::x509};
  return capabilities;
}

Result<crypto::SignatureAlgorithm> signature_algorithm_of(CipherSuite id) {
  const auto suite = Suite::of(id);
  if (!suite) return suite.error();
  return suite->signature_algorithm();
}

Capabilities with_grease(Capabilities capabilities, Random& random) {
  // 0x0A0A, 0x1A1A, ... 0xEAEA.
  const auto value = [&] { return static_cast<std::uint16_t>(0x0A0A + 0x1010 * random.below(15)); };
  capabilities.cipher_suites.push_back(static_cast<CipherSuite>(value()));
  capabilities.extensions.push_back(static_cast<ExtensionType>(value()));
  capabilities.proposals.push_back(static_cast<ProposalType>(value()));
  capabilities.credentials.push_back(static_cast<CredentialType>(value()));
  return capabilities;
}

Result<OwnKeyPackage> make_key_package(CipherSuite id, ClientIdentity identity, Lifetime lifetime,
                                       ExtensionList extensions, Random& random) {
  const auto suite = Suite::of(id);
  if (!suite) return suite.error();
  if (identity.signing_key.algorithm() != suite->signature_algorithm()) {
    return fail(ErrorCode::invalid_argument, "The signature key is not of the cipher suite.");
  }
  OwnKeyPackage own{{},
                    crypto::DhPrivateKey::generate(suite->dh_group(), random),
                    crypto::DhPrivateKey::generate(suite->dh_group(), random),
                    std::move(identity)};
  LeafNode& leaf = own.package.leaf_node;
  leaf.encryption_key = own.leaf_key.public_key();
  leaf.signature_key = own.identity.signing_key.public_key();
  leaf.credential = own.identity.credential;
  leaf.capabilities = own.identity.capabilities;
  leaf.source = LeafNodeSource::key_package;
  leaf.lifetime = lifetime;
  leaf.extensions = own.identity.leaf_extensions;
  leaf.signature = suite->sign_with_label(own.identity.signing_key, "LeafNodeTBS", leaf.to_be_signed({}, {}));

  own.package.cipher_suite = id;
  own.package.init_key = own.init_key.public_key();
  own.package.extensions = std::move(extensions);
  own.package.signature =
      suite->sign_with_label(own.identity.signing_key, "KeyPackageTBS", own.package.to_be_signed());
  return own;
}

Status check_key_package(const KeyPackage& package) { return check_key_package(package, Signatures::verify); }

Status check_key_package(const KeyPackage& package, Signatures signatures) {
  if (package.version != ProtocolVersion::mls10) {
    return fail(ErrorCode::invalid_argument, "The key package is of another protocol version.");
  }
  const auto suite = Suite::of(package.cipher_suite);
  if (!suite) return suite.error();
  if (package.leaf_node.source != LeafNodeSource::key_package) {
    return fail(ErrorCode::untrusted, "The leaf of the key package was not made for one.");
  }
  if (package.init_key == package.leaf_node.encryption_key) {
    return fail(ErrorCode::untrusted, "The key package uses one key for two purposes.");
  }
  if (!crypto::is_valid_dh_public_key(suite->dh_group(), package.init_key)) {
    return fail(ErrorCode::untrusted, "The init key of the key package is no public key.");
  }
  if (signatures == Signatures::verify &&
      !suite->verify_with_label(package.leaf_node.signature_key, "KeyPackageTBS", package.to_be_signed(),
                                package.signature)) {
    return fail(ErrorCode::untrusted, "The signature of the key package does not verify.");
  }
  return ok_status();
}

Result<Bytes> key_package_ref(const KeyPackage& package) {
  const auto suite = Suite::of(package.cipher_suite);
  if (!suite) return suite.error();
  return suite->key_package_ref(package);
}

}  // namespace sotto::mls
