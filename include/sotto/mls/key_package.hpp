// A client's own identity and the key packages it publishes (RFC 9420 section 10).
#pragma once

#include "sotto/crypto/dh.hpp"
#include "sotto/crypto/signature.hpp"
#include "sotto/mls/environment.hpp"
#include "sotto/mls_messages/message.hpp"

namespace sotto::mls {

// What this library can do, for LeafNode.capabilities. Add an application's own types to the lists.
Capabilities default_capabilities();
// Section 13.5: with a random reserved value in every list, so that nobody comes to rely on a closed one.
// Members that fail on them fail early. ClientIdentity::capabilities is where they go.
Capabilities with_grease(Capabilities capabilities, Random& random);

// Of which kind a client's signing key must be. Error: a suite that this library does not have.
Result<crypto::SignatureAlgorithm> signature_algorithm_of(CipherSuite suite);

struct ClientIdentity {
  Credential credential;
  crypto::SigningKey signing_key;
  Capabilities capabilities = default_capabilities();
  ExtensionList leaf_extensions;

  ClientIdentity copy() const { return {credential, signing_key.copy(), capabilities, leaf_extensions}; }
};

// A key package and the private keys that its Welcome will need. Used once (or rotated, as last resort).
struct OwnKeyPackage {
  KeyPackage package;
  crypto::DhPrivateKey init_key;
  crypto::DhPrivateKey leaf_key;
  ClientIdentity identity;
};

Result<OwnKeyPackage> make_key_package(CipherSuite suite, ClientIdentity identity, Lifetime lifetime,
                                       ExtensionList extensions, Random& random);

// Section 10.1, as far as it holds for every group: version, suite, keys, signature. Credential and
// lifetime are the policy's and the adding client's.
Status check_key_package(const KeyPackage& package);
// KeyPackageRef, by which a Welcome names its recipients.
Result<Bytes> key_package_ref(const KeyPackage& package);

}  // namespace sotto::mls
