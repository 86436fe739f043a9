// Bounds and forgetting: RFC 9420 sections 9 and 9.2, section 2.1.2, and inputs that are meant to hurt.
#include "unit/mls/hostile.hpp"

namespace sotto::mls::insider {
namespace {

using MlsHostileBounds = Hostile;

// Message keys.

TEST_F(MlsHostileBounds, a_message_from_the_end_of_the_ratchet_is_refused_at_once) {
  for (const std::uint32_t generation : {UINT32_MAX, UINT32_MAX - 1, 0x80000000U, 1'000'000U}) {
    const MlsMessage message = inside().application(as_bytes("x"), {.generation = generation});
    const double seconds = cpu_seconds([&] { expect_refused_and_unchanged(message, "too far ahead"); });
    EXPECT_LT(seconds, 0.5);
  }
}
TEST_F(MlsHostileBounds, a_message_just_beyond_the_skip_is_refused_and_one_within_it_taken) {
  expect_refused_and_unchanged(inside().application(as_bytes("x"), {.generation = kMaxGenerationSkip + 1}),
                               "too far ahead");
  EXPECT_TRUE(
      alice().receive(inside().application(as_bytes("x"), {.generation = kMaxGenerationSkip}), cast.env()));
}
TEST_F(MlsHostileBounds, work_before_a_message_is_authenticated_is_bounded) {
  // As far ahead as allowed, and the signature is wrong: the work is done and thrown away.
  AuthenticatedContent content = text_of_insider("x", WireFormat::private_message);
  inside().sign(content);
  content.auth.signature[0] ^= 1;
  const MlsMessage message = inside().as_private(content, {.generation = kMaxGenerationSkip});
  const double seconds =
      cpu_seconds([&] { expect_refused_and_unchanged(message, "signature of the message"); });
  EXPECT_LT(seconds, 1.0);
}
TEST_F(MlsHostileBounds, skipped_keys_are_bounded_however_often_a_sender_jumps) {
  std::uint32_t generation = 0;
  for (int i = 0; i < 4; ++i) {
    generation += kMaxGenerationSkip;
    const MlsMessage message = inside().application(as_bytes("x"), {.generation = generation});
    ASSERT_TRUE(alice().receive(message, cast.env()));
  }
  EXPECT_LE(count_keys(GroupAccess::impl(alice()).epoch.messages).skipped, kMaxSkippedKeys);
}
TEST_F(MlsHostileBounds, the_last_generation_is_neither_sent_nor_received) {
  // After it the count would begin again, and with it the keys.
  const SecretTree::RatchetId id{{0}, RatchetType::application};
  std::map<SecretTree::RatchetId, SecretTree::Ratchet> ratchets;
  ratchets[id] = {UINT32_MAX - 2, SecretBytes(suite().hash_size()), {}};
  ratchets[{{0}, RatchetType::handshake}] = {0, SecretBytes(suite().hash_size()), {}};
  auto tree = SecretTree::from_parts(suite(), 1, {}, std::move(ratchets), 10);
  ASSERT_TRUE(tree);
  EXPECT_FALSE(tree->receive({0}, RatchetType::application, UINT32_MAX, 1000));
  EXPECT_TRUE(tree->receive({0}, RatchetType::application, UINT32_MAX - 1, 1000));
  EXPECT_TRUE(tree->send({0}, RatchetType::application));
  EXPECT_TRUE(tree->send({0}, RatchetType::application));
  EXPECT_FALSE(tree->send({0}, RatchetType::application));
}
TEST_F(MlsHostileBounds, a_ratchet_forgets_the_secret_that_it_advanced_from) {
  const auto secret_of = [](Group& group, LeafIndex leaf) {
    const auto& ratchets = GroupAccess::impl(group).epoch.messages.ratchets();
    return to_bytes(ratchets.at({leaf, RatchetType::application}).secret.view());
  };
  ASSERT_TRUE(alice().receive(*bob().protect(as_bytes("x"), {}, cast.env()), cast.env()));
  const Bytes sent = secret_of(bob(), bob().own_leaf());
  const Bytes received = secret_of(alice(), bob().own_leaf());
  EXPECT_EQ(sent, received);
  ASSERT_TRUE(alice().receive(*bob().protect(as_bytes("y"), {}, cast.env()), cast.env()));
  EXPECT_NE(secret_of(bob(), bob().own_leaf()), sent);
  EXPECT_EQ(secret_of(alice(), bob().own_leaf()), secret_of(bob(), bob().own_leaf()));
}
TEST_F(MlsHostileBounds, a_key_is_gone_once_its_message_was_read) {
  const MlsMessage first = *bob().protect(as_bytes("first"), {}, cast.env());
  const MlsMessage second = *bob().protect(as_bytes("second"), {}, cast.env());
  ASSERT_TRUE(alice().receive(second, cast.env()));
  EXPECT_EQ(count_keys(GroupAccess::impl(alice()).epoch.messages).skipped, 1U);
  ASSERT_TRUE(alice().receive(first, cast.env()));
  EXPECT_EQ(count_keys(GroupAccess::impl(alice()).epoch.messages).skipped, 0U);
}
TEST_F(MlsHostileBounds, a_parent_of_the_secret_tree_is_gone_once_its_children_are_there) {
  const auto& messages = GroupAccess::impl(alice()).epoch.messages;
  EXPECT_EQ(messages.nodes().size(), 1U);
  ASSERT_TRUE(alice().protect(as_bytes("x"), {}, cast.env()));
  // Eight leaves: what remains are the three siblings of the way down, and the leaf's own secret is gone.
  EXPECT_EQ(messages.nodes().size(), 3U);
  for (const auto& [node, secret] : messages.nodes()) EXPECT_FALSE(is_below(alice().own_leaf(), node));
}
TEST_F(MlsHostileBounds, one_nonce_is_never_used_twice) {
  std::set<Bytes> keys;
  SecretTree messages = GroupAccess::impl(alice()).epoch.messages.copy();
  for (int i = 0; i < 100; ++i) {
    for (const RatchetType type : {RatchetType::handshake, RatchetType::application}) {
      const auto sending = *messages.send(alice().own_leaf(), type);
      Bytes pair = to_bytes(sending.keys.key.view());
      append(pair, sending.keys.nonce.view());
      EXPECT_TRUE(keys.insert(std::move(pair)).second);
    }
  }
}
TEST_F(MlsHostileBounds, past_epochs_and_their_keys_are_bounded_and_forgotten) {
  for (Group& member : m) GroupAccess::impl(member).config.past_epochs = 2;
  std::vector<MlsMessage> sent;
  for (int i = 0; i < 4; ++i) {
    sent.push_back(*bob().protect(as_bytes("late"), {}, cast.env()));
    cast.commit(m, kMallory, {.force_path = true});
  }
  EXPECT_EQ(GroupAccess::impl(alice()).past.size(), 2U);
  expect_refused_and_unchanged(alice(), sent[0], "epoch that is over", RefusalKind::ignore);
  expect_refused_and_unchanged(alice(), sent[1], "epoch that is over", RefusalKind::ignore);
  EXPECT_TRUE(alice().receive(sent[2], cast.env()));
  EXPECT_TRUE(alice().receive(sent[3], cast.env()));
  expect_refused_and_unchanged(alice(), sent[3], "used already", RefusalKind::ignore);
}
TEST_F(MlsHostileBounds, past_resumption_keys_are_bounded) {
  for (Group& member : m) GroupAccess::impl(member).config.resumption_psks = 2;
  const Epoch start = alice().epoch();
  for (int i = 0; i < 4; ++i) cast.commit(m, kMallory, {.force_path = true});
  EXPECT_EQ(GroupAccess::impl(alice()).resumption_psks.size(), 2U);
  EXPECT_FALSE(alice().resumption_psk(start));
  EXPECT_TRUE(alice().resumption_psk(start + 3));
}
TEST_F(MlsHostileBounds, secrets_of_welcoming_are_gone_when_the_epoch_begins) {
  const OwnKeyPackage own = cast.package("new");
  CommitOptions options;
  options.by_value = {{Add{own.package}}};
  cast.commit(m, 0, options, {&own});
  for (const Group& member : m) {
    const EpochSecrets& secrets = GroupAccess::impl(member).epoch.secrets;
    EXPECT_TRUE(secrets.joiner_secret.empty());
    EXPECT_TRUE(secrets.welcome_secret.empty());
    EXPECT_TRUE(secrets.encryption_secret.empty());
  }
}
TEST_F(MlsHostileBounds, keys_of_nodes_that_were_replaced_are_forgotten) {
  cast.commit(m, 0, {.force_path = true});
  cast.commit(m, 4, {.by_value = {{Remove{{1}}}}});
  for (const Group& member : m) {
    const EpochState& epoch = GroupAccess::impl(member).epoch;
    for (const auto& [node, key] : epoch.keys.all()) {
      ASSERT_FALSE(epoch.tree.is_blank(node));
      EXPECT_EQ(epoch.tree.public_key(node), key->public_key());
    }
  }
}

// Encodings.

Status read_all(const Bytes& bytes) {
  const auto message = MlsMessage::decode(bytes);
  return message ? ok_status() : Status(message.error());
}

TEST(MlsHostileEncoding, bytes_after_a_message_are_refused) {
  Cast cast;
  Bytes bytes = MlsMessage{cast.package("p").package}.encode();
  ASSERT_TRUE(read_all(bytes));
  bytes.push_back(0);
  EXPECT_FALSE(read_all(bytes));
}
TEST(MlsHostileEncoding, every_shorter_message_is_refused) {
  Cast cast;
  const Bytes bytes = MlsMessage{cast.package("p").package}.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read_all(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))));
  }
}
TEST(MlsHostileEncoding, lengths_that_are_not_in_their_shortest_form_are_refused) {
  // ExternalInit's kem_output of one byte, in three spellings, and with the reserved prefix.
  EXPECT_TRUE(wire::decode<Proposal>(Bytes{0, 6, 0x01, 9}));
  EXPECT_FALSE(wire::decode<Proposal>(Bytes{0, 6, 0x40, 0x01, 9}));
  EXPECT_FALSE(wire::decode<Proposal>(Bytes{0, 6, 0x80, 0, 0, 0x01, 9}));
  EXPECT_FALSE(wire::decode<Proposal>(Bytes{0, 6, 0xC0, 0, 0, 0, 0, 0, 0, 0x01, 9}));
}
TEST(MlsHostileEncoding, an_optional_value_is_there_or_not) {
  // An empty Commit: no proposals, and the byte before the path.
  EXPECT_TRUE(wire::decode<Commit>(Bytes{0, 0}));
  Cast cast;
  const std::vector<Group> m = cast.warm_group_of(2);
  const Forged forged = forge_commit(m[0], cast, {});
  Bytes with_path = wire::encode(std::get<Commit>(forged.content.content.body));
  EXPECT_TRUE(wire::decode<Commit>(with_path));
  for (const std::uint8_t flag : {2, 0x80, 0xFF}) {
    with_path[1] = flag;
    EXPECT_FALSE(wire::decode<Commit>(with_path));
    EXPECT_FALSE(wire::decode<Commit>(Bytes{0, flag}));
  }
}
TEST(MlsHostileEncoding, a_length_beyond_the_input_is_refused_before_anything_is_allocated) {
  const double start = static_cast<double>(std::clock());
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(wire::decode<Proposal>(Bytes{0, 6, 0xBF, 0xFF, 0xFF, 0xFF, 9}));
    EXPECT_FALSE(wire::decode<Commit>(Bytes{0xBF, 0xFF, 0xFF, 0xFF, 1}));
    EXPECT_FALSE(wire::decode<RatchetTreeNodes>(Bytes{0xBF, 0xFF, 0xFF, 0xFF, 0}));
    EXPECT_FALSE(wire::decode<Welcome>(Bytes{0, 1, 0xBF, 0xFF, 0xFF, 0xFF, 0}));
  }
  // A gigabyte each would take minutes.
  EXPECT_LT((static_cast<double>(std::clock()) - start) / CLOCKS_PER_SEC, 2.0);
}
TEST(MlsHostileEncoding, values_of_closed_sets_outside_them_are_refused) {
  EXPECT_FALSE(wire::decode<Sender>(Bytes{0}));
  EXPECT_FALSE(wire::decode<Sender>(Bytes{5}));
  EXPECT_FALSE(wire::decode<ProposalOrRef>(Bytes{3, 0}));
  EXPECT_FALSE(wire::decode<ProposalOrRef>(Bytes{0, 0}));
  EXPECT_FALSE(wire::decode<Proposal>(Bytes{0, 0, 0}));
  EXPECT_FALSE(wire::decode<PreSharedKeyId>(Bytes{3, 0, 0}));
  EXPECT_FALSE(wire::decode<PreSharedKeyId>(Bytes{2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(wire::decode<PreSharedKeyId>(Bytes{2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(wire::decode<RatchetTreeNodes>(Bytes{2, 1, 3}));
  EXPECT_FALSE(wire::decode<Credential>(Bytes{0, 3, 0}));
  EXPECT_FALSE(MlsMessage::decode(Bytes{0, 1, 0, 6, 0}));
  EXPECT_FALSE(MlsMessage::decode(Bytes{0, 1, 0, 0, 0}));
  Cast cast;
  KeyPackage package = cast.package("p").package;
  package.leaf_node.source = static_cast<LeafNodeSource>(4);
  EXPECT_FALSE(wire::decode<KeyPackage>(wire::encode(package)));
}
TEST(MlsHostileEncoding, a_message_of_another_version_is_refused) {
  Cast cast;
  Bytes bytes = MlsMessage{cast.package("p").package}.encode();
  bytes[1] = 2;
  EXPECT_FALSE(read_all(bytes));
}
TEST(MlsHostileEncoding, an_extension_that_occurs_twice_is_refused) {
  Cast cast;
  KeyPackage package = cast.package("p").package;
  package.extensions = {{static_cast<ExtensionType>(0x0A0A), {1}}, {static_cast<ExtensionType>(0x0A0A), {2}}};
  EXPECT_FALSE(wire::decode<KeyPackage>(wire::encode(package)));
  GroupContext context;
  context.extensions = package.extensions;
  EXPECT_FALSE(wire::decode<GroupContext>(wire::encode(context)));
}
TEST(MlsHostileEncoding, fields_beyond_their_limits_are_refused) {
  KeyPackage package = Cast().package("p").package;
  package.init_key.assign(kMaxKeyBytes, 1);
  EXPECT_TRUE(wire::decode<KeyPackage>(wire::encode(package)));
  package.init_key.push_back(1);
  EXPECT_FALSE(wire::decode<KeyPackage>(wire::encode(package)));
  GroupContext context;
  context.group_id.assign(kMaxIdBytes + 1, 1);
  EXPECT_FALSE(wire::decode<GroupContext>(wire::encode(context)));
}
TEST(MlsHostileEncoding, lists_beyond_their_limits_are_refused) {
  Capabilities capabilities;
  capabilities.extensions.assign(kMaxListEntries + 1, static_cast<ExtensionType>(0x0A0A));
  EXPECT_FALSE(wire::decode<Capabilities>(wire::encode(capabilities)));
  UpdatePath path;
  path.leaf_node = Cast().package("p").package.leaf_node;
  path.nodes.assign(33, UpdatePathNode{Bytes(32, 1), {}});
  EXPECT_FALSE(wire::decode<UpdatePath>(wire::encode(path)));
  ParentNode parent;
  for (std::uint32_t i = 0; i <= kMaxMembers; ++i) parent.unmerged_leaves.push_back({i});
  EXPECT_FALSE(wire::decode<ParentNode>(wire::encode(parent)));
  Credential chain;
  chain.type = CredentialType::x509;
  chain.certificates.assign(17, Bytes(1, 1));
  EXPECT_FALSE(wire::decode<Credential>(wire::encode(chain)));
  EXPECT_FALSE(MlsMessage::decode(Bytes(kMaxMessageBytes + 1, 0)));
}

// Trees that are meant to hurt.

TEST_F(MlsHostileBounds, a_tree_of_many_leaves_that_all_vouch_for_one_parent_is_refused_in_bounded_time) {
  // Every leaf of the left half carries the parent hash of the root, so each is tried.
  constexpr std::uint32_t kLeaves = 2048;
  const OwnKeyPackage own = cast.package("newcomer");
  RatchetTreeNodes nodes;
  nodes.nodes.resize(2 * kLeaves - 1);
  for (std::uint32_t i = 0; i < kLeaves; ++i) {
    LeafNode leaf = own.package.leaf_node;
    leaf.source = LeafNodeSource::commit;
    leaf.parent_hash = Bytes(32, 1);
    nodes.nodes[2 * i] = std::move(leaf);
  }
  const auto half = RatchetTree::from_nodes(suite(), nodes);
  ASSERT_TRUE(half);
  const NodeIndex root{kLeaves - 1};
  wire::Writer input;
  input.opaque(Bytes(32, 9));
  input.opaque({});
  input.opaque(half->tree_hash(right_of(root)));
  const Bytes hash = suite().hash(input.view());
  for (std::uint32_t i = 0; i < kLeaves / 2; ++i) std::get<LeafNode>(*nodes.nodes[2 * i]).parent_hash = hash;
  nodes.nodes[root.value] = TreeNode{ParentNode{Bytes(32, 9), {}, {}}};
  const auto tree = RatchetTree::from_nodes(suite(), nodes);
  ASSERT_TRUE(tree);
  const double seconds = cpu_seconds([&] { EXPECT_FALSE(tree->parent_hashes_are_valid()); });
  EXPECT_LT(seconds, 1.0);
}

}  // namespace
}  // namespace sotto::mls::insider
