// RFC 9420 sections 12.1, 12.2 and 12.3: which proposals may stand together, and in what order they count.
#include "unit/mls/hostile.hpp"

namespace sotto::mls::insider {
namespace {

constexpr auto kCustom = static_cast<ProposalType>(0x0A0A);
constexpr auto kStrange = static_cast<ExtensionType>(0xFF77);

class MlsHostileProposals : public Hostile {
 protected:
  MlsHostileProposals() {
    cast.psks.give("one", as_bytes("first secret"));
    cast.psks.give("two", as_bytes("second secret"));
  }
  // Of five: the first four have cast.capabilities as they are now, the last one the default ones, as all who
  // come later.
  void group_whose_last_member_lacks_them() {
    m = cast.warm_group_of(4);
    cast.capabilities = default_capabilities();
    const OwnKeyPackage last = cast.package("member-4");
    CommitOptions add;
    add.by_value = {{Add{last.package}}};
    cast.commit(m, 0, add, {&last});
  }
  void expect_list_refused(std::vector<PlannedProposal> proposals, std::string_view why) {
    CommitPlan plan;
    plan.proposals = std::move(proposals);
    expect_commit_refused(std::move(plan), why);
  }
  void expect_list_accepted(std::vector<PlannedProposal> proposals) {
    CommitPlan plan;
    plan.proposals = std::move(proposals);
    expect_commit_accepted(std::move(plan));
  }
};

TEST_F(MlsHostileProposals, an_honest_mixture_is_taken) {
  expect_list_accepted({by_value(Add{cast.package("new").package}), by_reference(3, {Update{update_leaf(3)}}),
                        by_value(Remove{{4}}), by_value(psk("one")), by_reference(1, {psk("two")}),
                        by_value(GroupContextExtensions{})});
}

TEST_F(MlsHostileProposals, an_update_by_the_committer_is_refused) {
  const Proposal update{Update{update_leaf(kMallory)}};
  expect_list_refused({{update, {}, {}}}, "update of its own sender");
  const MlsMessage shared = inside().proposal(update);
  expect_list_refused({share(shared, kMallory)}, "update of its own sender");
}

TEST_F(MlsHostileProposals, a_remove_of_the_committer_is_refused) {
  expect_list_refused({by_value(Remove{{2}})}, "remove its own sender");
  expect_list_refused({by_reference(1, {Remove{{2}}})}, "remove its own sender");
}

TEST_F(MlsHostileProposals, two_changes_of_one_leaf_are_refused) {
  const PlannedProposal update = by_reference(3, {Update{update_leaf(3)}});
  const PlannedProposal another = by_reference(3, {Update{update_leaf(3)}});
  expect_list_refused({update, another}, "one leaf twice");
  expect_list_refused({update, by_value(Remove{{3}})}, "one leaf twice");
  expect_list_refused({by_value(Remove{{3}}), update}, "one leaf twice");
  expect_list_refused({by_value(Remove{{3}}), by_value(Remove{{3}})}, "one leaf twice");
  expect_list_refused({update, update}, "one leaf twice");
}

TEST_F(MlsHostileProposals, one_client_added_twice_is_refused) {
  expect_list_refused(
      {by_value(Add{cast.package("new").package}), by_value(Add{cast.package("new#2").package})},
      "adds one client twice");
}

TEST_F(MlsHostileProposals, a_client_that_is_a_member_is_not_added_again) {
  const Add again{cast.package("member-3#2").package};
  expect_list_refused({by_value(again)}, "a client that is a member");
  expect_list_refused({by_value(again), by_value(Remove{{4}})}, "a client that is a member");
  expect_list_accepted({by_value(again), by_value(Remove{{3}})});
}

TEST_F(MlsHostileProposals, one_psk_named_twice_is_refused) {
  const Psk twice = psk("one");
  expect_list_refused({by_value(twice), by_value(twice)}, "one pre-shared key twice");
  expect_list_refused({by_value(psk("one")), by_value(psk("one"))}, "one pre-shared key twice");
  expect_list_refused({by_reference(1, {twice}), by_value(twice)}, "one pre-shared key twice");
}

TEST_F(MlsHostileProposals, extensions_replaced_twice_are_refused) {
  expect_list_refused({by_value(GroupContextExtensions{}), by_reference(1, {GroupContextExtensions{}})},
                      "extensions twice");
}

TEST_F(MlsHostileProposals, a_reinit_beside_anything_else_is_refused) {
  const ReInit reinit{{1}, ProtocolVersion::mls10, cast.suite(), {}};
  expect_list_refused({by_value(reinit), by_value(psk("one"))}, "must stand alone");
  expect_list_refused({by_value(Remove{{3}}), by_value(reinit)}, "must stand alone");
  expect_list_refused({by_value(reinit), by_reference(1, {reinit})}, "must stand alone");
  expect_list_accepted({by_value(reinit)});
}

TEST_F(MlsHostileProposals, a_reinit_to_an_older_version_is_refused) {
  const ReInit back{{1}, ProtocolVersion::reserved, cast.suite(), {}};
  expect_list_refused({by_value(back)}, "older version");
  expect_refused_and_unchanged(inside().proposal({back}), "older version");
}

TEST_F(MlsHostileProposals, an_external_init_in_a_members_commit_is_refused) {
  expect_list_refused({by_value(ExternalInit{Bytes(32, 9)})}, "contains an ExternalInit");
  expect_list_refused({by_reference(1, {ExternalInit{Bytes(32, 9)}})}, "contains an ExternalInit");
}

TEST_F(MlsHostileProposals, a_custom_proposal_that_a_member_does_not_know_is_refused) {
  expect_list_refused({by_value(CustomProposal{kCustom, {1}})}, "does not know a proposal's type");
}

TEST_F(MlsHostileProposals, a_custom_proposal_need_not_be_known_by_those_who_come_or_go) {
  cast.capabilities.proposals = {kCustom};
  group_whose_last_member_lacks_them();
  const CustomProposal custom{kCustom, {1}};
  expect_list_refused({by_value(custom)}, "does not know a proposal's type");
  expect_list_accepted({by_value(custom), by_value(Remove{{4}})});
  expect_list_accepted({by_value(Remove{{4}}), by_value(custom), by_value(Add{cast.package("new").package})});
  expect_list_accepted({by_value(Add{cast.package("new").package}), by_value(custom), by_value(Remove{{4}})});
}

TEST_F(MlsHostileProposals, a_remove_of_nobody_is_refused) {
  for (const std::uint32_t leaf : {5U, 7U, 8U, 0x7FFFFFFFU, 0x80000000U, UINT32_MAX}) {
    expect_list_refused({by_value(Remove{{leaf}})}, "not a member");
    expect_refused_and_unchanged(inside().proposal({Remove{{leaf}}}), "not a member");
  }
}

TEST_F(MlsHostileProposals, a_proposal_nobody_sent_cannot_be_referred_to) {
  PlannedProposal unknown{Proposal{Remove{{3}}}, Sender::member({1}), ProposalRef(32, 7)};
  expect_list_refused({unknown}, "not known here");
  // Of an epoch that is over, neither.
  const PlannedProposal old = by_reference(1, {Remove{{3}}});
  cast.commit(m, 0, {.include_pending = false});
  expect_list_refused({old}, "not known here");
}

TEST_F(MlsHostileProposals, a_commit_that_overtook_its_proposal_is_taken_after_it) {
  // In either frame: neither try may spend the commit's key.
  for (const WireFormat format : {WireFormat::public_message, WireFormat::private_message}) {
    const MlsMessage proposal = Insider(bob(), cast).proposal({Remove{{3}}});
    const ProposalRef ref = reference_of(suite(), *proposal.get<PublicMessage>());
    CommitPlan plan;
    plan.proposals = {{Proposal{Remove{{3}}}, Sender::member({1}), ref}};
    plan.format = format;
    const MlsMessage commit = forge_commit(mallory(), cast, std::move(plan)).message;
    expect_refused_and_unchanged(alice(), commit, "not known here");
    Group late = alice().copy();
    EXPECT_EQ(late.receive(commit, cast.env()).refusal().error.code, ErrorCode::not_found);
    ASSERT_TRUE(late.receive(proposal, cast.env()));
    auto received = late.receive(commit, cast.env());
    ASSERT_TRUE(received) << received.refusal().error.message;
    EXPECT_TRUE(late.merge(std::move(*received->get<StagedCommit>())));
    EXPECT_FALSE(late.member({3}));
  }
}

// Each signature is verified once. Nothing that is received can change a proposal that waits; the tests do,
// to see whether its signatures are looked at again.

class MlsVerifiesOnce : public MlsHostileProposals {
 protected:
  MlsMessage commit_to(const PlannedProposal& proposal) {
    CommitPlan plan;
    plan.proposals = {proposal};
    return forge_commit(mallory(), cast, std::move(plan)).message;
  }
  std::string refusal_of(Group& group, const MlsMessage& commit) {
    const auto received = group.receive(commit, cast.env());
    return received ? "none" : received.refusal().error.message;
  }
  PendingProposal& waiting(Group& group) { return GroupAccess::impl(group).proposals.at(0).second; }
  static void spoil(Bytes& signature) { signature[5] ^= 1; }
};

TEST_F(MlsVerifiesOnce, the_leaf_of_an_update_that_a_commit_refers_to) {
  const MlsMessage commit = commit_to(by_reference(3, {Update{update_leaf(3)}}));
  const auto spoil_leaf = [&](Group& group) {
    spoil(std::get<Update>(waiting(group).proposal.body).leaf_node.signature);
  };
  Group once = alice().copy();
  spoil_leaf(once);
  // What notices is the next epoch's tree.
  EXPECT_EQ(refusal_of(once, commit), "The parent hash of the commit's leaf does not hold.");
  // The verdict holds for the epoch that it was given in, and not for what was restored.
  Group later = alice().copy();
  spoil_leaf(later);
  --*waiting(later).verified_in;
  EXPECT_EQ(refusal_of(later, commit), "The signature of a leaf does not verify.");
  Group again = *Group::restore(alice().state_records(), cast.config);
  spoil_leaf(again);
  EXPECT_EQ(refusal_of(again, commit), "The signature of a leaf does not verify.");
  EXPECT_EQ(refusal_of(alice(), commit), "none");
}

TEST_F(MlsVerifiesOnce, leaf_and_package_of_an_add_that_a_commit_refers_to) {
  const MlsMessage commit = commit_to(by_reference(1, {Add{cast.package("new").package}}));
  for (const bool leaf : {true, false}) {
    const auto spoil_one = [&](Group& group) {
      KeyPackage& package = std::get<Add>(waiting(group).proposal.body).key_package;
      spoil(leaf ? package.leaf_node.signature : package.signature);
    };
    Group once = alice().copy();
    spoil_one(once);
    // No signature of the package is part of the next epoch's tree; the leaf's is.
    EXPECT_EQ(refusal_of(once, commit),
              leaf ? "The parent hash of the commit's leaf does not hold." : "none");
    Group again = *Group::restore(alice().state_records(), cast.config);
    spoil_one(again);
    EXPECT_NE(refusal_of(again, commit).find("does not verify"), std::string::npos);
    EXPECT_NE(refusal_of(again, commit).find("signature"), std::string::npos);
  }
}

TEST_F(MlsVerifiesOnce, but_asks_about_the_credential_again) {
  const MlsMessage commit = commit_to(by_reference(3, {Update{update_leaf(3)}}));
  cast.policy.forbid("member-3");
  EXPECT_NE(refusal_of(alice(), commit), "none");
}

TEST_F(MlsHostileProposals, a_reference_is_to_one_proposal_as_it_was_framed) {
  // The same proposal by the same member in another frame has another reference.
  const PlannedProposal known = by_reference(1, {Remove{{3}}});
  AuthenticatedContent other = Insider(m[1], cast).content(known.proposal, WireFormat::public_message);
  other.content.authenticated_data = {1};
  Insider(m[1], cast).sign(other);
  PlannedProposal changed = known;
  changed.ref = suite().proposal_ref(other);
  expect_list_refused({changed}, "not known here");
}

// Section 12.1.7.

TEST_F(MlsHostileProposals, extensions_that_a_member_does_not_support_are_refused) {
  expect_list_refused({by_value(GroupContextExtensions{{{kStrange, {1}}}})}, "does not support an extension");
}

TEST_F(MlsHostileProposals, requirements_that_a_member_does_not_meet_are_refused) {
  for (const RequiredCapabilities& required :
       {RequiredCapabilities{{kStrange}, {}, {}}, RequiredCapabilities{{}, {kCustom}, {}},
        RequiredCapabilities{{}, {}, {static_cast<CredentialType>(0x0A0A)}}}) {
    expect_list_refused({by_value(GroupContextExtensions{{to_extension(required)}})}, "lacks capabilities");
  }
}

TEST_F(MlsHostileProposals, requirements_that_one_member_alone_does_not_meet_are_refused) {
  cast.capabilities.extensions = {kStrange};
  group_whose_last_member_lacks_them();
  expect_list_refused(
      {by_value(GroupContextExtensions{{to_extension(RequiredCapabilities{{kStrange}, {}, {}})}})},
      "lacks capabilities");
  expect_list_refused({by_value(GroupContextExtensions{{{kStrange, {1}}}})}, "does not support an extension");
}

TEST_F(MlsHostileProposals, new_requirements_bind_who_is_added_and_not_who_is_removed) {
  cast.capabilities.proposals = {kCustom};
  group_whose_last_member_lacks_them();
  const GroupContextExtensions strict{{to_extension(RequiredCapabilities{{}, {kCustom}, {}})}};
  expect_list_refused({by_value(strict)}, "lacks capabilities");
  expect_list_accepted({by_value(strict), by_value(Remove{{4}})});
  expect_list_refused({by_value(strict), by_value(Remove{{4}}), by_value(Add{cast.package("new").package})},
                      "lacks capabilities");
  expect_list_refused({by_value(Add{cast.package("new").package}), by_value(Remove{{4}}), by_value(strict)},
                      "lacks capabilities");
}

TEST_F(MlsHostileProposals, extensions_are_replaced_before_anybody_is_added_under_them) {
  cast.capabilities.proposals = {kCustom};
  m = cast.warm_group_of(5, {to_extension(RequiredCapabilities{{}, {kCustom}, {}})});
  cast.capabilities.proposals = {};
  const Add lacks{cast.package("new").package};
  expect_list_refused({by_value(lacks)}, "lacks capabilities");
  expect_list_accepted({by_value(lacks), by_value(GroupContextExtensions{})});
}

TEST_F(MlsHostileProposals, extensions_whose_content_cannot_be_read_are_refused) {
  const GroupContextExtensions senders{{{ExtensionType::external_senders, {9, 9}}}};
  const GroupContextExtensions required{{{ExtensionType::required_capabilities, {9, 9}}}};
  for (const GroupContextExtensions& broken : {senders, required}) {
    const Bytes before = fingerprint(alice());
    EXPECT_FALSE(alice().receive(inside().proposal({broken}), cast.env()));
    CommitPlan plan;
    plan.proposals = {by_value(broken)};
    EXPECT_FALSE(alice().receive(forge_commit(mallory(), cast, std::move(plan)).message, cast.env()));
    EXPECT_TRUE(fingerprint(alice()) == before);
  }
}

TEST_F(MlsHostileProposals, an_external_sender_whose_credential_does_not_stand_is_refused) {
  cast.policy.forbid("server#stolen");
  const ExternalSender sender{signing_key(kMallory).public_key(),
                              Credential::basic(as_bytes("server#stolen"))};
  const GroupContextExtensions change{{to_extension(std::vector{sender})}};
  expect_list_refused({by_value(change)}, "authentication service");
  expect_refused_and_unchanged(inside().proposal({change}), "authentication service");
}

// Section 12.3: GroupContextExtensions, Update, Remove, Add, whatever the order of the list.

TEST_F(MlsHostileProposals, the_order_of_a_list_does_not_change_what_it_does) {
  cast.capabilities.extensions = {kStrange};
  m = cast.warm_group_of(5);
  const PlannedProposal update = by_reference(4, {Update{update_leaf(4)}});
  const PlannedProposal add = by_value(Add{cast.package("new").package});
  const PlannedProposal remove = by_value(Remove{{1}});
  const PlannedProposal change = by_value(GroupContextExtensions{{{kStrange, {1}}}});
  CommitPlan plan;
  plan.proposals = {add, remove, update, change};
  const Forged forged = forge_commit(mallory(), cast, std::move(plan));
  Group group = alice().copy();
  auto received = group.receive(forged.message, cast.env());
  ASSERT_TRUE(received) << received.refusal().error.message;
  ASSERT_TRUE(group.merge(std::move(*received->get<StagedCommit>())));
  // The newcomer has the leaf that the removed member left, the update is in place.
  EXPECT_EQ(group.member({1})->credential, Credential::basic(as_bytes("new")));
  EXPECT_EQ(GroupAccess::impl(group).epoch.tree.leaf({4})->source, LeafNodeSource::update);
  EXPECT_EQ(group.context().extensions.size(), 1U);
  EXPECT_EQ(wire::encode(group.context()), wire::encode(forged.next.context));
}

TEST_F(MlsHostileProposals, a_remove_at_the_end_shortens_the_tree_before_an_add_uses_it) {
  // Leaf 4 is the only one of the right half: the tree halves, and the newcomer doubles it again.
  CommitPlan plan;
  plan.proposals = {by_value(Add{cast.package("new").package}), by_value(Remove{{4}})};
  const Forged forged = forge_commit(mallory(), cast, std::move(plan));
  Group group = alice().copy();
  auto received = group.receive(forged.message, cast.env());
  ASSERT_TRUE(received) << received.refusal().error.message;
  ASSERT_TRUE(group.merge(std::move(*received->get<StagedCommit>())));
  EXPECT_EQ(group.member({4})->credential, Credential::basic(as_bytes("new")));
  CommitPlan shorter;
  shorter.proposals = {by_value(Remove{{4}})};
  Group other = alice().copy();
  auto less = other.receive(forge_commit(mallory(), cast, std::move(shorter)).message, cast.env());
  ASSERT_TRUE(less);
  ASSERT_TRUE(other.merge(std::move(*less->get<StagedCommit>())));
  EXPECT_EQ(other.ratchet_tree().nodes.size(), 7U);
  EXPECT_EQ(GroupAccess::impl(other).epoch.tree.leaf_count(), 4U);
}

// What a committer does with proposals that cannot stand together.

TEST_F(MlsHostileProposals, a_committer_drops_what_cannot_stand_beside_the_rest) {
  std::vector<Proposal> sent{{Update{update_leaf(3)}}, {Update{update_leaf(3)}}};
  for (const Proposal& update : sent) by_reference(3, update);
  by_reference(1, {Remove{{4}}});
  by_reference(3, {Remove{{4}}});
  by_reference(1, {psk("one")});
  by_reference(3, {psk("one")});
  by_reference(1, {GroupContextExtensions{}});
  by_reference(3, {GroupContextExtensions{}});
  by_reference(1, {Add{cast.package("new").package}});
  by_reference(3, {Add{cast.package("new#2").package}});
  by_reference(1, {Add{cast.package("member-3#2").package}});
  by_reference(1, {Remove{{0}}});
  by_reference(1, {ReInit{{1}, ProtocolVersion::mls10, cast.suite(), {}}});
  by_reference(1, {ExternalInit{Bytes(32, 9)}});
  const auto made = alice().commit({}, cast.env());
  ASSERT_TRUE(made) << made.refusal().error.message;
  const CommitSummary& summary = alice().pending_commit()->summary();
  ASSERT_EQ(summary.changes.size(), 5U);  // the last Update, one Remove, PSK, extensions, one Add
  EXPECT_EQ(*summary.changes[0].proposal.get<Update>(), *sent[1].get<Update>());
  auto received = bob().receive(made->commit, cast.env());
  EXPECT_TRUE(received) << received.refusal().error.message;
}

TEST_F(MlsHostileProposals, one_that_nobody_can_commit_does_not_stop_all_commits) {
  by_reference(1, {psk("unknown to most")});
  by_reference(1, {CustomProposal{kCustom, {1}}});
  by_reference(1, {GroupContextExtensions{{{kStrange, {1}}}}});
  by_reference(1, {Add{changed_package(cast.package("new"), [&](KeyPackage& p) {
                 p.leaf_node.encryption_key = leaf_of_member(3).encryption_key;
               })}});
  by_reference(3, {Remove{{4}}});
  const auto made = alice().commit({}, cast.env());
  ASSERT_TRUE(made) << made.refusal().error.message;
  ASSERT_EQ(alice().pending_commit()->summary().changes.size(), 1U);
  auto received = bob().receive(made->commit, cast.env());
  EXPECT_TRUE(received) << received.refusal().error.message;
}

TEST_F(MlsHostileProposals, a_flood_of_proposals_is_refused_from_the_limit_on) {
  for (Group* member : {&alice(), &bob()}) GroupAccess::impl(*member).config.max_pending_proposals = 20;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(alice().receive(inside().proposal({psk("p")}), cast.env()));
  expect_refused_and_unchanged(alice(), inside().proposal({psk("p")}), "Too many proposals");
  EXPECT_FALSE(alice().propose({Remove{{3}}}, cast.env()));
}

TEST_F(MlsHostileProposals, thousands_of_proposals_in_one_commit_are_refused_in_bounded_time) {
  std::vector<PlannedProposal> many;
  for (int i = 0; i < 8000; ++i) {
    many.push_back(by_value(psk("key " + std::to_string(i))));
  }
  many.push_back(many.front());
  CommitPlan plan;
  plan.path = false;
  plan.proposals = std::move(many);
  const MlsMessage message = forge_commit(mallory(), cast, std::move(plan)).message;
  const double seconds = cpu_seconds([&] {
    const auto received = alice().receive(message, cast.env());
    EXPECT_FALSE(received);
  });
  EXPECT_LT(seconds, 5.0);
  // Beyond the limit of the parser they are not even read.
  Commit commit;
  commit.proposals.assign(kMaxMembers + 1, ProposalOrRef{Proposal{Remove{{3}}}});
  EXPECT_FALSE(wire::decode<Commit>(wire::encode(commit)));
}

}  // namespace
}  // namespace sotto::mls::insider
