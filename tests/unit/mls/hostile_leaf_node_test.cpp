// RFC 9420 sections 7.3 and 10.1: leaves and key packages, by each way they come into a group.
#include "unit/mls/hostile.hpp"

namespace sotto::mls::insider {
namespace {

constexpr auto kStrange = static_cast<ExtensionType>(0xFF77);

class MlsHostileKeyPackage : public Hostile {
 protected:
  // In a proposal, and by value in a commit; and the directory's check where it is a matter of the package
  // alone.
  void expect_package_refused(const KeyPackage& package, std::string_view why) {
    expect_refused_and_unchanged(inside().proposal({Add{package}}), why);
    CommitPlan plan;
    plan.proposals = {by_value(Add{package})};
    expect_commit_refused(std::move(plan), why);
    const Bytes before = fingerprint(alice());
    CommitOptions options;
    options.by_value = {{Add{package}}};
    const auto made = alice().commit(options, cast.env());
    ASSERT_FALSE(made);
    EXPECT_NE(made.refusal().error.message.find(why), std::string::npos) << made.refusal().error.message;
    EXPECT_TRUE(fingerprint(alice()) == before);
  }
  // Where a proposal alone cannot be judged yet.
  void expect_package_refused_by_commits(const KeyPackage& package, std::string_view why) {
    CommitPlan plan;
    plan.proposals = {by_value(Add{package})};
    expect_commit_refused(std::move(plan), why);
    CommitOptions options;
    options.by_value = {{Add{package}}};
    const auto made = alice().commit(options, cast.env());
    ASSERT_FALSE(made);
    EXPECT_NE(made.refusal().error.message.find(why), std::string::npos) << made.refusal().error.message;
  }
  KeyPackage changed(const Hook<KeyPackage>& change, bool sign_leaf = true, bool sign_package = true) {
    return changed_package(own, change, sign_leaf, sign_package);
  }
  OwnKeyPackage own = cast.package("newcomer");
};

TEST_F(MlsHostileKeyPackage, is_taken_when_honest) {
  CommitPlan plan;
  plan.proposals = {by_value(Add{changed([](KeyPackage&) {})})};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostileKeyPackage, of_another_version_is_refused) {
  expect_package_refused(changed([](KeyPackage& p) { p.version = static_cast<ProtocolVersion>(2); }),
                         "protocol version");
}
TEST_F(MlsHostileKeyPackage, of_another_suite_is_refused) {
  expect_package_refused(
      changed([](KeyPackage& p) { p.cipher_suite = CipherSuite::x25519_chacha20poly1305_sha256_ed25519; }),
      "another cipher suite");
}
TEST_F(MlsHostileKeyPackage, with_a_leaf_made_for_something_else_is_refused) {
  expect_package_refused(changed([](KeyPackage& p) { p.leaf_node.source = LeafNodeSource::update; }),
                         "not made for one");
  expect_package_refused(changed([](KeyPackage& p) {
                           p.leaf_node.source = LeafNodeSource::commit;
                           p.leaf_node.parent_hash = Bytes(32, 1);
                         }),
                         "not made for one");
}
TEST_F(MlsHostileKeyPackage, with_one_key_for_two_purposes_is_refused) {
  expect_package_refused(changed([](KeyPackage& p) { p.init_key = p.leaf_node.encryption_key; }),
                         "two purposes");
}
TEST_F(MlsHostileKeyPackage, whose_signature_does_not_hold_is_refused) {
  expect_package_refused(changed([](KeyPackage& p) { p.init_key[0] ^= 1; }, true, false),
                         "signature of the key package");
}
TEST_F(MlsHostileKeyPackage, whose_leaf_signature_does_not_hold_is_refused) {
  expect_package_refused(changed([](KeyPackage& p) { p.leaf_node.lifetime.not_after -= 1; }, false, true),
                         "signature of a leaf");
}
TEST_F(MlsHostileKeyPackage, with_a_key_that_is_none_is_refused) {
  for (const Bytes& key : {Bytes{}, Bytes(31, 9), Bytes(33, 9), Bytes(65, 4), Bytes(32, 0)}) {
    expect_package_refused(changed([&](KeyPackage& p) { p.init_key = key; }), "init key");
    expect_package_refused(changed([&](KeyPackage& p) { p.leaf_node.encryption_key = key; }),
                           "encryption key of a leaf");
  }
}
TEST_F(MlsHostileKeyPackage, with_a_point_off_the_curve_is_refused) {
  cast = Cast(CipherSuite::p256_aes128gcm_sha256_p256);
  m = cast.group_of(5);
  own = cast.package("newcomer");
  expect_package_refused(changed([](KeyPackage& p) { p.init_key[64] ^= 1; }), "init key");
  expect_package_refused(changed([](KeyPackage& p) { p.leaf_node.encryption_key[64] ^= 1; }),
                         "encryption key of a leaf");
}
TEST_F(MlsHostileKeyPackage, with_a_signature_that_is_not_strict_der_is_refused) {
  cast = Cast(CipherSuite::p256_aes128gcm_sha256_p256);
  m = cast.group_of(5);
  own = cast.package("newcomer");
  KeyPackage longer = own.package;
  longer.signature.push_back(0);  // BER would let it pass
  expect_package_refused(longer, "signature of the key package");
}
TEST_F(MlsHostileKeyPackage, with_an_ed25519_signature_whose_S_is_not_reduced_is_refused) {
  // S + L verifies with a lax implementation.
  const std::uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                  0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  KeyPackage package = own.package;
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += package.signature[32 + i] + order[i];
    package.signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  expect_package_refused(package, "signature of the key package");
}
TEST_F(MlsHostileKeyPackage, with_an_extension_its_own_capabilities_lack_is_refused) {
  const auto with_extension = [](KeyPackage& p) { p.leaf_node.extensions = {{kStrange, {1}}}; };
  expect_package_refused(changed(with_extension), "extension that its capabilities do not list");
  CommitPlan plan;
  plan.proposals = {by_value(Add{changed([&](KeyPackage& p) {
    with_extension(p);
    p.leaf_node.capabilities.extensions = {kStrange};
  })})};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostileKeyPackage, default_extensions_need_not_be_listed) {
  CommitPlan plan;
  plan.proposals = {by_value(Add{changed([](KeyPackage& p) {
    p.leaf_node.extensions = {{ExtensionType::application_id, {1}}};
  })})};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostileKeyPackage, with_a_credential_its_own_capabilities_lack_is_refused) {
  expect_package_refused(
      changed([](KeyPackage& p) { p.leaf_node.capabilities.credentials = {CredentialType::x509}; }),
      "credential that its capabilities do not list");
}
TEST_F(MlsHostileKeyPackage, without_the_groups_suite_or_version_is_refused) {
  expect_package_refused(changed([](KeyPackage& p) { p.leaf_node.capabilities.cipher_suites = {}; }),
                         "cipher suite");
  expect_package_refused(changed([](KeyPackage& p) { p.leaf_node.capabilities.versions = {}; }),
                         "protocol version");
}
TEST_F(MlsHostileKeyPackage, whose_credential_does_not_stand_is_refused) {
  cast.policy.forbid("newcomer");
  expect_package_refused(own.package, "authentication service");
}
TEST_F(MlsHostileKeyPackage, out_of_its_time_is_refused) {
  expect_package_refused(changed([&](KeyPackage& p) {
                           p.leaf_node.lifetime = {0, cast.now_s - 1};
                         }),
                         "at this time");
  expect_package_refused(changed([&](KeyPackage& p) {
                           p.leaf_node.lifetime = {cast.now_s + 1, UINT64_MAX};
                         }),
                         "at this time");
  expect_package_refused(changed([&](KeyPackage& p) {
                           p.leaf_node.lifetime = {UINT64_MAX, 0};
                         }),
                         "at this time");
}
TEST_F(MlsHostileKeyPackage, that_lives_longer_than_the_group_allows_is_refused) {
  for (Group& member : m) GroupAccess::impl(member).config.max_lifetime_s = 1000;
  expect_package_refused(changed([&](KeyPackage& p) {
                           p.leaf_node.lifetime = {cast.now_s - 500, cast.now_s + 501};
                         }),
                         "for longer");
  CommitPlan plan;
  plan.proposals = {by_value(Add{changed([&](KeyPackage& p) {
    p.leaf_node.lifetime = {cast.now_s - 500, cast.now_s + 500};
  })})};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostileKeyPackage, that_is_expired_is_never_sent_even_where_received_ones_are_not_checked) {
  for (Group& member : m) GroupAccess::impl(member).config.check_lifetimes = false;
  const KeyPackage expired = changed([&](KeyPackage& p) { p.leaf_node.lifetime = {0, cast.now_s - 1}; });
  CommitOptions options;
  options.by_value = {{Add{expired}}};
  EXPECT_FALSE(alice().commit(options, cast.env()));
  EXPECT_FALSE(alice().propose({Add{expired}}, cast.env()));
}
TEST_F(MlsHostileKeyPackage, with_a_members_signature_key_is_refused) {
  OwnKeyPackage twin =
      cast.package({Credential::basic(as_bytes("twin")), signing_key(3).copy(), cast.capabilities, {}});
  expect_package_refused_by_commits(twin.package, "signature key is in the group twice");
}
TEST_F(MlsHostileKeyPackage, with_a_members_encryption_key_is_refused) {
  expect_package_refused_by_commits(
      changed([&](KeyPackage& p) { p.leaf_node.encryption_key = leaf_of_member(3).encryption_key; }),
      "encryption key is in the tree twice");
}
TEST_F(MlsHostileKeyPackage, with_the_encryption_key_of_a_parent_is_refused) {
  // A parent above leaf 4, which a commit of leaf 2 without path leaves in place.
  const NodeIndex above = parent_of(parent_of(parent_of(node_of({4}))));
  ASSERT_NE(tree().parent(above), nullptr);
  CommitPlan plan;
  plan.path = false;
  plan.proposals = {
      by_value(Add{changed([&](KeyPackage& p) { p.leaf_node.encryption_key = tree().public_key(above); })})};
  expect_commit_refused(std::move(plan), "encryption key is in the tree twice");
}
TEST_F(MlsHostileKeyPackage, two_with_one_key_between_them_are_refused) {
  const OwnKeyPackage other = cast.package("other");
  CommitPlan plan;
  plan.proposals = {by_value(Add{own.package}), by_value(Add{changed_package(other, [&](KeyPackage& p) {
                      p.leaf_node.encryption_key = own.package.leaf_node.encryption_key;
                    })})};
  expect_commit_refused(std::move(plan), "encryption key is in the tree twice");
}
TEST_F(MlsHostileKeyPackage, two_with_one_signature_key_between_them_are_refused) {
  ClientIdentity first = cast.identity("newcomer");
  ClientIdentity second = first.copy();
  second.credential = Credential::basic(as_bytes("other"));
  const OwnKeyPackage one = cast.package(std::move(first));
  const OwnKeyPackage other = cast.package(std::move(second));
  CommitPlan plan;
  plan.proposals = {by_value(Add{one.package}), by_value(Add{other.package})};
  expect_commit_refused(std::move(plan), "signature key is in the group twice");
}
TEST_F(MlsHostileKeyPackage, that_cannot_read_a_credential_type_already_in_use_is_refused) {
  // One member has an X.509 chain; the newcomer, with a basic credential, reads only basic ones.
  ClientIdentity chain = cast.identity("chain");
  chain.credential = {CredentialType::x509, {}, {to_bytes(std::string_view("chain"))}};
  const OwnKeyPackage with_chain = cast.package(std::move(chain));
  cast.commit(m, 0, {.by_value = {{Add{with_chain.package}}}}, {&with_chain});
  expect_package_refused_by_commits(
      changed([](KeyPackage& p) { p.leaf_node.capabilities.credentials = {CredentialType::basic}; }),
      "cannot read the credentials");
}
TEST_F(MlsHostileKeyPackage, that_cannot_read_the_members_credentials_is_refused) {
  // It has an X.509 chain and reads only those; the members have basic ones and read both.
  const KeyPackage package = changed([](KeyPackage& p) {
    p.leaf_node.credential = {CredentialType::x509, {}, {Bytes(4, 1)}};
    p.leaf_node.capabilities.credentials = {CredentialType::x509};
  });
  expect_package_refused_by_commits(package, "cannot read the credentials");
}
TEST_F(MlsHostileKeyPackage, whose_credential_a_member_cannot_read_is_refused) {
  cast.capabilities.credentials = {CredentialType::basic};
  m = cast.warm_group_of(5);
  const KeyPackage package = changed([](KeyPackage& p) {
    p.leaf_node.credential = {CredentialType::x509, {}, {Bytes(4, 1)}};
  });
  expect_package_refused_by_commits(package, "cannot read the credentials");
}

class MlsHostileRequirements : public MlsHostileKeyPackage {
 protected:
  MlsHostileRequirements() {
    cast.capabilities.extensions = {kStrange};
    cast.capabilities.proposals = {static_cast<ProposalType>(0x0A0A)};
    m = cast.warm_group_of(5, {to_extension(RequiredCapabilities{
                                   {kStrange}, {static_cast<ProposalType>(0x0A0A)}, {CredentialType::x509}}),
                               {kStrange, {1}}});
    own = cast.package("newcomer");
  }
};

TEST_F(MlsHostileRequirements, a_newcomer_that_meets_them_is_taken) {
  CommitPlan plan;
  plan.proposals = {by_value(Add{own.package})};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostileRequirements, a_newcomer_that_lacks_a_required_proposal_type_is_refused) {
  expect_package_refused_by_commits(changed([](KeyPackage& p) { p.leaf_node.capabilities.proposals = {}; }),
                                    "lacks capabilities");
}
TEST_F(MlsHostileRequirements, a_newcomer_that_lacks_a_required_credential_type_is_refused) {
  expect_package_refused_by_commits(
      changed([](KeyPackage& p) { p.leaf_node.capabilities.credentials = {CredentialType::basic}; }),
      "lacks capabilities");
}
TEST_F(MlsHostileRequirements, a_newcomer_that_lacks_an_extension_in_use_is_refused) {
  expect_package_refused_by_commits(changed([](KeyPackage& p) { p.leaf_node.capabilities.extensions = {}; }),
                                    "does not support an extension");
}
TEST_F(MlsHostileRequirements, an_update_or_commit_that_drops_them_is_refused) {
  const auto drop = [](LeafNode& leaf) { leaf.capabilities.proposals = {}; };
  CommitPlan commit;
  commit.on_leaf = drop;
  expect_commit_refused(std::move(commit), "lacks capabilities");
  CommitPlan update;
  update.proposals = {by_reference(3, {Update{update_leaf(3, drop)}})};
  expect_commit_refused(std::move(update), "lacks capabilities");
}
TEST_F(MlsHostileRequirements, default_types_are_met_without_being_listed) {
  m = cast.warm_group_of(5,
                         {to_extension(RequiredCapabilities{
                             {ExtensionType::application_id, ExtensionType::external_senders},
                             {ProposalType::add, ProposalType::psk, ProposalType::group_context_extensions},
                             {}})});
  CommitPlan plan;
  plan.proposals = {by_value(Add{changed([](KeyPackage& p) {
    p.leaf_node.capabilities.extensions = {};
    p.leaf_node.capabilities.proposals = {};
  })})};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostileRequirements, required_extensions_alone_are_required) {
  m = cast.warm_group_of(5, {to_extension(RequiredCapabilities{{kStrange}, {}, {}})});
  expect_package_refused_by_commits(changed([](KeyPackage& p) { p.leaf_node.capabilities.extensions = {}; }),
                                    "lacks capabilities");
}

// Update: section 12.1.2, 7.3.

class MlsHostileUpdate : public Hostile {
 protected:
  void expect_update_refused(const LeafNode& leaf, std::string_view why) {
    const Insider dave(m[3], cast);
    expect_refused_and_unchanged(dave.proposal({Update{leaf}}), why);
  }
  void expect_update_refused_by_commits(const LeafNode& leaf, std::string_view why) {
    CommitPlan plan;
    plan.proposals = {by_reference(3, {Update{leaf}})};
    expect_commit_refused(std::move(plan), why);
  }
};

TEST_F(MlsHostileUpdate, is_taken_when_honest) {
  CommitPlan plan;
  plan.proposals = {by_reference(3, {Update{update_leaf(3)}})};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostileUpdate, with_a_leaf_made_for_something_else_is_refused) {
  expect_update_refused(update_leaf(3, [](LeafNode& l) { l.source = LeafNodeSource::key_package; }),
                        "not made for one");
  expect_update_refused(update_leaf(3, [](LeafNode& l) { l.source = LeafNodeSource::commit; }),
                        "not made for one");
}
TEST_F(MlsHostileUpdate, that_keeps_the_old_key_is_refused) {
  expect_update_refused(
      update_leaf(3, [&](LeafNode& l) { l.encryption_key = leaf_of_member(3).encryption_key; }),
      "keeps its old encryption key");
}
TEST_F(MlsHostileUpdate, signed_for_another_group_or_leaf_is_refused) {
  LeafNode elsewhere = update_leaf(3);
  resign(suite(), elsewhere, signing_key(3), as_bytes("another group"), {3});
  expect_update_refused(elsewhere, "signature of a leaf");
  LeafNode other_place = update_leaf(3);
  resign(suite(), other_place, signing_key(3), alice().context().group_id, {1});
  expect_update_refused(other_place, "signature of a leaf");
}
TEST_F(MlsHostileUpdate, into_another_client_is_refused) {
  expect_update_refused(
      update_leaf(3, [](LeafNode& l) { l.credential = Credential::basic(as_bytes("eve")); }),
      "another client");
}
TEST_F(MlsHostileUpdate, whose_new_credential_does_not_stand_is_refused) {
  cast.policy.forbid("member-3#stolen");
  expect_update_refused(
      update_leaf(3, [](LeafNode& l) { l.credential = Credential::basic(as_bytes("member-3#stolen")); }),
      "authentication service");
}
TEST_F(MlsHostileUpdate, with_a_key_that_is_none_is_refused) {
  expect_update_refused(update_leaf(3, [](LeafNode& l) { l.encryption_key = Bytes(31, 1); }),
                        "no public key");
  expect_update_refused(update_leaf(3, [](LeafNode& l) { l.encryption_key = Bytes(32, 0); }),
                        "no public key");
}
TEST_F(MlsHostileUpdate, with_an_extension_its_own_capabilities_lack_is_refused) {
  expect_update_refused(update_leaf(3, [](LeafNode& l) { l.extensions = {{kStrange, {}}}; }), "do not list");
}
TEST_F(MlsHostileUpdate, with_the_key_of_another_is_refused) {
  expect_update_refused_by_commits(
      update_leaf(3, [&](LeafNode& l) { l.encryption_key = leaf_of_member(4).encryption_key; }),
      "encryption key is in the tree twice");
}
TEST_F(MlsHostileUpdate, with_the_signature_key_of_another_is_refused) {
  LeafNode leaf = update_leaf(3);
  leaf.signature_key = signing_key(4).public_key();
  resign(suite(), leaf, signing_key(4), alice().context().group_id, {3});
  expect_update_refused_by_commits(leaf, "signature key is in the group twice");
}
TEST_F(MlsHostileUpdate, whose_credential_type_the_others_cannot_read_is_refused) {
  cast.capabilities.credentials = {CredentialType::basic};
  m = cast.warm_group_of(5);
  const LeafNode leaf = update_leaf(3, [](LeafNode& l) {
    l.capabilities.credentials = {CredentialType::basic, CredentialType::x509};
    l.credential = {CredentialType::x509, {}, {to_bytes(std::string_view("member-3"))}};
  });
  expect_update_refused_by_commits(leaf, "cannot read the credentials");
}

// The leaf of a commit.

class MlsHostileCommitLeaf : public Hostile {
 protected:
  void expect_leaf_refused(const Hook<LeafNode>& change, std::string_view why) {
    CommitPlan plan;
    plan.on_leaf = change;
    expect_commit_refused(std::move(plan), why);
  }
};

TEST_F(MlsHostileCommitLeaf, made_for_something_else_is_refused) {
  expect_leaf_refused([](LeafNode& l) { l.source = LeafNodeSource::update; }, "not made for one");
  expect_leaf_refused([](LeafNode& l) { l.source = LeafNodeSource::key_package; }, "not made for one");
}
TEST_F(MlsHostileCommitLeaf, that_keeps_the_old_key_is_refused) {
  const auto old_key = inside().impl().epoch.keys.find(node_of({2}))->copy();
  CommitPlan plan;
  plan.leaf_key = &old_key;
  expect_commit_refused(std::move(plan), "old encryption key");
}
TEST_F(MlsHostileCommitLeaf, signed_for_another_place_is_refused) {
  CommitPlan plan;
  plan.on_signed_leaf = [&](LeafNode& l) {
    resign(suite(), l, signing_key(kMallory), alice().context().group_id, {3});
  };
  expect_commit_refused(std::move(plan), "signature of a leaf");
  CommitPlan other;
  other.on_signed_leaf = [&](LeafNode& l) {
    resign(suite(), l, signing_key(kMallory), as_bytes("elsewhere"), {2});
  };
  expect_commit_refused(std::move(other), "signature of a leaf");
}
TEST_F(MlsHostileCommitLeaf, of_another_client_is_refused) {
  expect_leaf_refused([](LeafNode& l) { l.credential = Credential::basic(as_bytes("eve")); },
                      "another client");
}
TEST_F(MlsHostileCommitLeaf, whose_new_credential_does_not_stand_is_refused) {
  cast.policy.forbid("member-2#stolen");
  expect_leaf_refused([](LeafNode& l) { l.credential = Credential::basic(as_bytes("member-2#stolen")); },
                      "authentication service");
}
TEST_F(MlsHostileCommitLeaf, with_a_key_that_is_none_is_refused) {
  expect_leaf_refused([](LeafNode& l) { l.encryption_key = Bytes(33, 1); }, "no public key");
}
TEST_F(MlsHostileCommitLeaf, with_the_key_of_another_leaf_is_refused) {
  expect_leaf_refused([&](LeafNode& l) { l.encryption_key = leaf_of_member(3).encryption_key; },
                      "in the tree already");
}
TEST_F(MlsHostileCommitLeaf, with_an_extension_its_own_capabilities_lack_is_refused) {
  expect_leaf_refused([](LeafNode& l) { l.extensions = {{kStrange, {}}}; }, "do not list");
}
TEST_F(MlsHostileCommitLeaf, without_the_suite_or_the_credential_in_its_capabilities_is_refused) {
  expect_leaf_refused([](LeafNode& l) { l.capabilities.cipher_suites = {}; }, "cipher suite");
  expect_leaf_refused([](LeafNode& l) { l.capabilities.versions = {}; }, "protocol version");
  expect_leaf_refused([](LeafNode& l) { l.capabilities.credentials = {}; }, "do not list");
}
TEST_F(MlsHostileCommitLeaf, with_the_signature_key_of_another_is_refused) {
  CommitPlan plan;
  plan.on_leaf = [&](LeafNode& l) { l.signature_key = signing_key(4).public_key(); };
  plan.leaf_signer = &signing_key(4);
  expect_commit_refused(std::move(plan), "signature key is in the group twice");
}

// GREASE, section 13.5.

TEST_F(MlsHostileKeyPackage, values_nobody_knows_in_capabilities_are_kept_to_the_bit) {
  const KeyPackage package = changed([](KeyPackage& p) {
    Capabilities& c = p.leaf_node.capabilities;
    c.versions.push_back(static_cast<ProtocolVersion>(0x0A0A));
    c.cipher_suites.insert(c.cipher_suites.begin(), static_cast<CipherSuite>(0x1A1A));
    c.extensions = {static_cast<ExtensionType>(0x2A2A), static_cast<ExtensionType>(0x3A3A)};
    c.proposals = {static_cast<ProposalType>(0x4A4A)};
    c.credentials.insert(c.credentials.begin(), static_cast<CredentialType>(0x5A5A));
    p.leaf_node.extensions = {{static_cast<ExtensionType>(0x2A2A), {1, 2, 3}}};
    p.extensions = {{static_cast<ExtensionType>(0x6A6A), {4}}};
  });
  const auto again = wire::decode<KeyPackage>(wire::encode(package));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, package);
  EXPECT_EQ(suite().key_package_ref(*again), suite().key_package_ref(package));
  CommitPlan plan;
  plan.proposals = {by_value(Add{package})};
  expect_commit_accepted(std::move(plan));
}
TEST_F(MlsHostileKeyPackage, an_extension_nobody_knows_is_refused_where_it_is_in_use_unlisted) {
  expect_package_refused(changed([](KeyPackage& p) {
                           p.leaf_node.extensions = {{static_cast<ExtensionType>(0x2A2A), {1}}};
                         }),
                         "do not list");
}

}  // namespace
}  // namespace sotto::mls::insider
