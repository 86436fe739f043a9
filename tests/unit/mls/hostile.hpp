// What the hostile tests share: a group of five, one of whom keeps no rule, and the one expectation.
#pragma once

#include <gtest/gtest.h>

#include <ctime>
#include <string_view>

#include "support/mls_insider/fingerprint.hpp"
#include "support/mls_insider/forge.hpp"

namespace sotto::mls::insider {

class Hostile : public testing::Test {
 protected:
  static constexpr std::size_t kMallory = 2;  // the insider, at leaf 2

  Group& alice() { return m[0]; }
  Group& bob() { return m[1]; }
  Group& mallory() { return m[kMallory]; }
  Insider inside() { return {mallory(), cast}; }
  AuthenticatedContent text_of_insider(std::string_view text, WireFormat format) {
    return inside().content(to_bytes(text), format);
  }
  const Suite& suite() { return GroupAccess::impl(alice()).suite; }
  const crypto::SigningKey& signing_key(std::size_t member) {
    return GroupAccess::impl(m[member]).identity.signing_key;
  }
  const LeafNode& leaf_of_member(std::size_t member) { return *tree().leaf(m[member].own_leaf()); }
  const RatchetTree& tree() { return GroupAccess::impl(alice()).epoch.tree; }

  // Refused for the reason that is meant, and the receiver is as it was, to the bit.
  void expect_refused_and_unchanged(Group& group, const MlsMessage& message, std::string_view why,
                                    RefusalKind kind = RefusalKind::reject) {
    const auto decoded = MlsMessage::decode(message.encode());
    ASSERT_TRUE(decoded) << "not even read: " << decoded.error().message;
    const Bytes before = fingerprint(group);
    const auto received = group.receive(*decoded, cast.env());
    ASSERT_FALSE(received) << "taken, where this was expected: " << why;
    EXPECT_NE(received.refusal().error.message.find(why), std::string::npos)
        << "refused with: " << received.refusal().error.message;
    EXPECT_EQ(received.refusal().kind, kind) << received.refusal().error.message;
    EXPECT_TRUE(fingerprint(group) == before) << "the refused message left something behind";
  }
  // By alice, and by bob alike.
  void expect_refused_and_unchanged(const MlsMessage& message, std::string_view why,
                                    RefusalKind kind = RefusalKind::reject) {
    expect_refused_and_unchanged(alice(), message, why, kind);
    expect_refused_and_unchanged(bob(), message, why, kind);
  }
  void expect_commit_refused(CommitPlan plan, std::string_view why, RefusalKind kind = RefusalKind::reject) {
    expect_refused_and_unchanged(forge_commit(mallory(), cast, std::move(plan)).message, why, kind);
  }
  // The same forge without the hostile change: what is refused above is refused for that change alone.
  void expect_commit_accepted(CommitPlan plan) {
    const MlsMessage message = forge_commit(mallory(), cast, std::move(plan)).message;
    Group group = alice().copy();
    auto received = group.receive(message, cast.env());
    ASSERT_TRUE(received) << received.refusal().error.message;
    ASSERT_NE(received->get<StagedCommit>(), nullptr);
    ASSERT_TRUE(group.merge(std::move(*received->get<StagedCommit>())));
  }
  // A forged commit becomes the group's state, the forger's included.
  void everybody_merges(const MlsMessage& message, std::size_t but) {
    for (std::size_t i = 0; i < m.size(); ++i) {
      if (i == but) continue;
      auto received = m[i].receive(message, cast.env());
      ASSERT_TRUE(received) << received.refusal().error.message;
      ASSERT_TRUE(m[i].merge(std::move(*received->get<StagedCommit>())));
    }
  }

  static PlannedProposal by_value(auto proposal) { return {Proposal{std::move(proposal)}, {}, {}}; }
  // A member's own proposal, sent as a PublicMessage and received by everybody.
  PlannedProposal by_reference(std::size_t member, Proposal proposal) {
    const Insider sender(m[member], cast);
    return share(sender.proposal(std::move(proposal)), member);
  }
  PlannedProposal share(const MlsMessage& message, std::size_t sent_by) {
    const PublicMessage& body = *message.get<PublicMessage>();
    for (std::size_t i = 0; i < m.size(); ++i) {
      if (i == sent_by || i == kMallory) continue;
      auto received = m[i].receive(message, cast.env());
      EXPECT_TRUE(received) << received.refusal().error.message;
    }
    const auto& proposal = std::get<Proposal>(body.content.body);
    const ProposalRef ref = reference_of(suite(), body);
    // The sender knows its own.
    GroupAccess::impl(m[sent_by])
        .proposals.emplace_back(ref, PendingProposal{proposal, body.content.sender, {}});
    return {proposal, body.content.sender, ref};
  }
  // An Update's leaf as the member would make it, changed before it is signed.
  LeafNode update_leaf(std::size_t member, const Hook<LeafNode>& change = {}) {
    LeafNode leaf = leaf_of_member(member);
    leaf.encryption_key = crypto::DhPrivateKey::generate(suite().dh_group(), cast.random).public_key();
    leaf.source = LeafNodeSource::update;
    leaf.parent_hash.clear();
    leaf.lifetime = {};
    if (change) change(leaf);
    resign(suite(), leaf, signing_key(member), alice().context().group_id, m[member].own_leaf());
    return leaf;
  }
  Psk psk(std::string_view id) {
    PreSharedKeyId psk;
    psk.psk_id = to_bytes(id);
    psk.psk_nonce = cast.random.bytes(suite().hash_size());
    return Psk{std::move(psk)};
  }

  // CPU seconds of this process.
  template <class Do>
  static double cpu_seconds(Do&& what) {
    const std::clock_t start = std::clock();
    std::forward<Do>(what)();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  }

  Cast cast;
  std::vector<Group> m = cast.warm_group_of(5);
};

}  // namespace sotto::mls::insider
