// RFC 9420 sections 12.4, 12.4.2, 7.5 and 7.6: the path of a commit and what it must reproduce.
#include "unit/mls/hostile.hpp"

namespace sotto::mls::insider {
namespace {

using MlsHostileCommit = Hostile;

TEST_F(MlsHostileCommit, is_taken_when_honest) {
  expect_commit_accepted({});
  CommitPlan sealed;
  sealed.format = WireFormat::private_message;
  expect_commit_accepted(std::move(sealed));
}

TEST_F(MlsHostileCommit, an_empty_commit_needs_a_path) {
  CommitPlan plan;
  plan.path = false;
  expect_commit_refused(std::move(plan), "lacks the update path");
}

TEST_F(MlsHostileCommit, a_commit_that_changes_the_group_needs_a_path) {
  cast.capabilities.proposals = {static_cast<ProposalType>(0x0A0A)};
  m = cast.warm_group_of(5);
  const std::vector<PlannedProposal> needs{by_value(Remove{{3}}), by_reference(3, {Update{update_leaf(3)}}),
                                           by_value(GroupContextExtensions{}),
                                           by_value(CustomProposal{static_cast<ProposalType>(0x0A0A), {}})};
  for (const PlannedProposal& proposal : needs) {
    CommitPlan plan;
    plan.path = false;
    plan.proposals = {proposal, by_value(Add{cast.package("new").package})};
    expect_commit_refused(std::move(plan), "lacks the update path");
  }
}

TEST_F(MlsHostileCommit, adds_psks_and_a_reinit_need_no_path) {
  cast.psks.give("one", as_bytes("secret"));
  CommitPlan adds;
  adds.path = false;
  adds.proposals = {by_value(Add{cast.package("new").package}), by_value(psk("one"))};
  expect_commit_accepted(std::move(adds));
  CommitPlan reinit;
  reinit.path = false;
  reinit.proposals = {by_value(ReInit{{1}, ProtocolVersion::mls10, cast.suite(), {}})};
  expect_commit_accepted(std::move(reinit));
}

TEST_F(MlsHostileCommit, path_keys_that_are_in_the_tree_already_are_refused) {
  // The same path secrets as in the last commit give the same, well-formed path: only the keys are old.
  SecretBytes first(suite().hash_size());
  cast.random.fill(first.mutable_view());
  CommitPlan once;
  once.first_path_secret = first.copy();
  Forged forged = forge_commit(mallory(), cast, std::move(once));
  everybody_merges(forged.message, kMallory);
  adopt(mallory(), std::move(forged.next));
  CommitPlan again;
  again.first_path_secret = first.copy();
  expect_commit_refused(std::move(again), "in the tree already");
  expect_commit_accepted({});
}

TEST_F(MlsHostileCommit, a_path_that_takes_the_key_of_a_newcomer_is_refused) {
  const OwnKeyPackage own = cast.package("new");
  CommitPlan plan;
  plan.proposals = {by_value(Add{own.package})};
  plan.leaf_key = &own.leaf_key;
  expect_commit_refused(std::move(plan), "in the tree already");
}

TEST_F(MlsHostileCommit, one_key_twice_in_a_path_is_refused) {
  // Leaf and lowest parent share the key that the first path secret gives.
  SecretBytes first(suite().hash_size());
  cast.random.fill(first.mutable_view());
  const auto pair = *key_pair_of_path_secret(suite(), first.view());
  CommitPlan plan;
  plan.first_path_secret = first.copy();
  plan.leaf_key = &pair;
  expect_commit_refused(std::move(plan), "contains a key twice");
}

TEST_F(MlsHostileCommit, a_path_with_too_many_or_too_few_nodes_is_refused) {
  CommitPlan more;
  more.on_path = [](UpdatePath& path) { path.nodes.push_back(UpdatePathNode{Bytes(32, 5), {}}); };
  expect_commit_refused(std::move(more), "not as many nodes");
  CommitPlan less;
  less.on_path = [](UpdatePath& path) { path.nodes.pop_back(); };
  expect_commit_refused(std::move(less), "not as many nodes");
  CommitPlan none;
  none.on_path = [](UpdatePath& path) { path.nodes.clear(); };
  expect_commit_refused(std::move(none), "not as many nodes");
}

TEST_F(MlsHostileCommit, a_path_secret_for_too_many_or_too_few_is_refused) {
  CommitPlan more;
  more.on_path = [](UpdatePath& path) {
    path.nodes.back().encrypted_path_secrets.push_back(path.nodes.back().encrypted_path_secrets.front());
  };
  expect_commit_refused(std::move(more), "each of its recipients");
  // For dave, who is not asked here: he alone would be cut off.
  CommitPlan less;
  less.on_path = [](UpdatePath& path) { path.nodes.front().encrypted_path_secrets.clear(); };
  expect_commit_refused(std::move(less), "each of its recipients");
}

TEST_F(MlsHostileCommit, a_path_secret_for_a_newcomer_is_refused) {
  CommitPlan plan;
  plan.proposals = {by_value(Add{cast.package("new").package})};
  plan.exclude_added = false;
  expect_commit_refused(std::move(plan), "each of its recipients");
  CommitPlan right;
  right.proposals = {by_value(Add{cast.package("new").package})};
  expect_commit_accepted(std::move(right));
}

TEST_F(MlsHostileCommit, a_path_key_that_is_none_is_refused) {
  for (const Bytes& key : {Bytes{}, Bytes(31, 3), Bytes(65, 4), Bytes(32, 0)}) {
    CommitPlan plan;
    plan.on_path = [&](UpdatePath& path) { path.nodes.back().encryption_key = key; };
    expect_commit_refused(std::move(plan), "no public key");
  }
}

TEST_F(MlsHostileCommit, a_parent_hash_that_does_not_hold_is_refused) {
  for (const int kind : {0, 1, 2}) {
    CommitPlan plan;
    plan.on_leaf = [&](LeafNode& leaf) {
      if (kind == 0) leaf.parent_hash.clear();
      if (kind == 1) leaf.parent_hash[0] ^= 1;
      if (kind == 2) leaf.parent_hash.push_back(0);
    };
    expect_commit_refused(std::move(plan), "parent hash");
  }
}

TEST_F(MlsHostileCommit, a_path_secret_that_does_not_decrypt_cuts_off_only_whom_it_is_for) {
  CommitPlan plan;
  plan.on_path = [](UpdatePath& path) {
    for (HpkeCiphertext& sealed : path.nodes[1].encrypted_path_secrets) sealed.ciphertext.back() ^= 1;
  };
  const MlsMessage message = forge_commit(mallory(), cast, std::move(plan)).message;
  // Alice and bob are below that node, dave and erin are not.
  expect_refused_and_unchanged(message, "does not decrypt", RefusalKind::group_broken);
  EXPECT_TRUE(m[4].receive(message, cast.env()));
}

TEST_F(MlsHostileCommit, a_path_secret_that_gives_other_keys_is_refused) {
  // Well sealed, for the right epoch, and not what the public keys were made from.
  const SecretBytes other(suite().hash_size());
  GroupContext provisional;
  CommitPlan plan;
  plan.on_path_context = [&](GroupContext& context) { provisional = context; };
  plan.on_path = [&](UpdatePath& path) {
    const auto to = tree().resolution(tree().filtered_direct_path({2})[1].copath_child);
    for (std::size_t i = 0; i < to.size(); ++i) {
      path.nodes[1].encrypted_path_secrets[i] = *suite().encrypt_with_label(
          tree().public_key(to[i]), "UpdatePathNode", wire::encode(provisional), other.view(), cast.random);
    }
  };
  expect_commit_refused(std::move(plan), "does not give the public key", RefusalKind::group_broken);
}

TEST_F(MlsHostileCommit, a_path_secret_of_another_size_is_refused) {
  // Leaf 3 is the first to learn one; keys derived from a short one fit the public keys beside it.
  CommitPlan plan;
  plan.first_path_secret = SecretBytes(std::size_t{16});
  const MlsMessage message = forge_commit(mallory(), cast, std::move(plan)).message;
  expect_refused_and_unchanged(m[3], message, "wrong size", RefusalKind::group_broken);
}

TEST_F(MlsHostileCommit, path_secrets_are_bound_to_the_epoch_they_lead_to) {
  const std::vector<Hook<GroupContext>> changes{
      [](GroupContext& c) { c.epoch -= 1; },
      [&](GroupContext& c) { c.tree_hash = alice().context().tree_hash; },
      [](GroupContext& c) { c.confirmed_transcript_hash[0] ^= 1; },
      [](GroupContext& c) {
        c.extensions = {{static_cast<ExtensionType>(0xFF77), {}}};
      },
      [](GroupContext& c) { c.group_id.push_back(0); }};
  for (const auto& change : changes) {
    CommitPlan plan;
    plan.on_path_context = change;
    expect_commit_refused(std::move(plan), "does not decrypt", RefusalKind::group_broken);
  }
}

TEST_F(MlsHostileCommit, path_secrets_are_sealed_under_the_new_extensions) {
  constexpr auto kStrange = static_cast<ExtensionType>(0xFF77);
  cast.capabilities.extensions = {kStrange};
  m = cast.warm_group_of(5, {{kStrange, {1}}});
  CommitPlan plan;
  plan.proposals = {by_value(GroupContextExtensions{{{kStrange, {2}}}}),
                    by_value(Add{cast.package("new").package})};
  expect_commit_accepted(std::move(plan));
  CommitPlan old;
  old.proposals = {by_value(GroupContextExtensions{{{kStrange, {2}}}})};
  old.on_path_context = [](GroupContext& c) { c.extensions = {{kStrange, {1}}}; };
  expect_commit_refused(std::move(old), "does not decrypt", RefusalKind::group_broken);
}

TEST_F(MlsHostileCommit, a_wrong_confirmation_tag_leaves_the_way_free_for_the_right_commit) {
  cast.psks.give("one", as_bytes("secret"));
  const auto plan = [&] {
    CommitPlan made;
    made.proposals = {by_value(Add{cast.package("new").package}), by_reference(3, {Update{update_leaf(3)}}),
                      by_value(psk("one")), by_value(Remove{{4}})};
    return made;
  };
  CommitPlan wrong = plan();
  wrong.on_signed = [](AuthenticatedContent& content) { content.auth.confirmation_tag[31] ^= 1; };
  CommitPlan right = plan();
  for (const WireFormat format : {WireFormat::public_message, WireFormat::private_message}) {
    wrong.format = format;
    CommitPlan once{wrong.proposals};
    once.format = format;
    once.on_signed = wrong.on_signed;
    expect_commit_refused(std::move(once), "confirmation tag", RefusalKind::group_broken);
  }
  CommitPlan empty;
  empty.on_signed = [](AuthenticatedContent& content) { content.auth.confirmation_tag.clear(); };
  expect_commit_refused(std::move(empty), "confirmation tag", RefusalKind::group_broken);
  const Forged forged = forge_commit(mallory(), cast, std::move(right));
  auto received = alice().receive(forged.message, cast.env());
  ASSERT_TRUE(received) << received.refusal().error.message;
  ASSERT_TRUE(alice().merge(std::move(*received->get<StagedCommit>())));
  EXPECT_EQ(to_bytes(alice().epoch_authenticator()),
            to_bytes(forged.next.secrets.epoch_authenticator.view()));
}

TEST_F(MlsHostileCommit, a_commit_refused_late_takes_nothing_of_what_waits) {
  // What waits: proposals of others, an own update with its key, an own commit.
  const PlannedProposal update = by_reference(3, {Update{update_leaf(3)}});
  const MlsMessage own = *alice().propose_update(cast.env());
  const PublicMessage& body = *own.get<PublicMessage>();
  ASSERT_TRUE(alice().commit({.include_pending = false, .force_path = true}, cast.env()));
  CommitPlan plan;
  plan.proposals = {
      update, {std::get<Proposal>(body.content.body), Sender::member({0}), reference_of(suite(), body)}};
  plan.on_signed = [](AuthenticatedContent& content) { content.auth.confirmation_tag[31] ^= 1; };
  const MlsMessage wrong = forge_commit(mallory(), cast, std::move(plan)).message;
  expect_refused_and_unchanged(alice(), wrong, "confirmation tag", RefusalKind::group_broken);
  EXPECT_EQ(alice().proposals().size(), 2U);
  EXPECT_EQ(GroupAccess::impl(alice()).update_keys.size(), 1U);
  EXPECT_TRUE(alice().has_pending_commit());
}

TEST_F(MlsHostileCommit, a_commit_refused_late_does_not_burn_the_message_key) {
  CommitPlan wrong;
  wrong.format = WireFormat::private_message;
  wrong.on_signed = [](AuthenticatedContent& content) { content.auth.confirmation_tag[0] ^= 1; };
  expect_commit_refused(std::move(wrong), "confirmation tag", RefusalKind::group_broken);
  const auto genuine = mallory().commit({.force_path = true}, cast.env());
  EXPECT_TRUE(alice().receive(genuine->commit, cast.env()));
}

TEST_F(MlsHostileCommit, a_checked_commit_of_an_epoch_that_is_over_cannot_be_merged) {
  auto first = alice().receive(forge_commit(mallory(), cast, {}).message, cast.env());
  ASSERT_TRUE(first);
  const auto other = bob().commit({.force_path = true}, cast.env());
  auto second = alice().receive(other->commit, cast.env());
  ASSERT_TRUE(second);
  ASSERT_TRUE(alice().merge(std::move(*second->get<StagedCommit>())));
  const Bytes before = fingerprint(alice());
  const auto late = alice().merge(std::move(*first->get<StagedCommit>()));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.refusal().kind, RefusalKind::ignore);
  EXPECT_TRUE(fingerprint(alice()) == before);
}

TEST_F(MlsHostileCommit, a_member_that_is_unmerged_still_learns_the_path_secret) {
  // Added without a path: no parent's key is the newcomer's, so each path is encrypted to its leaf besides.
  m = cast.warm_group_of(7);
  const OwnKeyPackage own = cast.package("newcomer");
  CommitOptions add;
  add.by_value = {{Add{own.package}}};
  cast.commit(m, 4, add, {&own});
  ASSERT_EQ(tree().parent({11})->unmerged_leaves, std::vector<LeafIndex>{{7}});
  cast.commit(m, 0, {.force_path = true});
  EXPECT_EQ(to_bytes(m.back().epoch_authenticator()), to_bytes(alice().epoch_authenticator()));
}

TEST_F(MlsHostileCommit, nodes_beside_an_empty_half_leave_the_path_and_are_blanked) {
  // Eight members; the second quarter goes, then the fourth. Each time the first member commits.
  m = cast.warm_group_of(8);
  cast.commit(m, 0, {.by_value = {{Remove{{2}}}, {Remove{{3}}}}});
  const RatchetTree& now = tree();
  EXPECT_TRUE(now.is_blank({3})) << "the parent of an empty quarter stays out of the path";
  EXPECT_FALSE(now.is_blank({1}));
  EXPECT_FALSE(now.is_blank({7}));
  EXPECT_TRUE(now.parent_hashes_are_valid());
  cast.commit(m, 1, {.by_value = {{Remove{{4}}}, {Remove{{5}}}, {Remove{{6}}}}});
  EXPECT_TRUE(tree().parent_hashes_are_valid());
  cast.commit(m, 2, {.force_path = true});
  EXPECT_TRUE(tree().parent_hashes_are_valid());
  for (const Group& member : m)
    EXPECT_EQ(to_bytes(member.epoch_authenticator()), to_bytes(alice().epoch_authenticator()));
}

TEST_F(MlsHostileCommit, a_node_that_left_the_path_does_not_stay_in_the_tree) {
  // Leaf 2 with a parent of its own beside a blank leaf 3, as an insider may have left it in a tree that
  // others join.
  RatchetTreeNodes nodes;
  nodes.nodes.resize(9);
  for (const std::uint32_t leaf : {0U, 2U, 4U}) nodes.nodes[2 * leaf] = TreeNode{leaf_of_member(leaf)};
  nodes.nodes[5] = TreeNode{ParentNode{Bytes(32, 9), {}, {}}};
  RatchetTree left = *RatchetTree::from_nodes(suite(), nodes);
  const auto path = left.filtered_direct_path({2});
  ASSERT_EQ(path.size(), 2U);
  EXPECT_EQ(path[0].node, NodeIndex{3});
  (void)left.merge_path({2}, path, {Bytes(32, 1), Bytes(32, 2)});
  EXPECT_TRUE(left.is_blank({5}));
}

// Own messages and races.

TEST_F(MlsHostileCommit, ones_own_commit_that_comes_back_is_recognised_and_changes_nothing) {
  const auto made = alice().commit({.force_path = true}, cast.env());
  const Bytes before = fingerprint(alice());
  const auto received = alice().receive(made->commit, cast.env());
  ASSERT_TRUE(received);
  EXPECT_NE(received->get<OwnCommit>(), nullptr);
  EXPECT_TRUE(fingerprint(alice()) == before);
  EXPECT_TRUE(alice().merge_pending_commit());
}

TEST_F(MlsHostileCommit, a_pending_commit_gives_way_to_the_one_that_won) {
  const auto lost = alice().commit({.force_path = true}, cast.env());
  const auto won = bob().commit({.force_path = true}, cast.env());
  auto received = alice().receive(won->commit, cast.env());
  ASSERT_TRUE(received);
  ASSERT_TRUE(alice().merge(std::move(*received->get<StagedCommit>())));
  EXPECT_FALSE(alice().has_pending_commit());
  EXPECT_FALSE(alice().merge_pending_commit());
  expect_refused_and_unchanged(alice(), lost->commit, "epoch that is over", RefusalKind::ignore);
  ASSERT_TRUE(bob().merge_pending_commit());
  EXPECT_EQ(to_bytes(alice().epoch_authenticator()), to_bytes(bob().epoch_authenticator()));
}

TEST_F(MlsHostileCommit, a_second_own_commit_does_not_take_the_place_of_the_pending_one) {
  const auto first = alice().commit({.force_path = true}, cast.env());
  ASSERT_TRUE(first);
  const Bytes before = fingerprint(alice());
  const auto second = alice().commit({.force_path = true}, cast.env());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.refusal().error.code, ErrorCode::conflict);
  EXPECT_TRUE(fingerprint(alice()) == before);
  // The first one can still be followed.
  auto received = bob().receive(first->commit, cast.env());
  ASSERT_TRUE(received);
  ASSERT_TRUE(bob().merge(std::move(*received->get<StagedCommit>())));
  ASSERT_TRUE(alice().merge_pending_commit());
  EXPECT_EQ(to_bytes(alice().epoch_authenticator()), to_bytes(bob().epoch_authenticator()));
}

