// The key schedule of an epoch, pre-shared keys and transcript hashes (RFC 9420 sections 8, 8.1-8.4).
#pragma once

#include <vector>

#include "suite.hpp"

namespace sotto::mls {

// What an epoch's members share. Every secret is wiped with the object.
struct EpochSecrets {
  SecretBytes joiner_secret;   // for Welcomes of the commit that made the epoch, then wiped
  SecretBytes welcome_secret;  // likewise
  SecretBytes sender_data_secret;
  SecretBytes encryption_secret;  // consumed by the secret tree
  SecretBytes exporter_secret;
  SecretBytes external_secret;
  SecretBytes confirmation_key;
  SecretBytes membership_key;
  SecretBytes resumption_psk;
  SecretBytes epoch_authenticator;
  SecretBytes init_secret;  // for the next epoch
};

SecretBytes derive_joiner_secret(const Suite& suite, ByteView init_secret, ByteView commit_secret,
                                 const GroupContext& context);
SecretBytes derive_welcome_secret(const Suite& suite, ByteView joiner_secret, ByteView psk_secret);
EpochSecrets derive_epoch_secrets(const Suite& suite, SecretBytes joiner_secret, ByteView psk_secret,
                                  const GroupContext& context);
// Section 8.3: the key pair that external commits encrypt to.
Result<crypto::DhPrivateKey> external_key_pair(const Suite& suite, ByteView external_secret);
// Section 8.5: MLS-Exporter.
SecretBytes export_secret(const Suite& suite, ByteView exporter_secret, std::string_view label,
                          ByteView context, std::size_t size);

struct WelcomeKeys {
  SecretBytes key;
  SecretBytes nonce;
};
WelcomeKeys welcome_keys(const Suite& suite, ByteView welcome_secret);

// Section 8.4.
struct PskWithSecret {
  PreSharedKeyId id;
  SecretBytes secret;
};
SecretBytes derive_psk_secret(const Suite& suite, const std::vector<PskWithSecret>& psks);

// Section 8.2. `commit`: an AuthenticatedContent whose content is a Commit.
Bytes confirmed_transcript_hash(const Suite& suite, ByteView interim_before,
                                const AuthenticatedContent& commit);
Bytes interim_transcript_hash(const Suite& suite, ByteView confirmed, ByteView confirmation_tag);
Bytes confirmation_tag(const Suite& suite, ByteView confirmation_key, ByteView confirmed_transcript_hash);

}  // namespace sotto::mls
