// Vectors of the labelled operations, the key schedule, the secret tree and the tree arithmetic.
#include "mls/key_schedule.hpp"
#include "mls/secret_tree.hpp"
#include "mls/tree_math.hpp"
#include "sotto/crypto/random.hpp"
#include "unit/mls/vector_file.hpp"

namespace sotto::mls {
namespace {

Suite suite_of(const Json& test_case) {
  return *Suite::of(static_cast<CipherSuite>(test_case.at("cipher_suite").get<int>()));
}
std::string hex_of(const SecretBytes& secret) { return to_hex(secret.view()); }
std::string text_of(const Json& value) { return value.get<std::string>(); }

TEST(TreeMathVectors, agree_with_the_published_arrays) {
  SOTTO_LOAD_VECTORS(cases, "tree-math.json");
  for (const Json& test_case : cases) {
    const auto leaves = test_case.at("n_leaves").get<std::uint32_t>();
    ASSERT_EQ(node_count(leaves), test_case.at("n_nodes").get<std::uint32_t>());
    EXPECT_EQ(root_of(leaves).value, test_case.at("root").get<std::uint32_t>());
    for (std::uint32_t i = 0; i < node_count(leaves); ++i) {
      const NodeIndex node{i};
      if (is_leaf(node)) {
        EXPECT_TRUE(test_case.at("left")[i].is_null());
      } else {
        EXPECT_EQ(left_of(node).value, test_case.at("left")[i].get<std::uint32_t>());
        EXPECT_EQ(right_of(node).value, test_case.at("right")[i].get<std::uint32_t>());
      }
      if (node == root_of(leaves)) {
        EXPECT_TRUE(test_case.at("parent")[i].is_null());
      } else {
        EXPECT_EQ(parent_of(node).value, test_case.at("parent")[i].get<std::uint32_t>());
        EXPECT_EQ(sibling_of(node).value, test_case.at("sibling")[i].get<std::uint32_t>());
      }
    }
  }
  print_counts("tree-math.json", cases.size(), 0);
}

TEST(CryptoBasicsVectors, agree_for_every_labelled_operation) {
  SOTTO_LOAD_VECTORS(cases, "crypto-basics.json");
  for_supported_cases("crypto-basics.json", cases, [](const Json& test_case) {
    const Suite suite = suite_of(test_case);
    const Json& ref = test_case.at("ref_hash");
    EXPECT_EQ(to_hex(suite.ref_hash(text_of(ref.at("label")), bytes_of(ref.at("value")))),
              text_of(ref.at("out")));

    const Json& expand = test_case.at("expand_with_label");
    EXPECT_EQ(hex_of(suite.expand_with_label(bytes_of(expand.at("secret")), text_of(expand.at("label")),
                                             bytes_of(expand.at("context")),
                                             expand.at("length").get<std::size_t>())),
              text_of(expand.at("out")));

    const Json& derive = test_case.at("derive_secret");
    EXPECT_EQ(hex_of(suite.derive_secret(bytes_of(derive.at("secret")), text_of(derive.at("label")))),
              text_of(derive.at("out")));

    const Json& tree = test_case.at("derive_tree_secret");
    EXPECT_EQ(hex_of(suite.derive_tree_secret(bytes_of(tree.at("secret")), text_of(tree.at("label")),
                                              tree.at("generation").get<std::uint32_t>(),
                                              tree.at("length").get<std::size_t>())),
              text_of(tree.at("out")));

    const Json& sign = test_case.at("sign_with_label");
    const Bytes content = bytes_of(sign.at("content"));
    const Bytes public_key = bytes_of(sign.at("pub"));
    const std::string label = text_of(sign.at("label"));
    EXPECT_TRUE(suite.verify_with_label(public_key, label, content, bytes_of(sign.at("signature"))));
    const auto key = crypto::SigningKey::from_private(suite.signature_algorithm(), bytes_of(sign.at("priv")));
    ASSERT_TRUE(key) << key.error().message;
    const Bytes own = suite.sign_with_label(*key, label, content);
    EXPECT_TRUE(suite.verify_with_label(public_key, label, content, own));
    EXPECT_FALSE(suite.verify_with_label(public_key, label + "x", content, own));

    const Json& seal = test_case.at("encrypt_with_label");
    const auto private_key = crypto::DhPrivateKey::from_bytes(suite.dh_group(), bytes_of(seal.at("priv")));
    ASSERT_TRUE(private_key);
    const Bytes context = bytes_of(seal.at("context"));
    const auto open = [&](const HpkeCiphertext& sealed) {
      return suite.decrypt_with_label(*private_key, text_of(seal.at("label")), context, sealed);
    };
    const auto published = open({bytes_of(seal.at("kem_output")), bytes_of(seal.at("ciphertext"))});
    ASSERT_TRUE(published);
    EXPECT_EQ(hex_of(*published), text_of(seal.at("plaintext")));
    const auto sealed = suite.encrypt_with_label(bytes_of(seal.at("pub")), text_of(seal.at("label")), context,
                                                 bytes_of(seal.at("plaintext")), crypto::system_random());
    ASSERT_TRUE(sealed);
    const auto opened = open(*sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(hex_of(*opened), text_of(seal.at("plaintext")));
  });
}

TEST(KeyScheduleVectors, agree_over_chains_of_epochs) {
  SOTTO_LOAD_VECTORS(cases, "key-schedule.json");
  for_supported_cases("key-schedule.json", cases, [](const Json& test_case) {
    const Suite suite = suite_of(test_case);
    SecretBytes init_secret{ByteView(bytes_of(test_case.at("initial_init_secret")))};
    GroupContext context;
    context.cipher_suite = suite.id();
    context.group_id = bytes_of(test_case.at("group_id"));
    for (const Json& epoch : test_case.at("epochs")) {
      context.tree_hash = bytes_of(epoch.at("tree_hash"));
      context.confirmed_transcript_hash = bytes_of(epoch.at("confirmed_transcript_hash"));
      EXPECT_EQ(to_hex(wire::encode(context)), text_of(epoch.at("group_context")));
      const Bytes psk_secret = bytes_of(epoch.at("psk_secret"));
      SecretBytes joiner =
          derive_joiner_secret(suite, init_secret.view(), bytes_of(epoch.at("commit_secret")), context);
      EXPECT_EQ(hex_of(derive_welcome_secret(suite, joiner.view(), psk_secret)),
                text_of(epoch.at("welcome_secret")));
      EpochSecrets secrets = derive_epoch_secrets(suite, std::move(joiner), psk_secret, context);
      EXPECT_EQ(hex_of(secrets.joiner_secret), text_of(epoch.at("joiner_secret")));
      EXPECT_EQ(hex_of(secrets.welcome_secret), text_of(epoch.at("welcome_secret")));
      EXPECT_EQ(hex_of(secrets.sender_data_secret), text_of(epoch.at("sender_data_secret")));
      EXPECT_EQ(hex_of(secrets.encryption_secret), text_of(epoch.at("encryption_secret")));
      EXPECT_EQ(hex_of(secrets.exporter_secret), text_of(epoch.at("exporter_secret")));
      EXPECT_EQ(hex_of(secrets.external_secret), text_of(epoch.at("external_secret")));
      EXPECT_EQ(hex_of(secrets.confirmation_key), text_of(epoch.at("confirmation_key")));
      EXPECT_EQ(hex_of(secrets.membership_key), text_of(epoch.at("membership_key")));
      EXPECT_EQ(hex_of(secrets.resumption_psk), text_of(epoch.at("resumption_psk")));
      EXPECT_EQ(hex_of(secrets.epoch_authenticator), text_of(epoch.at("epoch_authenticator")));
      EXPECT_EQ(hex_of(secrets.init_secret), text_of(epoch.at("init_secret")));
      const auto external = external_key_pair(suite, secrets.external_secret.view());
      ASSERT_TRUE(external);
      EXPECT_EQ(to_hex(external->public_key()), text_of(epoch.at("external_pub")));
      const Json& exporter = epoch.at("exporter");
      EXPECT_EQ(
          hex_of(export_secret(suite, secrets.exporter_secret.view(), text_of(exporter.at("label")),
                               bytes_of(exporter.at("context")), exporter.at("length").get<std::size_t>())),
          text_of(exporter.at("secret")));
      init_secret = std::move(secrets.init_secret);
      ++context.epoch;
    }
  });
}

TEST(PskSecretVectors, agree_for_lists_of_every_length) {
  SOTTO_LOAD_VECTORS(cases, "psk_secret.json");
  for_supported_cases("psk_secret.json", cases, [](const Json& test_case) {
    std::vector<PskWithSecret> psks;
    for (const Json& psk : test_case.at("psks")) {
      PreSharedKeyId id;
      id.psk_id = bytes_of(psk.at("psk_id"));
      id.psk_nonce = bytes_of(psk.at("psk_nonce"));
      psks.push_back({std::move(id), SecretBytes(ByteView(bytes_of(psk.at("psk"))))});
    }
    EXPECT_EQ(hex_of(derive_psk_secret(suite_of(test_case), psks)), text_of(test_case.at("psk_secret")));
  });
}

TEST(TranscriptHashVectors, agree_and_the_confirmation_tag_verifies) {
  SOTTO_LOAD_VECTORS(cases, "transcript-hashes.json");
  for_supported_cases("transcript-hashes.json", cases, [](const Json& test_case) {
    const Suite suite = suite_of(test_case);
    const auto commit = wire::decode<AuthenticatedContent>(bytes_of(test_case.at("authenticated_content")));
    ASSERT_TRUE(commit);
    const Bytes confirmed =
        confirmed_transcript_hash(suite, bytes_of(test_case.at("interim_transcript_hash_before")), *commit);
    EXPECT_EQ(to_hex(confirmed), text_of(test_case.at("confirmed_transcript_hash_after")));
    EXPECT_TRUE(
        suite.mac_is(bytes_of(test_case.at("confirmation_key")), confirmed, commit->auth.confirmation_tag));
    EXPECT_EQ(to_hex(interim_transcript_hash(suite, confirmed, commit->auth.confirmation_tag)),
              text_of(test_case.at("interim_transcript_hash_after")));
  });
}

TEST(SecretTreeVectors, agree_for_every_leaf_and_generation) {
  SOTTO_LOAD_VECTORS(cases, "secret-tree.json");
  for_supported_cases("secret-tree.json", cases, [](const Json& test_case) {
    const Suite suite = suite_of(test_case);
    const Json& data = test_case.at("sender_data");
    const MessageKeys keys =
        sender_data_keys(suite, bytes_of(data.at("sender_data_secret")), bytes_of(data.at("ciphertext")));
    EXPECT_EQ(hex_of(keys.key), text_of(data.at("key")));
    EXPECT_EQ(hex_of(keys.nonce), text_of(data.at("nonce")));

    const Json& leaves = test_case.at("leaves");
    const auto count = static_cast<std::uint32_t>(leaves.size());
    SecretTree tree(suite, std::bit_ceil(count),
                    SecretBytes(ByteView(bytes_of(test_case.at("encryption_secret")))));
    for (std::uint32_t leaf = 0; leaf < count; ++leaf) {
      for (const Json& expected : leaves[leaf]) {
        const auto generation = expected.at("generation").get<std::uint32_t>();
        for (const auto& [type, name] : {std::pair{RatchetType::handshake, std::string("handshake")},
                                         std::pair{RatchetType::application, std::string("application")}}) {
          auto step = tree.receive({leaf}, type, generation);
          ASSERT_TRUE(step) << step.error().message;
          EXPECT_EQ(hex_of(step->keys.key), text_of(expected.at(name + "_key")));
          EXPECT_EQ(hex_of(step->keys.nonce), text_of(expected.at(name + "_nonce")));
          tree.accept(*std::move(step));
        }
      }
    }
  });
}

}  // namespace
}  // namespace sotto::mls
