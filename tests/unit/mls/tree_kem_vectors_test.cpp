// Vectors of update paths and of message protection.
#include "mls/protection.hpp"
#include "mls/tree_kem.hpp"
#include "sotto/crypto/random.hpp"
#include "unit/mls/vector_file.hpp"

namespace sotto::mls {
namespace {

Suite suite_of(const Json& test_case) {
  return *Suite::of(static_cast<CipherSuite>(test_case.at("cipher_suite").get<int>()));
}

struct Member {
  TreePrivateKeys keys;
  crypto::SigningKey signing;
};

std::map<std::uint32_t, Member> members_of(const Suite& suite, const Json& leaves) {
  std::map<std::uint32_t, Member> members;
  for (const Json& leaf : leaves) {
    const LeafIndex index{leaf.at("index").get<std::uint32_t>()};
    Member member{
        TreePrivateKeys(index),
        *crypto::SigningKey::from_private(suite.signature_algorithm(), bytes_of(leaf.at("signature_priv")))};
    member.keys.set(node_of(index), *crypto::DhPrivateKey::from_bytes(suite.dh_group(),
                                                                      bytes_of(leaf.at("encryption_priv"))));
    for (const Json& known : leaf.at("path_secrets")) {
      member.keys.set({known.at("node").get<std::uint32_t>()},
                      *key_pair_of_path_secret(suite, bytes_of(known.at("path_secret"))));
    }
    members.emplace(index.value, std::move(member));
  }
  return members;
}

TEST(TreeKemVectors, paths_decrypt_for_every_member_and_own_paths_do_too) {
  SOTTO_LOAD_VECTORS(cases, "treekem.json");
  std::size_t skipped = 0;
  for (const Json& test_case : cases) {
    if (!is_supported_suite(test_case)) {
      ++skipped;
      continue;
    }
    const Suite suite = suite_of(test_case);
    const auto tree = RatchetTree::from_nodes(
        suite, *wire::decode<RatchetTreeNodes>(bytes_of(test_case.at("ratchet_tree"))));
    ASSERT_TRUE(tree);
    GroupContext context;
    context.cipher_suite = suite.id();
    context.group_id = bytes_of(test_case.at("group_id"));
    context.epoch = test_case.at("epoch").get<Epoch>();
    context.confirmed_transcript_hash = bytes_of(test_case.at("confirmed_transcript_hash"));
    const std::map<std::uint32_t, Member> members = members_of(suite, test_case.at("leaves_private"));
    for (const auto& [index, member] : members) {
      for (const auto& [node, key] : member.keys.all()) EXPECT_EQ(tree->public_key(node), key->public_key());
    }

    for (const Json& entry : test_case.at("update_paths")) {
      const LeafIndex sender{entry.at("sender").get<std::uint32_t>()};
      const auto update = wire::decode<UpdatePath>(bytes_of(entry.at("update_path")));
      ASSERT_TRUE(update);
      const auto path = tree->filtered_direct_path(sender);
      ASSERT_TRUE(check_path_shape(*tree, path, update->nodes, {}));
      std::vector<Bytes> public_keys;
      for (const UpdatePathNode& node : update->nodes) public_keys.push_back(node.encryption_key);
      RatchetTree after = *tree;
      EXPECT_EQ(after.merge_path(sender, path, public_keys), update->leaf_node.parent_hash);
      after.set_leaf(sender, update->leaf_node);
      EXPECT_EQ(to_hex(after.root_hash()), entry.at("tree_hash_after").get<std::string>());
      EXPECT_TRUE(after.parent_hashes_are_valid());
      context.tree_hash = after.root_hash();
      const Bytes serialised = wire::encode(context);

      for (const auto& [index, member] : members) {
        if (index == sender.value) continue;
        const auto learnt = decrypt_path(suite, after, member.keys, path, update->nodes, {}, serialised);
        ASSERT_TRUE(learnt) << learnt.error().message;
        EXPECT_EQ(to_hex(learnt->secrets.steps.front().view()),
                  entry.at("path_secrets")[index].get<std::string>());
        EXPECT_EQ(to_hex(learnt->secrets.commit_secret.view()), entry.at("commit_secret").get<std::string>());
      }

      // A path of our own from the same sender.
      PathSecrets secrets =
          derive_path_secrets(suite, SecretBytes(ByteView(Bytes(suite.hash_size(), 7))), path.size());
      public_keys.clear();
      for (const SecretBytes& secret : secrets.steps) {
        public_keys.push_back(key_pair_of_path_secret(suite, secret.view())->public_key());
      }
      RatchetTree own = *tree;
      own.merge_path(sender, path, public_keys);
      const BasicCredentialPolicy policy;
      const Environment env{crypto::system_random(), policy};
      const auto nodes = encrypt_path(suite, own, path, public_keys, secrets.steps, {}, serialised, env);
      ASSERT_TRUE(nodes);
      for (const auto& [index, member] : members) {
        if (index == sender.value) continue;
        const auto learnt = decrypt_path(suite, own, member.keys, path, *nodes, {}, serialised);
        ASSERT_TRUE(learnt) << learnt.error().message;
        EXPECT_EQ(learnt->secrets.commit_secret, secrets.commit_secret);
      }
    }
  }
  print_counts("treekem.json", cases.size() - skipped, skipped);
  ASSERT_LT(skipped, cases.size());
}

class ProtectionVectors : public testing::Test {
 protected:
  void check(const Json& test_case) {
    const Suite suite = suite_of(test_case);
    GroupContext context;
    context.cipher_suite = suite.id();
    context.group_id = bytes_of(test_case.at("group_id"));
    context.epoch = test_case.at("epoch").get<Epoch>();
    context.tree_hash = bytes_of(test_case.at("tree_hash"));
    context.confirmed_transcript_hash = bytes_of(test_case.at("confirmed_transcript_hash"));
    const auto key = *crypto::SigningKey::from_private(suite.signature_algorithm(),
                                                       bytes_of(test_case.at("signature_priv")));
    const Bytes public_key = bytes_of(test_case.at("signature_pub"));
    const Bytes membership_key = bytes_of(test_case.at("membership_key"));
    const Bytes sender_data_secret = bytes_of(test_case.at("sender_data_secret"));
    const auto fresh_tree = [&] {
      return SecretTree(suite, 2, SecretBytes(ByteView(bytes_of(test_case.at("encryption_secret")))));
    };

    const auto open = [&](const MlsMessage& message) -> Result<AuthenticatedContent> {
      if (const auto* open_message = message.get<PublicMessage>()) {
        return open_public(suite, membership_key, context, *open_message);
      }
      const auto& sealed = *message.get<PrivateMessage>();
      const auto sender = open_sender_data(suite, sender_data_secret, sealed);
      if (!sender) return sender.error();
      SecretTree tree = fresh_tree();
      const auto step = tree.receive(sender->leaf, ratchet_of(sealed.content_type), sender->generation);
      if (!step) return step.error();
      return open_private(suite, *sender, step->keys, sealed);
    };
    const auto expect_opens = [&](const MlsMessage& message, const Bytes& raw) {
      const auto content = open(message);
      ASSERT_TRUE(content) << content.error().message;
      EXPECT_TRUE(signature_is_valid(suite, public_key, context, *content));
      wire::Writer body;
      if (const auto* data = std::get_if<Bytes>(&content->content.body)) {
        body.fixed(*data);
      } else {
        content->content.write_body(body);
      }
      EXPECT_EQ(to_hex(body.view()), to_hex(raw));
    };

    for (const char* name : {"proposal", "commit", "application"}) {
      const Bytes raw = bytes_of(test_case.at(name));
      const auto sealed = MlsMessage::decode(bytes_of(test_case.at(std::string(name) + "_priv")));
      ASSERT_TRUE(sealed);
      expect_opens(*sealed, raw);

      AuthenticatedContent own;
      own.content.group_id = context.group_id;
      own.content.epoch = context.epoch;
      own.content.sender = Sender::member({1});
      if (name == std::string("proposal")) own.content.body = *wire::decode<Proposal>(raw);
      if (name == std::string("commit")) {
        own.content.body = *wire::decode<Commit>(raw);
        own.auth.confirmation_tag = Bytes(suite.hash_size(), 1);
      }
      if (name == std::string("application")) own.content.body = raw;
      sign_content(suite, key, context, own);
      SecretTree tree = fresh_tree();
      const auto keys = tree.send({1}, ratchet_of(own.content.content_type()));
      ASSERT_TRUE(keys);
      const auto own_sealed =
          protect_private(suite, sender_data_secret, own, *keys, Padding{64}, crypto::system_random());
      ASSERT_TRUE(own_sealed);
      expect_opens(MlsMessage{*own_sealed}, raw);

      own.wire_format = WireFormat::public_message;
      sign_content(suite, key, context, own);
      const MlsMessage own_open{protect_public(suite, membership_key, context, own)};
      if (name == std::string("application")) {
        EXPECT_FALSE(open(own_open));
        continue;
      }
      expect_opens(own_open, raw);
      const auto published = MlsMessage::decode(bytes_of(test_case.at(std::string(name) + "_pub")));
      ASSERT_TRUE(published);
      expect_opens(*published, raw);
    }
  }
};

TEST_F(ProtectionVectors, open_and_own_messages_open_too) {
  SOTTO_LOAD_VECTORS(cases, "message-protection.json");
  std::size_t skipped = 0;
  for (const Json& test_case : cases) {
    if (is_supported_suite(test_case)) {
      check(test_case);
    } else {
      ++skipped;
    }
  }
  print_counts("message-protection.json", cases.size() - skipped, skipped);
  ASSERT_LT(skipped, cases.size());
}

}  // namespace
}  // namespace sotto::mls
