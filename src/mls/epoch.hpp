// All that one epoch consists of, and the group object around it. Private to the module.
#pragma once

#include <deque>
#include <map>

#include "key_schedule.hpp"
#include "protection.hpp"
#include "ratchet_tree.hpp"
#include "record_book.hpp"
#include "secret_tree.hpp"
#include "sotto/mls/group.hpp"
#include "suite.hpp"
#include "tree_kem.hpp"

namespace sotto::mls {

struct EpochState {
  GroupContext context;
  RatchetTree tree;
  TreePrivateKeys keys;
  EpochSecrets secrets;
  SecretTree messages;
  Bytes confirmation_tag;
  Bytes interim_transcript_hash;
  std::optional<ReInit> reinit;  // the commit that made this epoch ended the group

  EpochState copy() const;
};

// How one epoch's tree and extensions differ from those of the epoch before, for storing what changed.
struct EpochLineage {
  Epoch extensions_since = 0;      // the first epoch that had these extensions
  std::vector<NodeIndex> blanked;  // nodes that were not blank in the epoch before
};

// A leaf as it was before the commit that ended an epoch.
struct ReplacedLeaf {
  std::shared_ptr<const TreeNode> node;  // null: blank. Shared with the epoch before
  Epoch since = 0;                       // the first epoch that had it
};

// What an ended epoch leaves behind, to open messages that arrive late. Its leaves are those of the epoch
// after it, but for the replaced ones.
struct PastEpoch {
  GroupContext context;
  EpochLineage lineage;
  std::map<LeafIndex, ReplacedLeaf> replaced;
  Bytes confirmation_tag;
  SecretBytes sender_data_secret;
  SecretTree messages;

  PastEpoch copy() const;
};

struct PendingProposal {
  Proposal proposal;
  Sender sender;
  // The epoch in which every signature in it was seen to hold for this sender; nullopt: not asked since it
  // was restored. A commit of that epoch, which takes these very bytes, need not verify them again.
  std::optional<Epoch> verified_in{};
};

struct PendingCommit {
  StagedCommit staged;
  Bytes hash;  // of the encoded message, to recognise it when it comes back
};

struct Group::Impl {
  Suite suite;
  ClientIdentity identity;
  GroupConfig config;
  EpochState epoch;
  EpochLineage lineage;
  std::vector<Epoch>
      node_since;              // by node: the first epoch that had it as it is; of no meaning for blank ones
  std::deque<PastEpoch> past;  // newest first
  std::map<Epoch, SecretBytes> resumption_psks;
  std::vector<std::pair<ProposalRef, PendingProposal>> proposals;  // in order of arrival
  std::map<Bytes, crypto::DhPrivateKey> update_keys;               // own Updates' leaf keys, by public key
  std::optional<PendingCommit> pending;
  bool removed = false;
  RecordBook book;  // what of this is stored

  Impl(const Suite& s, ClientIdentity i, GroupConfig c, EpochState e);

  // Drops the oldest of what the configuration bounds.
  void keep_within_bounds();
  // A leaf of the past epoch past[index]; null: blank or out of range.
  const LeafNode* past_leaf(std::size_t index, LeafIndex leaf) const;
  // How `next` would follow the present epoch.
  EpochLineage lineage_of(const EpochState& next) const;
  StateChanges take_changes();
  void put_back(StateChanges changes);
  // Hands what changed to the writer, if there is one.
  Status store(const Environment& env);
};

// Access for the files that together make up Group and StagedCommit.
struct GroupAccess {
  using Impl = Group::Impl;
  // A group that begins here; its records are written if the environment says where.
  static Outcome<Group> make(std::unique_ptr<Impl> impl, const Environment& env);
  static Impl& impl(Group& group) { return *group.impl_; }
  static const Impl& impl(const Group& group) { return *group.impl_; }
  static StagedCommit stage(CommitSummary summary, Epoch from, std::unique_ptr<EpochState> next);
  static StagedCommit copy(const StagedCommit& staged);
  static const EpochState* next(const StagedCommit& staged) { return staged.next_.get(); }
  // Puts the staged epoch in place. False if it was made in another epoch.
  static bool merge(Impl& impl, StagedCommit staged);
};

// What of the group the book does not have yet, in the order of writing; the book has it then.
StateChanges state_changes(const GroupAccess::Impl& group, RecordBook& book);

}  // namespace sotto::mls
