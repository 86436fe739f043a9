// RFC 9420 sections 12.4.3.1, 7.9.2 and 10.1: a Welcome whose every secret fits, and whose tree, group
// information or recipients are not what they should be.
#include "unit/mls/hostile.hpp"

namespace sotto::mls::insider {
namespace {

class MlsHostileWelcome : public Hostile {
 protected:
  // Seven members in a tree with parents; the insider adds the newcomer at leaf 7, with a path.
  MlsHostileWelcome() {
    m = cast.warm_group_of(7);
    make();
  }
  void make(bool path = true) {
    CommitPlan plan;
    plan.path = path;
    plan.proposals = {by_value(Add{own.package})};
    Forged forged = forge_commit(mallory(), cast, std::move(plan));
    context = forged.next.context;
    nodes = forged.next.tree.to_nodes();
    place = forged.added.at(0);
    path_secret.reset();
    for (std::size_t i = forged.path.size(); i-- > 0;) {
      if (is_below(place, forged.path[i].node)) path_secret = forged.path_secrets.steps[i].copy();
    }
  }
  WelcomePlan plan() {
    WelcomePlan made;
    made.context = context;
    made.tree = nodes;
    made.signer = {2};
    made.signing_key = &signing_key(kMallory);
    if (path_secret) made.path_secret = path_secret->copy();
    return made;
  }
  Outcome<Group> join(const WelcomePlan& made, const RatchetTreeNodes* beside = nullptr) {
    return Group::join(forge_welcome(own.package, cast, made), own, beside, cast.config, cast.env());
  }
  void expect_join_refused(const WelcomePlan& made, std::string_view why,
                           const RatchetTreeNodes* beside = nullptr) {
    const auto joined = join(made, beside);
    ASSERT_FALSE(joined) << "joined, where this was expected: " << why;
    EXPECT_NE(joined.refusal().error.message.find(why), std::string::npos) << joined.refusal().error.message;
  }
  void expect_tree_refused(const Hook<RatchetTreeNodes>& change, std::string_view why) {
    WelcomePlan made = plan();
    change(made.tree);
    expect_join_refused(made, why);
    // From outside the same tree is judged alike.
    GroupInfo info = forge_group_info(mallory(), false, true, [&](GroupInfo& changed) {
      changed.group_context = context;
      if (const auto tree = RatchetTree::from_nodes(suite(), made.tree)) {
        changed.group_context.tree_hash = tree->root_hash();
      }
    });
    const auto outside = Group::join_externally(info, &made.tree, cast.identity("outsider"), false, {},
                                                cast.config, cast.env());
    ASSERT_FALSE(outside);
    EXPECT_NE(outside.refusal().error.message.find(why), std::string::npos)
        << outside.refusal().error.message;
  }
  LeafNode& leaf_in(RatchetTreeNodes& tree_nodes, std::uint32_t leaf) {
    return std::get<LeafNode>(*tree_nodes.nodes.at(leaf * 2));
  }
  ParentNode& parent_in(RatchetTreeNodes& tree_nodes, std::uint32_t node) {
    return std::get<ParentNode>(*tree_nodes.nodes.at(node));
  }
  // A member's leaf changed and signed again, and the parents above it gone: no hash is in the way.
  void change_leaf(RatchetTreeNodes& tree_nodes, std::uint32_t leaf, const Hook<LeafNode>& change) {
    for (std::size_t i = 1; i < tree_nodes.nodes.size(); i += 2) tree_nodes.nodes[i].reset();
    change(leaf_in(tree_nodes, leaf));
    resign(suite(), leaf_in(tree_nodes, leaf), signing_key(leaf), context.group_id, {leaf});
  }
  void expect_leaf_refused(const Hook<LeafNode>& change, std::string_view why) {
    path_secret.reset();
    expect_tree_refused([&](RatchetTreeNodes& tree_nodes) { change_leaf(tree_nodes, 3, change); }, why);
  }

