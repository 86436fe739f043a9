// RFC 9420 sections 8.4, 11.2, 11.3 and 12.1.4: pre-shared keys, and groups that come out of a group.
#include <set>

#include "unit/mls/hostile.hpp"

namespace sotto::mls::insider {
namespace {

class MlsHostilePsk : public Hostile {
 protected:
  MlsHostilePsk() {
    cast.psks.give("one", as_bytes("first secret"));
    cast.psks.give("two", as_bytes("second secret"));
  }
  Psk resumption(ResumptionPskUsage usage) {
    PreSharedKeyId id;
    id.type = PskType::resumption;
    id.usage = usage;
    id.psk_group_id = alice().context().group_id;
    id.psk_epoch = alice().epoch();
    id.psk_nonce = cast.random.bytes(suite().hash_size());
    return {std::move(id)};
  }
  void expect_psk_refused(const Psk& one, std::string_view why) {
    expect_refused_and_unchanged(inside().proposal({one}), why);
    CommitPlan plan;
    plan.proposals = {by_value(one)};
    expect_commit_refused(std::move(plan), why);
  }
};

TEST_F(MlsHostilePsk, whose_nonce_has_another_size_is_refused) {
  for (const std::size_t size : {0, 16, 31, 33, 64}) {
    Psk one = psk("one");
    one.psk.psk_nonce.resize(size);
    expect_psk_refused(one, "nonce");
  }
}
TEST_F(MlsHostilePsk, is_proposed_with_a_fresh_nonce_each_time) {
  std::set<Bytes> nonces;
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(
        nonces.insert(alice().psk_proposal(as_bytes("one"), cast.env()).get<Psk>()->psk.psk_nonce).second);
    EXPECT_TRUE(
        nonces.insert(alice().resumption_psk_proposal(0, cast.env()).get<Psk>()->psk.psk_nonce).second);
  }
  for (const Bytes& nonce : nonces) EXPECT_EQ(nonce.size(), suite().hash_size());
}
TEST_F(MlsHostilePsk, of_a_usage_for_new_groups_is_refused_in_an_old_one) {
  expect_psk_refused(resumption(ResumptionPskUsage::reinit), "another purpose");
  expect_psk_refused(resumption(ResumptionPskUsage::branch), "another purpose");
  CommitPlan plan;
  plan.proposals = {by_value(resumption(ResumptionPskUsage::application))};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostilePsk, that_is_not_known_is_refused_and_the_right_commit_still_taken) {
  CommitPlan plan;
  plan.proposals = {by_value(psk("unknown"))};
  expect_commit_refused(std::move(plan), "not known here");
  Psk far = resumption(ResumptionPskUsage::application);
  far.psk.psk_epoch = 1'000'000;
  CommitPlan future;
  future.proposals = {by_value(far)};
  expect_commit_refused(std::move(future), "not known here");
  CommitPlan right;
  right.proposals = {by_value(psk("one"))};
  expect_commit_accepted(std::move(right));
}
TEST_F(MlsHostilePsk, that_comes_after_its_commit_does_not_cost_the_commit) {
  CommitPlan plan;
  cast.psks.give("late", as_bytes("a secret that travels on its own"));
  plan.proposals = {by_value(psk("late"))};
  const MlsMessage commit = forge_commit(mallory(), cast, std::move(plan)).message;
  cast.psks.take("late");
  expect_refused_and_unchanged(commit, "not known here");
  EXPECT_EQ(alice().receive(commit, cast.env()).refusal().error.code, ErrorCode::not_found);
  cast.psks.give("late", as_bytes("a secret that travels on its own"));
  auto received = alice().receive(commit, cast.env());
  ASSERT_TRUE(received) << received.refusal().error.message;
  EXPECT_TRUE(alice().merge(std::move(*received->get<StagedCommit>())));
}
TEST_F(MlsHostilePsk, another_secret_under_the_same_name_is_noticed) {
  CommitPlan plan;
  plan.proposals = {by_value(psk("one"))};
  const MlsMessage message = forge_commit(mallory(), cast, std::move(plan)).message;
  cast.psks.give("one", as_bytes("another secret"));
  expect_refused_and_unchanged(message, "confirmation tag", RefusalKind::group_broken);
}
TEST_F(MlsHostilePsk, several_count_in_the_order_of_the_commit_by_value_and_by_reference_mixed) {
  const PlannedProposal first = by_reference(1, {psk("one")});
  const PlannedProposal second = by_value(psk("two"));
  const PlannedProposal third = by_value(resumption(ResumptionPskUsage::application));
  CommitPlan forward;
  forward.proposals = {first, second, third};
  const Forged one = forge_commit(mallory(), cast, std::move(forward));
  CommitPlan backward;
  backward.proposals = {third, second, first};
  const Forged other = forge_commit(mallory(), cast, std::move(backward));
  for (const Forged* forged : {&one, &other}) {
    auto received = alice().receive(forged->message, cast.env());
    ASSERT_TRUE(received) << received.refusal().error.message;
    EXPECT_EQ(received->get<StagedCommit>()->epoch_authenticator(),
              to_bytes(forged->next.secrets.epoch_authenticator.view()));
  }
  // The keys of one order under the list of the other.
  const auto mixed = [](std::vector<PskWithSecret>& list) { std::swap(list[0], list[1]); };
  std::vector<PskWithSecret> list = *find_psks(&GroupAccess::impl(alice()), one.psks, cast.env());
  const SecretBytes in_order = derive_psk_secret(suite(), list);
  mixed(list);
  EXPECT_FALSE(in_order == derive_psk_secret(suite(), list));
}
TEST_F(MlsHostilePsk, a_welcome_names_them_in_the_order_of_the_commit) {
  const OwnKeyPackage own = cast.package("new");
  CommitOptions options;
  options.by_value = {{psk("two")}, {Add{own.package}}, {psk("one")}};
  cast.commit(m, 0, options, {&own});
  EXPECT_EQ(to_bytes(m.back().epoch_authenticator()), to_bytes(alice().epoch_authenticator()));
}

// Groups out of a group.

class MlsHostileSuccessor : public MlsHostilePsk {
 protected:
  MlsHostileSuccessor() {
    m = cast.warm_group_of(3);
    for (std::size_t i = 0; i < m.size(); ++i)
      packages.push_back(cast.package("member-" + std::to_string(i) + "#new"));
  }
  // The group ends here, with what it announces.
  void end_with(const ReInit& announced) {
    reinit = announced;
    cast.commit(m, 0, {.by_value = {{reinit}}});
  }
  // What a dishonest founder (leaf 0 of the new group) makes of it.
  struct Plan {
    Bytes group_id{};
    Epoch epoch = 1;
    ExtensionList extensions{};
    std::vector<std::string> others{"member-2#new"};  // beside founder and joiner
    ResumptionPskUsage usage = ResumptionPskUsage::reinit;
    int psks = 1;
    std::optional<Bytes> psk_group{};
    std::optional<Epoch> psk_epoch{};
  };
  Outcome<Group> join(const Plan& plan, bool as_branch = false) {
    founder.emplace(cast.identity("member-0#new"));
    RatchetTree tree(suite());
    GroupContext context;
    context.cipher_suite = cast.suite();
    context.group_id = plan.group_id;
    context.epoch = plan.epoch;
    context.extensions = plan.extensions;
    context.confirmed_transcript_hash = Bytes(32, 1);
    tree.add(cast.package(founder->copy()).package.leaf_node);
    tree.add(packages[1].package.leaf_node);
    for (const std::string& name : plan.others) tree.add(cast.package(name).package.leaf_node);
    WelcomePlan welcome;
    welcome.context = context;
    welcome.tree = tree.to_nodes();
    welcome.signer = {0};
    welcome.signing_key = &founder->signing_key;
    for (int i = 0; i < plan.psks; ++i) {
      PreSharedKeyId id;
      id.type = PskType::resumption;
      id.usage = plan.usage;
      id.psk_group_id = plan.psk_group.value_or(bob().context().group_id);
      id.psk_epoch = plan.psk_epoch.value_or(bob().epoch()) + static_cast<Epoch>(i);
      id.psk_nonce = Bytes(32, 1);
      welcome.psks.push_back(id);
    }
    // The founder has the secret of the old group, of course.
    const KnowsAll secrets(bob(), cast.psks);
    const Environment env{cast.random, cast.policy, &secrets, cast.now_s};
    Welcome made = forge_with(packages[1].package, welcome, env);
    if (as_branch) return bob().join_branch(made, packages[1], nullptr, env);
    return bob().join_reinitialised(made, packages[1], nullptr, env);
  }
  void expect_join_refused(const Plan& plan, std::string_view why, bool as_branch = false) {
    const Bytes before = fingerprint(bob());
    const auto joined = join(plan, as_branch);
    ASSERT_FALSE(joined) << "joined, where this was expected: " << why;
    EXPECT_NE(joined.refusal().error.message.find(why), std::string::npos) << joined.refusal().error.message;
    EXPECT_TRUE(fingerprint(bob()) == before);
  }
  Plan announced() {
    Plan plan;
    plan.group_id = reinit.group_id;
    plan.extensions = reinit.extensions;
    return plan;
  }

