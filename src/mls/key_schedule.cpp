#include "key_schedule.hpp"

namespace sotto::mls {
namespace {

SecretBytes with_psk(const Suite& suite, ByteView joiner_secret, ByteView psk_secret) {
  return suite.extract(joiner_secret, psk_secret);
}

}  // namespace

SecretBytes derive_joiner_secret(const Suite& suite, ByteView init_secret, ByteView commit_secret,
                                 const GroupContext& context) {
  const SecretBytes mixed = suite.extract(init_secret, commit_secret);
  return suite.expand_with_label(mixed.view(), "joiner", wire::encode(context), suite.hash_size());
}

SecretBytes derive_welcome_secret(const Suite& suite, ByteView joiner_secret, ByteView psk_secret) {
  return suite.derive_secret(with_psk(suite, joiner_secret, psk_secret).view(), "welcome");
}

EpochSecrets derive_epoch_secrets(const Suite& suite, SecretBytes joiner_secret, ByteView psk_secret,
                                  const GroupContext& context) {
  EpochSecrets secrets;
  const SecretBytes member = with_psk(suite, joiner_secret.view(), psk_secret);
  secrets.joiner_secret = std::move(joiner_secret);
  secrets.welcome_secret = suite.derive_secret(member.view(), "welcome");
  const SecretBytes epoch =
      suite.expand_with_label(member.view(), "epoch", wire::encode(context), suite.hash_size());
  const auto derive = [&](std::string_view label) { return suite.derive_secret(epoch.view(), label); };
  secrets.sender_data_secret = derive("sender data");
  secrets.encryption_secret = derive("encryption");
  secrets.exporter_secret = derive("exporter");
  secrets.external_secret = derive("external");
  secrets.confirmation_key = derive("confirm");
  secrets.membership_key = derive("membership");
  secrets.resumption_psk = derive("resumption");
  secrets.epoch_authenticator = derive("authentication");
  secrets.init_secret = derive("init");
  return secrets;
}

Result<crypto::DhPrivateKey> external_key_pair(const Suite& suite, ByteView external_secret) {
  return suite.derive_key_pair(external_secret);
}

SecretBytes export_secret(const Suite& suite, ByteView exporter_secret, std::string_view label,
                          ByteView context, std::size_t size) {
  const SecretBytes derived = suite.derive_secret(exporter_secret, label);
  return suite.expand_with_label(derived.view(), "exported", suite.hash(context), size);
}

WelcomeKeys welcome_keys(const Suite& suite, ByteView welcome_secret) {
  return {suite.expand_with_label(welcome_secret, "key", {}, suite.key_size()),
          suite.expand_with_label(welcome_secret, "nonce", {}, suite.nonce_size())};
}

SecretBytes derive_psk_secret(const Suite& suite, const std::vector<PskWithSecret>& psks) {
  const Bytes zero(suite.hash_size(), 0);
  SecretBytes psk_secret(suite.hash_size());
  for (std::size_t i = 0; i < psks.size(); ++i) {
    const SecretBytes extracted = suite.extract(zero, psks[i].secret.view());
    // struct { PreSharedKeyID id; uint16 index; uint16 count; } PSKLabel;
    wire::Writer label;
    psks[i].id.write(label);
    label.u16(static_cast<std::uint16_t>(i));
    label.u16(static_cast<std::uint16_t>(psks.size()));
    const SecretBytes input =
        suite.expand_with_label(extracted.view(), "derived psk", label.view(), suite.hash_size());
    psk_secret = suite.extract(input.view(), psk_secret.view());
  }
  return psk_secret;
}

Bytes confirmed_transcript_hash(const Suite& suite, ByteView interim_before,
                                const AuthenticatedContent& commit) {
  // interim[n-1] || struct { WireFormat wire_format; FramedContent content; opaque signature<V>; }
  wire::Writer input(1024);
  input.fixed(interim_before);
  write_enum(input, commit.wire_format);
  commit.content.write(input);
  input.opaque(commit.auth.signature);
  return suite.hash(input.view());
}

Bytes interim_transcript_hash(const Suite& suite, ByteView confirmed, ByteView confirmation_tag) {
  wire::Writer input(128);
  input.fixed(confirmed);
  input.opaque(confirmation_tag);
  return suite.hash(input.view());
}

Bytes confirmation_tag(const Suite& suite, ByteView confirmation_key, ByteView confirmed) {
  return suite.mac(confirmation_key, confirmed);
}

}  // namespace sotto::mls