TEST_F(MlsHostileCommit, another_own_commit_is_made_once_the_pending_one_was_discarded) {
  const auto first = alice().commit({.force_path = true}, cast.env());
  alice().discard_pending_commit();
  const auto second = alice().commit({.force_path = true}, cast.env());
  ASSERT_TRUE(second);
  // The discarded one is a message of this member's like any other.
  const auto echo = alice().receive(first->commit, cast.env());
  ASSERT_FALSE(echo);
  EXPECT_EQ(echo.refusal().kind, RefusalKind::ignore);
  ASSERT_TRUE(alice().merge_pending_commit());
}

TEST_F(MlsHostileCommit, ones_own_proposals_in_anothers_commit_are_followed) {
  const MlsMessage remove = *alice().propose({Remove{{3}}}, cast.env());
  cast.deliver(m, 0, remove);
  const auto commit = mallory().commit({}, cast.env());
  auto received = alice().receive(commit->commit, cast.env());
  ASSERT_TRUE(received) << received.refusal().error.message;
  ASSERT_TRUE(alice().merge(std::move(*received->get<StagedCommit>())));
  EXPECT_FALSE(alice().member({3}));
}

TEST_F(MlsHostileCommit, the_key_of_ones_own_update_waits_until_a_commit_takes_it) {
  const MlsMessage update = *alice().propose_update(cast.env());
  cast.deliver(m, 0, update);
  const auto mallorys = mallory().commit({}, cast.env());  // takes the update
  expect_refused_and_unchanged(alice(), inside().proposal({Remove{{7}}}), "not a member");
  auto received = alice().receive(mallorys->commit, cast.env());
  ASSERT_TRUE(received) << received.refusal().error.message;
  ASSERT_TRUE(alice().merge(std::move(*received->get<StagedCommit>())));
  ASSERT_TRUE(mallory().merge_pending_commit());
  EXPECT_EQ(to_bytes(alice().epoch_authenticator()), to_bytes(mallory().epoch_authenticator()));
  // With the new key she reads the next path.
  const auto next = mallory().commit({.force_path = true}, cast.env());
  EXPECT_TRUE(alice().receive(next->commit, cast.env()));
}

