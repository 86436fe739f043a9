// vectors/mls/welcome.json: a Welcome opened with nothing but one's init key.
#include <algorithm>

#include "mls/key_schedule.hpp"
#include "sotto/mls_messages/message.hpp"
#include "unit/mls/vector_file.hpp"

namespace sotto::mls {
namespace {

TEST(WelcomeVectors, open_with_the_init_key_and_their_group_info_verifies) {
  SOTTO_LOAD_VECTORS(cases, "welcome.json");
  for_supported_cases("welcome.json", cases, [](const Json& test_case) {
    const Suite suite = *Suite::of(static_cast<CipherSuite>(test_case.at("cipher_suite").get<int>()));
    const auto package_message = MlsMessage::decode(bytes_of(test_case.at("key_package")));
    const auto welcome_message = MlsMessage::decode(bytes_of(test_case.at("welcome")));
    ASSERT_TRUE(package_message && welcome_message);
    const KeyPackage& package = *package_message->get<KeyPackage>();
    const Welcome& welcome = *welcome_message->get<Welcome>();
    const auto init_key =
        crypto::DhPrivateKey::from_bytes(suite.dh_group(), bytes_of(test_case.at("init_priv")));
    ASSERT_TRUE(init_key);
    EXPECT_EQ(init_key->public_key(), package.init_key);

    const auto entry = std::ranges::find(welcome.secrets, suite.key_package_ref(package),
                                         &EncryptedGroupSecrets::new_member);
    ASSERT_NE(entry, welcome.secrets.end());
    const auto plain = suite.decrypt_with_label(*init_key, "Welcome", welcome.encrypted_group_info,
                                                entry->encrypted_group_secrets);
    ASSERT_TRUE(plain);
    auto secrets = wire::decode<GroupSecrets>(plain->view());
    ASSERT_TRUE(secrets);
    ASSERT_TRUE(secrets->psks.empty());

    const SecretBytes no_psk(suite.hash_size());
    const SecretBytes welcome_secret =
        derive_welcome_secret(suite, secrets->joiner_secret.view(), no_psk.view());
    const WelcomeKeys keys = welcome_keys(suite, welcome_secret.view());
    const auto opened = crypto::aead_open(suite.aead_algorithm(), keys.key.view(), keys.nonce.view(), {},
                                          welcome.encrypted_group_info);
    ASSERT_TRUE(opened);
    const auto info = wire::decode<GroupInfo>(*opened);
    ASSERT_TRUE(info);
    const Bytes signer = bytes_of(test_case.at("signer_pub"));
    EXPECT_TRUE(suite.verify_with_label(signer, "GroupInfoTBS", info->to_be_signed(), info->signature));

    const EpochSecrets epoch =
        derive_epoch_secrets(suite, std::move(secrets->joiner_secret), no_psk.view(), info->group_context);
    EXPECT_TRUE(suite.mac_is(epoch.confirmation_key.view(), info->group_context.confirmed_transcript_hash,
                             info->confirmation_tag));
    // The same with one bit changed does not open.
    Welcome forged = welcome;
    forged.encrypted_group_info.back() ^= 1;
    EXPECT_FALSE(suite.decrypt_with_label(*init_key, "Welcome", forged.encrypted_group_info,
                                          entry->encrypted_group_secrets));
  });
}

}  // namespace
}  // namespace sotto::mls