  class KnowsAll final : public PskSource {
   public:
    KnowsAll(const Group& group, const TestPsks& rest) : group_(group), rest_(rest) {}
    std::optional<SecretBytes> external_psk(ByteView id) const override { return rest_.external_psk(id); }
    std::optional<SecretBytes> resumption_psk(ByteView id, std::uint64_t epoch) const override {
      if (auto known = group_.resumption_psk(epoch); known && equal(id, group_.context().group_id))
        return known;
      return SecretBytes(32);
    }

   private:
    const Group& group_;
    const TestPsks& rest_;
  };
  // forge_welcome() with the secrets that only members of the old group have.
  Welcome forge_with(const KeyPackage& recipient, const WelcomePlan& plan, const Environment& env) {
    const auto psks = find_psks(nullptr, plan.psks, env);
    const Suite& s = suite();
    GroupContext context = plan.context;
    context.tree_hash = RatchetTree::from_nodes(s, plan.tree)->root_hash();
    GroupSecrets secrets;
    secrets.joiner_secret = SecretBytes(ByteView(cast.random.bytes(32)));
    secrets.psks = plan.psks;
    const SecretBytes psk_secret = derive_psk_secret(s, *psks);
    const EpochSecrets epoch =
        derive_epoch_secrets(s, secrets.joiner_secret.copy(), psk_secret.view(), context);
    GroupInfo info;
    info.group_context = context;
    info.extensions = {{ExtensionType::ratchet_tree, wire::encode(plan.tree)}};
    info.confirmation_tag =
        confirmation_tag(s, epoch.confirmation_key.view(), context.confirmed_transcript_hash);
    info.signer = plan.signer;
    info.signature = s.sign_with_label(*plan.signing_key, "GroupInfoTBS", info.to_be_signed());
    const WelcomeKeys keys = welcome_keys(s, epoch.welcome_secret.view());
    Welcome welcome;
    welcome.cipher_suite = s.id();
    welcome.encrypted_group_info =
        crypto::aead_seal(s.aead_algorithm(), keys.key.view(), keys.nonce.view(), {}, wire::encode(info));
    auto sealed = s.encrypt_with_label(recipient.init_key, "Welcome", welcome.encrypted_group_info,
                                       wire::encode(secrets), cast.random);
    welcome.secrets.push_back({s.key_package_ref(recipient), *std::move(sealed)});
    return welcome;
  }