TEST_F(MlsHostileCommit, the_key_of_an_update_that_was_passed_over_is_forgotten) {
  const MlsMessage update = *alice().propose_update(cast.env());
  ASSERT_TRUE(bob().receive(update, cast.env()));
  const auto without = bob().commit({.include_pending = false, .force_path = true}, cast.env());
  auto received = alice().receive(without->commit, cast.env());
  ASSERT_TRUE(received);
  ASSERT_TRUE(alice().merge(std::move(*received->get<StagedCommit>())));
  EXPECT_TRUE(GroupAccess::impl(alice()).update_keys.empty());
  EXPECT_TRUE(GroupAccess::impl(alice()).proposals.empty());
}

TEST_F(MlsHostileCommit, ones_own_proposal_that_comes_back_is_ignored) {
  const MlsMessage own = *alice().propose({Remove{{3}}}, cast.env());
  expect_refused_and_unchanged(alice(), own, "this member's own", RefusalKind::ignore);
}

TEST_F(MlsHostileCommit, an_update_in_ones_own_name_whose_key_is_not_held_is_not_followed) {
  // The insider has stolen alice's signature key, and updates her leaf to a key of its own.
  const LeafNode stolen = update_leaf(0);
  const MlsMessage proposal = Insider(alice(), cast).proposal({Update{stolen}});
  const PlannedProposal planned = share(proposal, 0);
  CommitPlan plan;
  plan.proposals = {planned};
  const MlsMessage commit = forge_commit(mallory(), cast, std::move(plan)).message;
  expect_refused_and_unchanged(alice(), commit, "own update is gone", RefusalKind::group_broken);
  EXPECT_TRUE(bob().receive(commit, cast.env()));
}

