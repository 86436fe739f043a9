// RFC 9420 sections 12.4.3.2, 12.2 and 8.3: commits by newcomers from outside.
#include "unit/mls/hostile.hpp"

namespace sotto::mls::insider {
namespace {

class MlsHostileExternalCommit : public Hostile {
 protected:
  MlsHostileExternalCommit() { info = *alice().group_info(true, true); }
  MlsMessage forged(ExternalPlan plan) {
    return forge_external_commit(info, alice().ratchet_tree(), outsider, cast, std::move(plan)).message;
  }
  void expect_external_refused(ExternalPlan plan, std::string_view why,
                               RefusalKind kind = RefusalKind::reject) {
    expect_refused_and_unchanged(forged(std::move(plan)), why, kind);
  }
  void expect_external_accepted(ExternalPlan plan) {
    Group group = alice().copy();
    auto received = group.receive(forged(std::move(plan)), cast.env());
    ASSERT_TRUE(received) << received.refusal().error.message;
    ASSERT_TRUE(group.merge(std::move(*received->get<StagedCommit>())));
  }
  static ExternalPlan with(std::vector<PlannedProposal> proposals) {
    ExternalPlan plan;
    plan.proposals = std::move(proposals);
    return plan;
  }
  GroupInfo info;
  ClientIdentity outsider = cast.identity("outsider");
};

TEST_F(MlsHostileExternalCommit, is_taken_when_honest) {
  cast.psks.give("one", as_bytes("secret"));
  expect_external_accepted({});
  expect_external_accepted(with({by_value(psk("one"))}));
  outsider = cast.identity("member-3#2");
  expect_external_accepted(with({by_value(Remove{{3}})}));
}
TEST_F(MlsHostileExternalCommit, counts_by_the_secret_it_sealed_and_without_a_membership_tag) {
  const Forged honest = forge_external_commit(info, alice().ratchet_tree(), outsider, cast, {});
  EXPECT_TRUE(honest.message.get<PublicMessage>()->membership_tag.empty());
  Group group = alice().copy();
  auto received = group.receive(honest.message, cast.env());
  ASSERT_TRUE(received) << received.refusal().error.message;
  EXPECT_EQ(received->get<StagedCommit>()->epoch_authenticator(),
            to_bytes(honest.next.secrets.epoch_authenticator.view()));
}
TEST_F(MlsHostileExternalCommit, needs_exactly_one_external_init) {
  ExternalPlan none;
  none.external_inits = 0;
  expect_external_refused(std::move(none), "exactly one ExternalInit");
  ExternalPlan two;
  two.external_inits = 2;
  expect_external_refused(std::move(two), "exactly one ExternalInit");
}
TEST_F(MlsHostileExternalCommit, needs_a_path) {
  ExternalPlan plan;
  plan.path = false;
  expect_external_refused(std::move(plan), "needs an update path");
}
TEST_F(MlsHostileExternalCommit, removes_nobody_but_its_own_former_leaf) {
  expect_external_refused(with({by_value(Remove{{3}})}), "removes somebody else");
  outsider = cast.identity("member-3#2");
  expect_external_refused(with({by_value(Remove{{3}}), by_value(Remove{{4}})}), "more than one leaf");
}
TEST_F(MlsHostileExternalCommit, does_not_leave_its_former_leaf_in_place) {
  outsider = cast.identity("member-3#2");
  expect_external_refused({}, "adds a client that is a member");
}
TEST_F(MlsHostileExternalCommit, may_not_come_back_with_its_old_key) {
  const auto old_key = GroupAccess::impl(m[3]).epoch.keys.find(node_of({3}))->copy();
  outsider = cast.identity("member-3#2");
  ExternalPlan plan = with({by_value(Remove{{3}})});
  plan.leaf_key = &old_key;
  expect_external_refused(std::move(plan), "old encryption key");
}
TEST_F(MlsHostileExternalCommit, may_contain_nothing_else) {
  cast.capabilities.proposals = {static_cast<ProposalType>(0x0A0A)};
  m = cast.warm_group_of(5);
  info = *alice().group_info(true, true);
  outsider = cast.identity("outsider");
  const std::vector<Proposal> forbidden{{Add{cast.package("new").package}},
                                        {Update{update_leaf(3)}},
                                        {GroupContextExtensions{}},
                                        {ReInit{{1}, ProtocolVersion::mls10, cast.suite(), {}}},
                                        {CustomProposal{static_cast<ProposalType>(0x0A0A), {}}}};
  for (const Proposal& proposal : forbidden) {
    expect_external_refused(with({{proposal, {}, {}}}), "does more than it may");
  }
}
TEST_F(MlsHostileExternalCommit, may_not_take_up_anothers_proposal) {
  expect_external_refused(with({by_reference(1, {Remove{{3}}})}), "takes up another's proposal");
}
TEST_F(MlsHostileExternalCommit, whose_credential_does_not_stand_is_refused) {
  cast.policy.forbid("outsider");
  expect_external_refused({}, "authentication service");
}
TEST_F(MlsHostileExternalCommit, with_a_members_keys_is_refused) {
  ExternalPlan plan;
  plan.on_leaf = [&](LeafNode& l) { l.encryption_key = leaf_of_member(3).encryption_key; };
  expect_external_refused(std::move(plan), "in the tree already");
  outsider.signing_key = signing_key(3).copy();
  expect_external_refused({}, "signature key is in the group twice");
}
TEST_F(MlsHostileExternalCommit, with_a_leaf_made_for_something_else_is_refused) {
  ExternalPlan plan;
  plan.on_leaf = [](LeafNode& l) { l.source = LeafNodeSource::key_package; };
  expect_external_refused(std::move(plan), "not made for one");
}
TEST_F(MlsHostileExternalCommit, signed_for_another_leaf_is_refused) {
  ExternalPlan plan;
  plan.on_signed_leaf = [&](LeafNode& l) {
    resign(suite(), l, outsider.signing_key, info.group_context.group_id, {6});
  };
  expect_external_refused(std::move(plan), "signature of a leaf");
}
TEST_F(MlsHostileExternalCommit, takes_the_leaf_that_its_own_remove_made_free) {
  // Signed for leaf 5, the leftmost free one before the Remove; after it that is leaf 1.
  outsider = cast.identity("member-1#2");
  expect_external_accepted(with({by_value(Remove{{1}})}));
  ExternalPlan plan = with({by_value(Remove{{1}})});
  plan.on_signed_leaf = [&](LeafNode& l) {
    resign(suite(), l, outsider.signing_key, info.group_context.group_id, {5});
  };
  expect_refused_and_unchanged(alice(), forged(std::move(plan)), "signature of a leaf");
}
TEST_F(MlsHostileExternalCommit, whose_init_secret_is_sealed_to_another_key_is_refused) {
  const auto other = crypto::DhPrivateKey::generate(suite().dh_group(), cast.random);
  ExternalPlan plan;
  plan.kem_output =
      crypto::hpke_setup_sender(suite().hpke(), other.public_key(), {}, cast.random)->kem_output();
  expect_external_refused(std::move(plan), "confirmation tag");
}
TEST_F(MlsHostileExternalCommit, whose_kem_output_is_no_point_is_refused) {
  for (const Bytes& output : {Bytes{}, Bytes(31, 1), Bytes(32, 0)}) {
    ExternalPlan plan;
    plan.kem_output = output;
    const MlsMessage message = forged(std::move(plan));
    const Bytes before = fingerprint(alice());
    EXPECT_FALSE(alice().receive(message, cast.env()));
    EXPECT_TRUE(fingerprint(alice()) == before);
  }
}
TEST_F(MlsHostileExternalCommit, that_lacks_what_the_group_requires_is_refused) {
  cast.capabilities.proposals = {static_cast<ProposalType>(0x0A0A)};
  m = cast.warm_group_of(5,
                         {to_extension(RequiredCapabilities{{}, {static_cast<ProposalType>(0x0A0A)}, {}})});
  info = *alice().group_info(true, true);
  outsider.capabilities.proposals.clear();
  expect_external_refused({}, "lacks capabilities");
  EXPECT_FALSE(Group::join_externally(info, nullptr, outsider.copy(), false, {}, cast.config, cast.env()));
}
TEST_F(MlsHostileExternalCommit, may_not_be_encrypted_and_has_no_membership_tag) {
  // A PrivateMessage has a member's leaf in its sender data: there is no way to say "new member" in one.
  const Forged honest = forge_external_commit(info, alice().ratchet_tree(), outsider, cast, {});
  AuthenticatedContent content = honest.content;
  content.wire_format = WireFormat::private_message;
  sign_content(suite(), outsider.signing_key, info.group_context, content);
  content.content.sender.leaf = {2};
  const Bytes before = fingerprint(alice());
  EXPECT_FALSE(alice().receive(inside().as_private(content), cast.env()));
  EXPECT_TRUE(fingerprint(alice()) == before);
}

// The newcomer's side: GroupInfo.

TEST_F(MlsHostileExternalCommit, a_group_that_offers_no_key_is_not_joined) {
  const GroupInfo closed = *alice().group_info(true, false);
  const auto joined =
      Group::join_externally(closed, nullptr, outsider.copy(), false, {}, cast.config, cast.env());
  ASSERT_FALSE(joined);
  EXPECT_NE(joined.refusal().error.message.find("does not offer"), std::string::npos);
}
TEST_F(MlsHostileExternalCommit, group_information_that_was_touched_is_refused) {
  GroupInfo touched = info;
  touched.group_context.epoch += 1;
  const auto joined =
      Group::join_externally(touched, nullptr, outsider.copy(), false, {}, cast.config, cast.env());
  ASSERT_FALSE(joined);
  EXPECT_NE(joined.refusal().error.message.find("signature of the GroupInfo"), std::string::npos);
}
TEST_F(MlsHostileExternalCommit, an_external_key_that_is_none_or_has_bytes_left_over_is_refused) {
  for (const Bytes& data : {Bytes{}, Bytes{0}, Bytes{1, 9}, Bytes(34, 32), Bytes(33, 0)}) {
    const GroupInfo broken = forge_group_info(mallory(), true, true, [&](GroupInfo& changed) {
      for (Extension& extension : changed.extensions) {
        if (extension.type == ExtensionType::external_pub) extension.data = data;
      }
    });
    EXPECT_FALSE(
        Group::join_externally(broken, nullptr, outsider.copy(), false, {}, cast.config, cast.env()));
  }
}

}  // namespace
}  // namespace sotto::mls::insider
