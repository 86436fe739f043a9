// Lists of proposals: what may stand together, and what they do (RFC 9420 sections 12.1-12.3).
#pragma once

#include "epoch.hpp"
#include "validation.hpp"

namespace sotto::mls {

struct ListedProposal {
  Proposal proposal;
  Sender sender;
  Signatures signatures = Signatures::verify;
};
// A proposal that waits, as a commit of this epoch lists it.
ListedProposal listed_in(Epoch epoch, PendingProposal pending);

// Where a list is being judged.
struct ListContext {
  const Suite& suite;
  const GroupConfig& config;
  const GroupContext& context;  // of the epoch that the commit ends
  const RatchetTree& tree;
  const Environment& env;
  Sender committer;
  bool sending = false;  // this client makes the commit
  // In the first commit of a branched or re-initialised group: the resumption PSK usage that is allowed.
  ResumptionPskUsage psk_usage = ResumptionPskUsage::application;
};

// What applying a list gives: the provisional tree and extensions, and what the rest of the commit needs.
struct AppliedProposals {
  RatchetTree tree;
  ExtensionList extensions;
  std::vector<LeafIndex> added;             // one per Add, in order
  std::vector<const KeyPackage*> packages;  // likewise; into the list
  std::vector<PreSharedKeyId> psks;
  std::optional<ReInit> reinit;
  std::optional<Bytes> external_init;
  bool path_required = false;
  CommitSummary summary;
};

// One proposal by itself, from this sender, in this group.
Status check_proposal(const ListContext& where, const Proposal& proposal, const Sender& sender,
                      Signatures signatures = Signatures::verify);
// The list as a whole (12.2), then applied in the order of 12.3. `proposals` must outlive the result.
Result<AppliedProposals> apply_proposals(const ListContext& where,
                                         const std::vector<ListedProposal>& proposals);
// Drops from `proposals` what cannot stand beside the rest, as a committer must (12.2): of several changes
// of one leaf a Remove or else the last Update stays, of doubles the first, of the rest whatever goes
// together with what came before it.
void drop_conflicting(const ListContext& where,
                      std::vector<std::pair<ProposalRef, PendingProposal>>& proposals);

}  // namespace sotto::mls
