// What making and processing a commit have in common: from a provisional tree to the next epoch.
#pragma once

#include "epoch.hpp"
#include "proposals.hpp"

namespace sotto::mls {

// Secrets behind a list of PSK ids, in order. A resumption PSK of this group comes from the group itself.
Result<std::vector<PskWithSecret>> find_psks(const GroupAccess::Impl* group,
                                             const std::vector<PreSharedKeyId>& ids, const Environment& env);

// The context that path secrets are encrypted under (section 7.6): next epoch, new tree hash and
// extensions, the old confirmed transcript hash.
GroupContext provisional_context(const GroupContext& before, const RatchetTree& tree,
                                 ExtensionList extensions);

struct EpochInputs {
  GroupContext context;  // provisional; gets its confirmed transcript hash here
  RatchetTree tree;
  TreePrivateKeys keys;
  ByteView init_secret;
  ByteView commit_secret;
  std::vector<PskWithSecret> psks;
  const AuthenticatedContent& commit;  // signed
  ByteView interim_transcript_hash;    // of the epoch before
};
// Key schedule and transcript. The confirmation tag of the result is computed, not compared.
EpochState make_epoch(const Suite& suite, EpochInputs inputs);

// A leaf for a commit: fresh encryption key, same identity; parent hash and signature come later.
LeafNode commit_leaf(const ClientIdentity& identity, ByteView encryption_key);

// A Welcome for the leaves added: GroupInfo signed by `signer`, secrets sealed to each package's init key.
struct WelcomeInputs {
  const Suite& suite;
  const EpochState& epoch;
  const crypto::SigningKey& signer;
  LeafIndex signer_leaf;
  const std::vector<const KeyPackage*>& packages;
  const std::vector<LeafIndex>& leaves;
  const std::vector<RatchetTree::PathStep>* path;  // null: the commit had none
  const std::vector<SecretBytes>* path_secrets;
  const std::vector<PreSharedKeyId>& psks;
  bool with_tree;
  const Environment& env;
};
Result<Welcome> make_welcome(const WelcomeInputs& inputs);

Extension ratchet_tree_extension(const RatchetTree& tree);
GroupInfo make_group_info(const Suite& suite, const EpochState& epoch, const crypto::SigningKey& signer,
                          LeafIndex signer_leaf, bool with_tree, bool external_pub);

// The first epoch of a group of one (section 11).
Result<EpochState> make_first_epoch(const Suite& suite, ByteView group_id, const ClientIdentity& identity,
                                    ExtensionList extensions, const Environment& env);

// How a commit is made: the group's own, or a new member's from outside.
struct CommitBuild {
  const GroupAccess::Impl& group;
  std::vector<ListedProposal> proposals;  // all of them, in the order of the commit
  std::vector<ProposalOrRef> entries;     // the same as the commit writes them
  bool force_path = false;
  bool tree_in_welcome = true;
  ResumptionPskUsage psk_usage = ResumptionPskUsage::application;
};
struct BuiltCommit {
  AuthenticatedContent content;  // with its confirmation tag
  StagedCommit staged;
  std::optional<Welcome> welcome;
};
Result<BuiltCommit> build_commit(CommitBuild build, WireFormat format, const Environment& env);

}  // namespace sotto::mls
