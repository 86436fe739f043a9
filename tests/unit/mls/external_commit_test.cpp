// Commits of new members, as members receive them.
#include <gtest/gtest.h>

#include "sotto/mls/group.hpp"

namespace sotto::mls {
namespace {

constexpr CipherSuite kSuite = CipherSuite::x25519_aes128gcm_sha256_ed25519;

class ExternalCommit : public testing::Test {
 protected:
  ClientIdentity identity(const std::string& name) {
    return {Credential::basic(as_bytes(name)),
            crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random),
            default_capabilities(),
            {}};
  }

  SeededRandom random{5};
  BasicCredentialPolicy policy;
  Environment env{random, policy, nullptr, 1000};
};

// The tag is under no signature, and nobody but members could put it under a membership tag.
TEST_F(ExternalCommit, with_a_changed_confirmation_tag_is_refused_as_forged_and_the_right_one_taken_after) {
  auto group = Group::create(kSuite, as_bytes("group"), identity("alice"), {}, {}, env);
  ASSERT_TRUE(group);
  const auto info = group->group_info(true, true);
  ASSERT_TRUE(info);
  const auto joined = Group::join_externally(*info, nullptr, identity("bob"), false, {}, {}, env);
  ASSERT_TRUE(joined);

  PublicMessage changed = *joined->commit.get<PublicMessage>();
  changed.auth.confirmation_tag[0] ^= 1;
  const auto refused = group->receive(MlsMessage{changed}, env);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.refusal().kind, RefusalKind::reject);

  auto taken = group->receive(joined->commit, env);
  ASSERT_TRUE(taken) << taken.refusal().error.message;
  ASSERT_TRUE(group->merge(std::move(*taken->get<StagedCommit>())));
  EXPECT_TRUE(equal(group->epoch_authenticator(), joined->group.epoch_authenticator()));
}

}  // namespace
}  // namespace sotto::mls