  std::vector<OwnKeyPackage> packages;
  ReInit reinit;
  std::optional<ClientIdentity> founder;
};

class MlsHostileReinit : public MlsHostileSuccessor {
 protected:
  MlsHostileReinit() { end_with({{7, 7}, ProtocolVersion::mls10, cast.suite(), {}}); }
};

TEST_F(MlsHostileReinit, is_joined_when_honest) {
  const auto joined = join(announced());
  ASSERT_TRUE(joined) << joined.refusal().error.message;
}
TEST_F(MlsHostileReinit, without_its_founding_key_is_refused) {
  Plan plan = announced();
  plan.psks = 0;
  expect_join_refused(plan, "lacks the key");
}
TEST_F(MlsHostileReinit, with_two_founding_keys_is_refused) {
  Plan plan = announced();
  plan.psks = 2;
  expect_join_refused(plan, "lacks the key");
}
TEST_F(MlsHostileReinit, with_a_key_of_another_usage_is_refused) {
  Plan plan = announced();
  plan.usage = ResumptionPskUsage::branch;
  expect_join_refused(plan, "founds a group out of another");
  plan.usage = ResumptionPskUsage::application;
  expect_join_refused(plan, "lacks the key");
}
TEST_F(MlsHostileReinit, out_of_another_group_or_epoch_is_refused) {
  Plan plan = announced();
  plan.psk_group = Bytes{9};
  expect_join_refused(plan, "does not come from this one");
  plan = announced();
  plan.psk_epoch = bob().epoch() - 1;
  expect_join_refused(plan, "does not come from this one");
}
TEST_F(MlsHostileReinit, that_does_not_begin_with_its_first_commit_is_refused) {
  for (const Epoch epoch : {Epoch{0}, Epoch{2}, UINT64_MAX}) {
    Plan plan = announced();
    plan.epoch = epoch;
    expect_join_refused(plan, "begins with its first commit");
  }
}
TEST_F(MlsHostileReinit, under_another_name_or_other_extensions_is_refused) {
  Plan plan = announced();
  plan.group_id = {8};
  expect_join_refused(plan, "not the one that was announced");
  plan = announced();
  plan.extensions = {to_extension(RequiredCapabilities{})};
  expect_join_refused(plan, "not the one that was announced");
}
TEST_F(MlsHostileReinit, with_somebody_new_or_without_a_member_is_refused) {
  Plan plan = announced();
  plan.others = {"member-2#new", "eve"};
  expect_join_refused(plan, "somebody new");
  plan.others = {};
  expect_join_refused(plan, "leaves a member out");
}
TEST_F(MlsHostileReinit, a_founder_takes_all_members_and_nobody_else) {
  const auto with = [&](std::vector<KeyPackage> some) {
    return alice().reinitialise(cast.identity("member-0#new"), some, true, false, cast.env());
  };
  EXPECT_TRUE(with({packages[1].package, packages[2].package}));
  EXPECT_FALSE(with({packages[1].package}));
  EXPECT_FALSE(with({packages[1].package, packages[2].package, cast.package("eve").package}));
}
TEST_F(MlsHostileReinit, in_another_suite_than_announced_is_refused) {
  // The joiner's package and the Welcome agree on suite 1; announced was suite 3.
  m = cast.warm_group_of(3);
  end_with({{7, 7}, ProtocolVersion::mls10, CipherSuite::x25519_chacha20poly1305_sha256_ed25519, {}});
  expect_join_refused(announced(), "not the one that was announced");
}
TEST_F(MlsHostileReinit, of_another_version_than_announced_is_refused) {
  m = cast.warm_group_of(3);
  end_with({{7, 7}, static_cast<ProtocolVersion>(2), cast.suite(), {}});
  expect_join_refused(announced(), "not the one that was announced");
  EXPECT_FALSE(alice().reinitialise(cast.identity("member-0#new"), {packages[1].package, packages[2].package},
                                    true, false, cast.env()));
}
TEST_F(MlsHostileSuccessor, a_group_that_was_not_reinitialised_has_no_successor) {
  Plan plan;
  plan.group_id = {7};
  expect_join_refused(plan, "was not re-initialised");
  EXPECT_FALSE(
      alice().reinitialise(cast.identity("member-0#new"), {packages[1].package}, true, false, cast.env()));
}

class MlsHostileBranch : public MlsHostileSuccessor {
 protected:
  Plan honest() {
    Plan plan;
    plan.group_id = {5};
    plan.usage = ResumptionPskUsage::branch;
    plan.others = {};
    return plan;
  }
};

TEST_F(MlsHostileBranch, is_joined_when_honest) {
  const auto joined = join(honest(), true);
  ASSERT_TRUE(joined) << joined.refusal().error.message;
}
TEST_F(MlsHostileBranch, with_somebody_new_is_refused) {
  Plan plan = honest();
  plan.others = {"eve"};
  expect_join_refused(plan, "somebody new", true);
  EXPECT_FALSE(alice().branch(as_bytes("b"), cast.identity("member-0#new"), {}, {cast.package("eve").package},
                              true, false, cast.env()));
}
TEST_F(MlsHostileBranch, without_or_with_two_founding_keys_is_refused) {
  Plan plan = honest();
  plan.psks = 0;
  expect_join_refused(plan, "lacks the key", true);
  plan.psks = 2;
  expect_join_refused(plan, "lacks the key", true);
}
TEST_F(MlsHostileBranch, with_a_key_of_another_usage_is_refused) {
  Plan plan = honest();
  plan.usage = ResumptionPskUsage::reinit;
  expect_join_refused(plan, "founds a group out of another", true);
}
TEST_F(MlsHostileBranch, out_of_another_group_or_epoch_is_refused) {
  Plan plan = honest();
  plan.psk_group = Bytes{9};
  expect_join_refused(plan, "does not come from this one", true);
  plan = honest();
  plan.psk_epoch = bob().epoch() - 1;
  expect_join_refused(plan, "does not come from this one", true);
}
TEST_F(MlsHostileBranch, into_another_suite_is_refused) {
  constexpr CipherSuite kOther = CipherSuite::x25519_chacha20poly1305_sha256_ed25519;
  Group dishonest = alice().copy();
  GroupAccess::impl(dishonest).suite = *Suite::of(kOther);
  const OwnKeyPackage own =
      *make_key_package(kOther, cast.identity("member-1#new"), {0, UINT64_MAX}, {}, cast.random);
  const auto founded = dishonest.branch(as_bytes("b"), cast.identity("member-0#new"), {}, {own.package}, true,
                                        false, cast.env());
  ASSERT_TRUE(founded) << founded.refusal().error.message;
  const auto joined = bob().join_branch(*founded->welcome.get<Welcome>(), own, nullptr, cast.env());
  ASSERT_FALSE(joined);
  EXPECT_NE(joined.refusal().error.message.find("keep the cipher suite"), std::string::npos);
}
TEST_F(MlsHostileBranch, that_does_not_begin_with_its_first_commit_is_refused) {
  Plan plan = honest();
  plan.epoch = 2;
  expect_join_refused(plan, "begins with its first commit", true);
}

}  // namespace
}  // namespace sotto::mls::insider
