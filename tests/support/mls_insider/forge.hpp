// A member who keeps no rule: everything it makes is properly signed, tagged and encrypted, and otherwise
// whatever the caller wants. What is made is consistent in itself: a receiver that lacked the one check
// under test would accept it and reach the same epoch.
//
// The insider's own group stays as it was: the forge works on copies of its keys.
#pragma once

#include <functional>
#include <memory>

#include "mls/epoch.hpp"
#include "mls/transition.hpp"
#include "support/mls_insider/cast.hpp"

namespace sotto::mls::insider {

template <class T>
using Hook = std::function<void(T&)>;

// --- Messages ---

struct PrivatePlan {
  std::optional<LeafIndex> sender{};          // as the sender data names it; keys are of this leaf
  std::optional<std::uint32_t> generation{};  // instead of the next one; above 100,000 the keys are of zero
  Bytes padding{};
  Hook<PrivateMessage> on_message{};  // before encryption: only what is authenticated as AAD counts
};

class Insider {
 public:
  Insider(const Group& group, Cast& cast) : group_(GroupAccess::impl(group)), cast_(cast) {}

  const GroupAccess::Impl& impl() const { return group_; }
  LeafIndex leaf() const { return group_.epoch.keys.own(); }

  // Content of this epoch, from this member, not signed yet.
  AuthenticatedContent content(std::variant<Bytes, Proposal, Commit> body, WireFormat format) const;
  void sign(AuthenticatedContent& content) const;
  // Frames what was signed; membership tag where the sender is a member.
  MlsMessage as_public(AuthenticatedContent content) const;
  MlsMessage as_private(const AuthenticatedContent& content, const PrivatePlan& plan = {}) const;
  MlsMessage frame(const AuthenticatedContent& content) const;

  // Signed and framed.
  MlsMessage proposal(Proposal proposal, WireFormat format = WireFormat::public_message) const;
  MlsMessage application(ByteView data, const PrivatePlan& plan = {}) const;

 private:
  const GroupAccess::Impl& group_;
  Cast& cast_;
};

// The reference by which a commit takes up this message.
ProposalRef reference_of(const Suite& suite, const PublicMessage& message);

// --- Commits ---

struct PlannedProposal {
  Proposal proposal{};
  std::optional<Sender> by{};  // of somebody else's: by reference
  std::optional<ProposalRef> ref{};
};

struct CommitPlan {
  std::vector<PlannedProposal> proposals{};
  bool path = true;
  WireFormat format = WireFormat::public_message;
  Sender sender{};                                     // filled in by the forge unless `foreign_sender`
  bool foreign_sender = false;                         // take `sender` as it stands
  const crypto::SigningKey* leaf_signer = nullptr;     // instead of the insider's own
  const crypto::SigningKey* message_signer = nullptr;  // likewise
  std::optional<SecretBytes> first_path_secret{};      // instead of a fresh one
  const crypto::DhPrivateKey* leaf_key = nullptr;      // likewise
  bool exclude_added = true;                           // from the path's recipients
  Hook<RatchetTree> on_tree{};                         // after the proposals
  Hook<LeafNode> on_leaf{};                            // before it is signed
  Hook<LeafNode> on_signed_leaf{};
  Hook<GroupContext> on_path_context{};    // that path secrets are encrypted under
  Hook<UpdatePath> on_path{};              // after encryption
  Hook<FramedContent> on_content{};        // before it is signed
  Hook<AuthenticatedContent> on_signed{};  // with its confirmation tag, before framing
};

// An epoch that the forge made, as the insider would hold it. The joiner secret is still there.
struct Forged {
  MlsMessage message;
  AuthenticatedContent content;
  EpochState next;
  std::vector<LeafIndex> added;
  std::vector<RatchetTree::PathStep> path;
  PathSecrets path_secrets;
  std::vector<PreSharedKeyId> psks;
};

// The forger goes on into the epoch it made.
void adopt(Group& insider, EpochState next);

// By a member. Applies the proposals in the order of the RFC and checks nothing.
Forged forge_commit(const Group& insider, Cast& cast, CommitPlan plan);

// By somebody outside who holds the GroupInfo. `init_key`: the group's external public key.
struct ExternalPlan : CommitPlan {
  std::optional<Bytes> kem_output{};  // instead of what fits
  int external_inits = 1;
};
Forged forge_external_commit(const GroupInfo& info, const RatchetTreeNodes& tree, ClientIdentity& identity,
                             Cast& cast, ExternalPlan plan);

// --- Welcomes ---

struct WelcomePlan {
  GroupContext context{};  // its tree hash is computed unless `keep_tree_hash`
  RatchetTreeNodes tree{};
  bool keep_tree_hash = false;
  bool tree_inside = true;
  LeafIndex signer{};
  const crypto::SigningKey* signing_key = nullptr;
  std::optional<SecretBytes> path_secret{};
  std::vector<PreSharedKeyId> psks{};
  Hook<GroupInfo> on_info{};  // before it is signed
  Hook<GroupInfo> on_signed_info{};
  Hook<GroupSecrets> on_secrets{};
  Hook<Welcome> on_welcome{};
};
// A Welcome out of thin air: any tree, any context, secrets to match, for this key package.
Welcome forge_welcome(const KeyPackage& recipient, Cast& cast, const WelcomePlan& plan);

// The GroupInfo of a group, changed and signed again.
GroupInfo forge_group_info(const Group& insider, bool with_tree, bool external_pub,
                           const Hook<GroupInfo>& change);

// Sign again what was changed.
void resign(const Suite& suite, LeafNode& leaf, const crypto::SigningKey& key, ByteView group_id,
            LeafIndex place);
void resign(const Suite& suite, KeyPackage& package, const crypto::SigningKey& key);
// The key package with its leaf changed, both signed again.
KeyPackage changed_package(const OwnKeyPackage& own, const Hook<KeyPackage>& change, bool sign_leaf = true,
                           bool sign_package = true);

}  // namespace sotto::mls::insider
