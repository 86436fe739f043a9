// All that one epoch consists of, and the group object around it. Private to the module.
#pragma once

#include <deque>
#include <map>

#include "key_schedule.hpp"
#include "protection.hpp"
#include "ratchet_tree.hpp"
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

// What an ended epoch leaves behind, to open messages that arrive late.
struct PastEpoch {
  GroupContext context;
  RatchetTree tree;  // shares its nodes with the epochs around it
  SecretBytes sender_data_secret;
  SecretTree messages;
};

struct PendingProposal {
  Proposal proposal;
  Sender sender;
};

struct PendingCommit {
  StagedCommit staged;
  Bytes encoded;  // to recognise it when it comes back
};

struct Group::Impl {
  Suite suite;
  ClientIdentity identity;
  GroupConfig config;
  EpochState epoch;
  std::deque<PastEpoch> past;  // newest first
  std::map<Epoch, SecretBytes> resumption_psks;
  std::vector<std::pair<ProposalRef, PendingProposal>> proposals;  // in order of arrival
  std::map<Bytes, crypto::DhPrivateKey> update_keys;               // own Updates' leaf keys, by public key
  std::optional<PendingCommit> pending;
  bool removed = false;

  Impl(const Suite& s, ClientIdentity i, GroupConfig c, EpochState e)
      : suite(s), identity(std::move(i)), config(c), epoch(std::move(e)) {}
};

// Access for the files that together make up Group and StagedCommit.
struct GroupAccess {
  using Impl = Group::Impl;
  static Group make(std::unique_ptr<Impl> impl) { return Group(std::move(impl)); }
  static Impl& impl(Group& group) { return *group.impl_; }
  static const Impl& impl(const Group& group) { return *group.impl_; }
  static StagedCommit stage(CommitSummary summary, Epoch from, std::unique_ptr<EpochState> next);
  static StagedCommit copy(const StagedCommit& staged);
  static const EpochState* next(const StagedCommit& staged) { return staged.next_.get(); }
  // Puts the staged epoch in place. False if it was made in another epoch.
  static bool merge(Impl& impl, StagedCommit staged);
};

}  // namespace sotto::mls