TEST_F(MlsHostileCommit, a_removed_member_is_told_and_holds_nothing_of_the_next_epoch) {
  CommitPlan plan;
  plan.proposals = {by_value(Remove{{0}})};
  auto received = alice().receive(forge_commit(mallory(), cast, std::move(plan)).message, cast.env());
  ASSERT_TRUE(received);
  EXPECT_TRUE(received->get<StagedCommit>()->summary().removes_self);
  EXPECT_TRUE(received->get<StagedCommit>()->epoch_authenticator().empty());
  ASSERT_TRUE(alice().merge(std::move(*received->get<StagedCommit>())));
  EXPECT_FALSE(alice().is_active());
  EXPECT_FALSE(alice().protect(as_bytes("x"), {}, cast.env()));
  EXPECT_FALSE(alice().commit({}, cast.env()));
}

TEST_F(MlsHostileCommit, after_a_reinit_the_group_is_history) {
  CommitPlan plan;
  plan.path = false;
  plan.proposals = {by_value(ReInit{{1}, ProtocolVersion::mls10, cast.suite(), {}})};
  auto received = alice().receive(forge_commit(mallory(), cast, std::move(plan)).message, cast.env());
  ASSERT_TRUE(received);
  ASSERT_TRUE(alice().merge(std::move(*received->get<StagedCommit>())));
  EXPECT_FALSE(alice().protect(as_bytes("x"), {}, cast.env()));
  EXPECT_FALSE(alice().propose({Remove{{3}}}, cast.env()));
  EXPECT_FALSE(alice().commit({}, cast.env()));
  EXPECT_FALSE(alice().group_info(true, true));
}

}  // namespace
}  // namespace sotto::mls::insider
