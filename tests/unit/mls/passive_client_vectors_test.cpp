// Vectors of whole groups: join by Welcome, then follow every commit. From the working group and from
// recorded interoperability runs (vectors/mls/passive).
#include <map>

#include "sotto/crypto/random.hpp"
#include "sotto/mls/group.hpp"
#include "unit/mls/vector_file.hpp"

namespace sotto::mls {
namespace {

class VectorPsks final : public PskSource {
 public:
  explicit VectorPsks(const Json& psks) {
    for (const Json& psk : psks) keys_[bytes_of(psk.at("psk_id"))] = bytes_of(psk.at("psk"));
  }
  std::optional<SecretBytes> external_psk(ByteView id) const override {
    const auto at = keys_.find(to_bytes(id));
    if (at == keys_.end()) return std::nullopt;
    return SecretBytes(ByteView(at->second));
  }
  std::optional<SecretBytes> resumption_psk(ByteView, std::uint64_t) const override { return std::nullopt; }

 private:
  std::map<Bytes, Bytes> keys_;
};

crypto::SignatureAlgorithm signature_of(CipherSuite suite) {
  return suite == CipherSuite::p256_aes128gcm_sha256_p256 ? crypto::SignatureAlgorithm::ecdsa_p256_sha256
                                                          : crypto::SignatureAlgorithm::ed25519;
}
crypto::DhGroup group_of(CipherSuite suite) {
  return suite == CipherSuite::p256_aes128gcm_sha256_p256 ? crypto::DhGroup::p256 : crypto::DhGroup::x25519;
}

void follow(const Json& test_case) {
  const auto suite = static_cast<CipherSuite>(test_case.at("cipher_suite").get<int>());
  const auto package_message = MlsMessage::decode(bytes_of(test_case.at("key_package")));
  ASSERT_TRUE(package_message);
  const KeyPackage& package = *package_message->get<KeyPackage>();
  auto signing =
      crypto::SigningKey::from_private(signature_of(suite), bytes_of(test_case.at("signature_priv")));
  ASSERT_TRUE(signing) << signing.error().message;
  const OwnKeyPackage own{
      package,
      *crypto::DhPrivateKey::from_bytes(group_of(suite), bytes_of(test_case.at("init_priv"))),
      *crypto::DhPrivateKey::from_bytes(group_of(suite), bytes_of(test_case.at("encryption_priv"))),
      {package.leaf_node.credential, *std::move(signing), package.leaf_node.capabilities, {}}};
  const VectorPsks psks(test_case.at("external_psks"));
  const BasicCredentialPolicy policy;
  const Environment env{crypto::system_random(), policy, &psks, 0};
  GroupConfig config;
  config.encrypt_handshake = false;
  config.check_lifetimes = false;

  const auto welcome = MlsMessage::decode(bytes_of(test_case.at("welcome")));
  ASSERT_TRUE(welcome);
  std::optional<RatchetTreeNodes> tree;
  if (!test_case.at("ratchet_tree").is_null()) {
    tree = *wire::decode<RatchetTreeNodes>(bytes_of(test_case.at("ratchet_tree")));
  }
  auto group = Group::join(*welcome->get<Welcome>(), own, tree ? &*tree : nullptr, config, env);
  ASSERT_TRUE(group) << group.refusal().error.message;
  ASSERT_EQ(to_hex(group->epoch_authenticator()),
            test_case.at("initial_epoch_authenticator").get<std::string>());

  int number = 0;
  for (const Json& epoch : test_case.at("epochs")) {
    for (const Json& bytes : epoch.at("proposals")) {
      const auto proposal = MlsMessage::decode(bytes_of(bytes));
      ASSERT_TRUE(proposal) << proposal.error().message;
      const auto received = group->receive(*proposal, env);
      ASSERT_TRUE(received) << "epoch " << number << ": " << received.refusal().error.message;
    }
    const auto commit = MlsMessage::decode(bytes_of(epoch.at("commit")));
    ASSERT_TRUE(commit);
    auto received = group->receive(*commit, env);
    ASSERT_TRUE(received) << "epoch " << number << ": " << received.refusal().error.message;
    ASSERT_NE(received->get<StagedCommit>(), nullptr);
    ASSERT_TRUE(group->merge(std::move(*received->get<StagedCommit>())));
    ASSERT_EQ(to_hex(group->epoch_authenticator()), epoch.at("epoch_authenticator").get<std::string>());
    ++number;
  }
}

class PassiveClientVectors : public testing::TestWithParam<const char*> {};

TEST_P(PassiveClientVectors, reach_every_published_epoch_authenticator) {
  SOTTO_LOAD_VECTORS(cases, GetParam());
  std::size_t skipped = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!is_supported_suite(cases[i])) {
      ++skipped;
      continue;
    }
    SCOPED_TRACE("case " + std::to_string(i));
    follow(cases[i]);
    if (HasFatalFailure()) return;
  }
  print_counts(GetParam(), cases.size() - skipped, skipped);
  ASSERT_LT(skipped, cases.size());
}

INSTANTIATE_TEST_SUITE_P(Files, PassiveClientVectors,
                         testing::Values("passive-client-welcome.json", "passive-client-handling-commit.json",
                                         "passive-client-random.json", "passive/welcome_join.json",
                                         "passive/application.json", "passive/commit.json",
                                         "passive/external_join.json", "passive/external_proposals.json",
                                         "passive/branch.json", "passive/reinit.json"));

}  // namespace
}  // namespace sotto::mls