  OwnKeyPackage own = cast.package("newcomer");
  GroupContext context;
  RatchetTreeNodes nodes;
  LeafIndex place;
  std::optional<SecretBytes> path_secret;
};

TEST_F(MlsHostileWelcome, is_taken_when_honest) {
  const auto joined = join(plan());
  ASSERT_TRUE(joined) << joined.refusal().error.message;
  WelcomePlan beside = plan();
  beside.tree_inside = false;
  EXPECT_TRUE(join(beside, &nodes));
  WelcomePlan bare = plan();
  bare.path_secret.reset();
  EXPECT_TRUE(join(bare));
}
TEST_F(MlsHostileWelcome, without_parents_is_taken_when_honest) {
  WelcomePlan made = plan();
  made.path_secret.reset();
  change_leaf(made.tree, 3, [](LeafNode&) {});
  EXPECT_TRUE(join(made));
}
TEST_F(MlsHostileWelcome, for_another_key_package_is_ignored) {
  const OwnKeyPackage other = cast.package("newcomer");
  const auto joined =
      Group::join(forge_welcome(own.package, cast, plan()), other, nullptr, cast.config, cast.env());
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.refusal().kind, RefusalKind::ignore);
}
TEST_F(MlsHostileWelcome, of_another_suite_is_refused) {
  WelcomePlan made = plan();
  made.on_welcome = [](Welcome& w) { w.cipher_suite = CipherSuite::x25519_chacha20poly1305_sha256_ed25519; };
  expect_join_refused(made, "another cipher suite");
  made.on_welcome = [](Welcome& w) { w.cipher_suite = static_cast<CipherSuite>(0x0A0A); };
  expect_join_refused(made, "not supported");
  WelcomePlan inner = plan();
  inner.on_info = [](GroupInfo& info) {
    info.group_context.cipher_suite = CipherSuite::x25519_chacha20poly1305_sha256_ed25519;
  };
  expect_join_refused(inner, "another cipher suite or version");
}
TEST_F(MlsHostileWelcome, of_another_version_is_refused) {
  WelcomePlan inner = plan();
  inner.on_info = [](GroupInfo& info) { info.group_context.version = static_cast<ProtocolVersion>(2); };
  expect_join_refused(inner, "another cipher suite or version");
}
TEST_F(MlsHostileWelcome, whose_secrets_or_information_were_touched_is_refused) {
  WelcomePlan made = plan();
  made.on_welcome = [](Welcome& w) { w.secrets[0].encrypted_group_secrets.ciphertext.back() ^= 1; };
  expect_join_refused(made, "Welcome does not decrypt");
  made.on_welcome = [](Welcome& w) { w.encrypted_group_info.back() ^= 1; };
  expect_join_refused(made, "Welcome does not decrypt");  // it is the context of the secrets
}
TEST_F(MlsHostileWelcome, whose_joiner_secret_is_another_is_refused) {
  WelcomePlan made = plan();
  made.on_secrets = [](GroupSecrets& s) { s.joiner_secret.mutable_view()[0] ^= 1; };
  expect_join_refused(made, "group information of the Welcome does not decrypt");
}
TEST_F(MlsHostileWelcome, signed_by_nobody_in_the_tree_is_refused) {
  WelcomePlan made = plan();
  made.signer = {200};
  expect_join_refused(made, "signer of the GroupInfo is not a member");
  made.signer = {UINT32_MAX};
  expect_join_refused(made, "signer of the GroupInfo is not a member");
  made.signer = {3};
  expect_join_refused(made, "signature of the GroupInfo");
  WelcomePlan touched = plan();
  touched.on_signed_info = [](GroupInfo& info) { info.group_context.epoch += 1; };
  expect_join_refused(touched, "signature of the GroupInfo");
}
TEST_F(MlsHostileWelcome, signed_by_a_blank_leaf_is_refused) {
  WelcomePlan made = plan();
  made.tree.nodes[4].reset();
  expect_join_refused(made, "signer of the GroupInfo is not a member");
}
TEST_F(MlsHostileWelcome, whose_tree_is_not_the_one_it_names_is_refused) {
  WelcomePlan made = plan();
  made.keep_tree_hash = true;
  made.context.tree_hash[0] ^= 1;
  expect_join_refused(made, "not the one that the GroupInfo names");
}
TEST_F(MlsHostileWelcome, with_another_tree_beside_it_is_refused) {
  WelcomePlan made = plan();
  made.tree_inside = false;
  RatchetTreeNodes other = nodes;
  other.nodes[6].reset();
  expect_join_refused(made, "not the one that the GroupInfo names", &other);
  expect_join_refused(made, "neither in nor beside", nullptr);
}
TEST_F(MlsHostileWelcome, whose_confirmation_tag_does_not_hold_is_refused) {
  WelcomePlan made = plan();
  made.on_info = [](GroupInfo& info) { info.confirmation_tag[0] ^= 1; };
  expect_join_refused(made, "confirmation tag");
  made.on_info = [](GroupInfo& info) { info.confirmation_tag.clear(); };
  expect_join_refused(made, "confirmation tag");
}
TEST_F(MlsHostileWelcome, whose_tree_lacks_the_newcomer_is_refused) {
  WelcomePlan made = plan();
  made.path_secret.reset();
  made.tree = m[0].ratchet_tree();
  expect_join_refused(made, "does not hold the leaf");
}
TEST_F(MlsHostileWelcome, whose_leaf_is_not_the_one_the_newcomer_made_is_refused) {
  WelcomePlan made = plan();
  made.path_secret.reset();
  for (std::size_t i = 1; i < made.tree.nodes.size(); i += 2) made.tree.nodes[i].reset();
  LeafNode& mine = leaf_in(made.tree, place.value);
  mine.lifetime.not_after -= 1;
  resign(suite(), mine, own.identity.signing_key, {}, {});
  expect_join_refused(made, "does not hold the leaf");
}
TEST_F(MlsHostileWelcome, whose_path_secret_gives_other_keys_is_refused) {
  WelcomePlan made = plan();
  made.path_secret = SecretBytes(32);
  expect_join_refused(made, "does not fit the tree");
  made.path_secret = SecretBytes(31);
  expect_join_refused(made, "path secret has the wrong size");
}
TEST_F(MlsHostileWelcome, whose_path_secret_is_of_a_signer_without_path_is_refused) {
  WelcomePlan made = plan();
  made.signer = {6};  // the parent above it and the newcomer is blank
  made.signing_key = &signing_key(6);
  expect_join_refused(made, "does not fit the tree");
}
TEST_F(MlsHostileWelcome, signed_by_the_newcomer_itself_with_a_path_secret_is_refused) {
  WelcomePlan made = plan();
  made.signer = place;
  made.signing_key = &own.identity.signing_key;
  expect_join_refused(made, "comes from the member it welcomes");
}

// The shape of the tree.

TEST_F(MlsHostileWelcome, a_tree_that_ends_with_a_blank_is_refused) {
  expect_tree_refused([](RatchetTreeNodes& t) { t.nodes.emplace_back(std::nullopt); }, "ends with a blank");
  expect_tree_refused([](RatchetTreeNodes& t) { t.nodes.clear(); }, "ends with a blank");
}
TEST_F(MlsHostileWelcome, a_tree_that_ends_with_a_parent_is_refused) {
  for (const std::size_t size : {2, 4, 8, 16}) {
    expect_tree_refused(
        [&](RatchetTreeNodes& t) {
          t.nodes.resize(size);
          t.nodes.back() = TreeNode{ParentNode{Bytes(32, 9), {}, {}}};
        },
        "ends with a parent");
  }
}
TEST_F(MlsHostileWelcome, a_tree_with_a_node_of_the_wrong_kind_is_refused) {
  expect_tree_refused([&](RatchetTreeNodes& t) { t.nodes[1] = t.nodes[0]; }, "wrong kind");
  expect_tree_refused(
      [&](RatchetTreeNodes& t) {
        t.nodes[6] = TreeNode{ParentNode{Bytes(32, 9), {}, {}}};
      },
      "wrong kind");
}
TEST_F(MlsHostileWelcome, a_tree_beyond_the_limit_is_refused_before_anything_is_made_of_it) {
  RatchetTreeNodes huge;
  huge.nodes.resize(2 * kMaxMembers + 1);
  huge.nodes.back() = nodes.nodes[0];
  WelcomePlan made = plan();
  made.tree_inside = false;
  made.keep_tree_hash = true;
  expect_join_refused(made, "too large", &huge);
  EXPECT_FALSE(wire::decode<RatchetTreeNodes>(wire::encode(huge)));
}

// Parent nodes. With seven members before it, every even member has committed: the parents 1, 3, 5, 7, 9, 11
// are there, and the newcomer at leaf 7 is unmerged at those above it that the last path did not renew.

TEST_F(MlsHostileWelcome, a_parent_hash_that_does_not_hold_is_refused) {
  for (const std::uint32_t node : {1U, 3U, 9U}) {
    ASSERT_TRUE(nodes.nodes[node]);
    path_secret.reset();
    expect_tree_refused([&](RatchetTreeNodes& t) { parent_in(t, node).encryption_key[0] ^= 1; },
                        "parent hash");
    expect_tree_refused([&](RatchetTreeNodes& t) { parent_in(t, node).parent_hash = Bytes(32, 3); },
                        "parent hash");
  }
}
TEST_F(MlsHostileWelcome, a_parent_that_no_leaf_vouches_for_is_refused) {
  path_secret.reset();
  expect_tree_refused(
      [&](RatchetTreeNodes& t) {
        for (std::size_t i = 1; i < t.nodes.size(); i += 2) t.nodes[i].reset();
        t.nodes[3] = TreeNode{
            ParentNode{crypto::DhPrivateKey::generate(suite().dh_group(), cast.random).public_key(), {}, {}}};
      },
      "parent hash");
}
TEST_F(MlsHostileWelcome, an_unmerged_leaf_that_is_blank_is_refused) {
  path_secret.reset();
  expect_tree_refused(
      [&](RatchetTreeNodes& t) {
        t.nodes[12].reset();
        parent_in(t, 7).unmerged_leaves = {{6}};
      },
      "unmerged leaf is not a member below");
}
TEST_F(MlsHostileWelcome, an_unmerged_leaf_that_is_not_below_is_refused) {
  path_secret.reset();
  for (const std::uint32_t leaf : {7U, 8U, 4096U, UINT32_MAX}) {
    expect_tree_refused([&](RatchetTreeNodes& t) { parent_in(t, 1).unmerged_leaves = {{leaf}}; },
                        "unmerged leaf is not a member below");
  }
}
TEST_F(MlsHostileWelcome, a_leaf_unmerged_above_a_node_where_it_is_merged_is_refused) {
  path_secret.reset();
  expect_tree_refused([&](RatchetTreeNodes& t) { parent_in(t, 7).unmerged_leaves = {{1}}; },
                      "unmerged above a node where it is merged");
}
TEST_F(MlsHostileWelcome, a_leaf_unmerged_below_and_merged_above_is_refused_by_its_parent_hash) {
  path_secret.reset();
  expect_tree_refused([&](RatchetTreeNodes& t) { parent_in(t, 1).unmerged_leaves = {{1}}; }, "parent hash");
}
TEST_F(MlsHostileWelcome, unmerged_leaves_out_of_order_or_twice_are_not_even_read) {
  for (const std::vector<LeafIndex>& list :
       {std::vector<LeafIndex>{{5}, {4}}, std::vector<LeafIndex>{{5}, {5}}}) {
    const ParentNode parent{Bytes(32, 9), {}, list};
    EXPECT_FALSE(wire::decode<ParentNode>(wire::encode(parent)));
  }
}
TEST_F(MlsHostileWelcome, leaves_that_are_unmerged_do_not_break_the_hashes_above_them) {
  // An Add without a path: the newcomer is unmerged at every parent above it.
  make(false);
  const auto joined = join(plan());
  ASSERT_TRUE(joined) << joined.refusal().error.message;
  const auto* parent = GroupAccess::impl(*joined).epoch.tree.parent({7});
  ASSERT_NE(parent, nullptr);
  EXPECT_EQ(parent->unmerged_leaves, std::vector<LeafIndex>{place});
}
TEST_F(MlsHostileWelcome, leaves_unmerged_beside_a_path_do_not_break_the_parent_hash_above) {
  // The root's hash was made by leaf 0, over a right half that the newcomer was not in: neither its leaf nor
  // its name among the unmerged of that half's parents may count.
  cast.commit(m, 0, {.force_path = true});
  make(false);
  const auto joined = join(plan());
  ASSERT_TRUE(joined) << joined.refusal().error.message;
  const RatchetTree& now = GroupAccess::impl(*joined).epoch.tree;
  EXPECT_EQ(now.parent({7})->unmerged_leaves, std::vector<LeafIndex>{place});
  EXPECT_EQ(now.parent({11})->unmerged_leaves, std::vector<LeafIndex>{place});
}
TEST_F(MlsHostileWelcome, a_parent_beside_a_leaf_it_never_knew_is_refused) {
  // Leaf 0 committed when leaf 1 was blank. Somebody put there later is unmerged above; who is hidden from
  // the parents would be in no resolution and in every hash.
  m = cast.warm_group_of(7);
  cast.commit(m, 0, {.by_value = {{Remove{{1}}}}});
  WelcomePlan made;
  made.context = alice().context();
  made.tree = alice().ratchet_tree();
  made.signer = {0};
  made.signing_key = &signing_key(0);
  made.tree.nodes[2] = TreeNode{own.package.leaf_node};
  expect_join_refused(made, "parent hash in the tree");
  for (const std::size_t above : {3U, 7U})
    parent_in(made.tree, static_cast<std::uint32_t>(above)).unmerged_leaves = {{1}};
  const auto joined = join(made);
  EXPECT_TRUE(joined) << joined.refusal().error.message;
}
TEST_F(MlsHostileWelcome, a_parent_key_that_is_none_is_refused) {
  path_secret.reset();
  expect_tree_refused([&](RatchetTreeNodes& t) { parent_in(t, 1).encryption_key.pop_back(); },
                      "parent node is no public key");
  expect_tree_refused([&](RatchetTreeNodes& t) { parent_in(t, 1).encryption_key = Bytes(32, 0); },
                      "parent node is no public key");
}

// Leaves.

TEST_F(MlsHostileWelcome, a_leaf_whose_signature_does_not_hold_is_refused) {
  path_secret.reset();
  expect_tree_refused(
      [&](RatchetTreeNodes& t) {
        change_leaf(t, 3, [](LeafNode&) {});
        leaf_in(t, 3).signature[3] ^= 1;
      },
      "signature of a leaf");
}
TEST_F(MlsHostileWelcome, a_leaf_moved_to_another_place_is_refused) {
  // Leaf 4 was signed in a commit, for its place.
  path_secret.reset();
  expect_tree_refused(
      [&](RatchetTreeNodes& t) {
        change_leaf(t, 3, [](LeafNode&) {});
        std::swap(t.nodes[8], t.nodes[10]);
      },
      "signature of a leaf");
}
TEST_F(MlsHostileWelcome, a_leaf_whose_credential_does_not_stand_is_refused) {
  cast.policy.forbid("member-3");
  path_secret.reset();
  expect_tree_refused([&](RatchetTreeNodes& t) { change_leaf(t, 3, [](LeafNode&) {}); },
                      "authentication service");
}
TEST_F(MlsHostileWelcome, a_leaf_with_an_extension_it_does_not_list_is_refused) {
  expect_leaf_refused(
      [](LeafNode& l) {
        l.extensions = {{static_cast<ExtensionType>(0xFF77), {}}};
      },
      "do not list");
}
TEST_F(MlsHostileWelcome, a_leaf_without_the_suite_version_or_credential_is_refused) {
  expect_leaf_refused([](LeafNode& l) { l.capabilities.cipher_suites = {}; }, "cipher suite");
  expect_leaf_refused([](LeafNode& l) { l.capabilities.versions = {}; }, "protocol version");
  expect_leaf_refused([](LeafNode& l) { l.capabilities.credentials = {}; }, "cannot read the credentials");
}
TEST_F(MlsHostileWelcome, a_leaf_that_lacks_what_the_group_requires_is_refused) {
  context.extensions = {to_extension(RequiredCapabilities{{}, {static_cast<ProposalType>(0x0A0A)}, {}})};
  WelcomePlan made = plan();
  expect_join_refused(made, "lacks capabilities");
  context.extensions = {{static_cast<ExtensionType>(0xFF77), {}}};
  expect_join_refused(plan(), "does not support an extension");
}
TEST_F(MlsHostileWelcome, an_encryption_key_that_is_there_twice_is_refused) {
  expect_leaf_refused([&](LeafNode& l) { l.encryption_key = leaf_of_member(4).encryption_key; },
                      "encryption key is in the tree twice");
}
TEST_F(MlsHostileWelcome, a_signature_key_that_is_there_twice_is_refused) {
  path_secret.reset();
  expect_tree_refused(
      [&](RatchetTreeNodes& t) {
        change_leaf(t, 3, [&](LeafNode& l) { l.signature_key = signing_key(4).public_key(); });
        resign(suite(), leaf_in(t, 3), signing_key(4), context.group_id, {3});
      },
      "signature key is in the group twice");
}
TEST_F(MlsHostileWelcome, a_credential_type_that_others_cannot_read_is_refused) {
  expect_leaf_refused(
      [](LeafNode& l) {
        l.capabilities.credentials = {CredentialType::x509};
        l.credential = {CredentialType::x509, {}, {Bytes(4, 1)}};
      },
      "cannot read the credentials");
}
TEST_F(MlsHostileWelcome, a_leaf_key_that_is_none_is_refused) {
  expect_leaf_refused([](LeafNode& l) { l.encryption_key = Bytes(31, 1); }, "leaf is no public key");
}

// Pre-shared keys of a Welcome.

TEST_F(MlsHostileWelcome, that_needs_a_key_this_client_lacks_is_refused) {
  WelcomePlan made = plan();
  made.psks = {psk("unknown").psk};
  expect_join_refused(made, "not known here");
}
TEST_F(MlsHostileWelcome, that_names_one_key_twice_is_refused) {
  cast.psks.give("one", as_bytes("secret"));
  WelcomePlan made = plan();
  made.psks = {psk("one").psk, psk("one").psk};
  expect_join_refused(made, "one pre-shared key twice");
}
TEST_F(MlsHostileWelcome, whose_key_has_a_nonce_of_another_size_is_refused) {
  cast.psks.give("one", as_bytes("secret"));
  for (const std::size_t size : {0, 31, 33}) {
    WelcomePlan made = plan();
    made.psks = {psk("one").psk};
    made.psks[0].psk_nonce.resize(size);
    expect_join_refused(made, "nonce");
  }
}
TEST_F(MlsHostileWelcome, that_founds_a_group_out_of_another_is_refused_by_a_plain_join) {
  for (const ResumptionPskUsage usage : {ResumptionPskUsage::reinit, ResumptionPskUsage::branch}) {
    WelcomePlan made = plan();
    PreSharedKeyId id;
    id.type = PskType::resumption;
    id.usage = usage;
    id.psk_group_id = context.group_id;
    id.psk_nonce = Bytes(32, 1);
    made.psks = {id};
    expect_join_refused(made, "founds a group out of another");
  }
}

}  // namespace
}  // namespace sotto::mls::insider
