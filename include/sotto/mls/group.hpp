// One member's view of one MLS group (RFC 9420).
//
//   auto group = Group::create(suite, group_id, identity, {}, {}, env);
//   auto made = group->commit({.by_value = {Proposal{Add{package}}}}, env);   // pending: nothing changed yet
//   send(made->commit);  ... the delivery service accepted it ...
//   group->merge_pending_commit();  send(made->welcome);                      // only now
//
//   auto received = group->receive(message, env);
//   if (!received) switch (received.refusal().kind) { ... }                   // the group is as it was
//   if (auto* staged = received->get<StagedCommit>()) {                       // look before it counts
//     if (policy_allows(staged->summary())) group->merge(std::move(*staged));
//   }
//
// Opening a message spends its key only once signature and contents hold. A commit, received or own, is a
// value that is merged by a call of its own. Group is move-only; copy() is explicit.
// To keep a group over restarts: state.hpp.
// Thread: one at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "sotto/mls/environment.hpp"
#include "sotto/mls/key_package.hpp"
#include "sotto/mls_messages/message.hpp"

namespace sotto::mls {

// Every bound that a group has beside those of the wire (types.hpp), which none of these may exceed in
// effect.
struct GroupConfig {
  bool encrypt_handshake = true;     // proposals and commits as PrivateMessage
  std::size_t padding = 0;           // plaintexts to a multiple of this many bytes
  std::size_t past_epochs = 3;       // whose application messages still open
  std::size_t resumption_psks = 16;  // past epochs whose resumption secret is kept
  std::size_t max_pending_proposals = 256;
  std::size_t max_proposals_per_commit = kMaxListEntries;
  std::size_t max_members = kMaxMembers;
  // Of a message's plaintext and authenticated data, sent or received; with what protects it.
  std::size_t max_message_bytes = kMaxMessageBytes;
  // How far a message may be ahead of its sender's last one, and how many keys of messages not yet seen are
  // kept for one sender. A jump costs three derivations a generation.
  std::uint32_t max_generation_skip = 1000;
  std::size_t max_skipped_keys = 1000;
  // Longest life of a key package that is added; the RFC asks applications to set one (section 7.2).
  std::uint64_t max_lifetime_s = 0;  // 0: any
  bool check_lifetimes = true;       // of key packages in received Adds too
};

struct Member {
  LeafIndex leaf;
  Credential credential;
  Bytes signature_key;
};

// What a commit does, for whoever must agree to it.
struct CommitSummary {
  Sender committer;
  Epoch epoch = 0;  // that it makes
  struct Change {
    Proposal proposal;
    Sender proposer;
    LeafIndex leaf;                        // Add: the leaf given; Update, Remove: the leaf changed
    std::optional<Credential> credential;  // Remove: of the member that goes
  };
  std::vector<Change> changes;
  bool removes_self = false;
  std::optional<ReInit> reinit;
};

struct EpochState;
struct GroupAccess;

// A commit that was checked and computed, and counts once merged. Belongs to the epoch it was made in.
class StagedCommit {
 public:
  StagedCommit(StagedCommit&&) noexcept;
  StagedCommit& operator=(StagedCommit&&) noexcept;
  ~StagedCommit();
  const CommitSummary& summary() const { return summary_; }
  // Equal on all members that merged the same commits; empty for a member that is removed.
  Bytes epoch_authenticator() const;

 private:
  friend struct GroupAccess;
  StagedCommit();
  CommitSummary summary_;
  Epoch from_epoch_ = 0;
  std::unique_ptr<EpochState> next_;  // null: this member is removed
};

struct ApplicationMessage {
  LeafIndex sender;
  Credential credential;  // of the sender in the message's epoch
  Epoch epoch = 0;
  std::uint32_t generation = 0;
  Bytes authenticated_data;
  Bytes data;
};
struct ReceivedProposal {
  ProposalRef ref;
  Proposal proposal;
  Sender sender;
};
// This member's own pending commit came back: merge_pending_commit().
struct OwnCommit {};

struct Received {
  std::variant<ApplicationMessage, ReceivedProposal, StagedCommit, OwnCommit> content;
  template <class T>
  T* get() {
    return std::get_if<T>(&content);
  }
  template <class T>
  const T* get() const {
    return std::get_if<T>(&content);
  }
};

struct CommitOptions {
  std::vector<Proposal> by_value{};
  // Which received proposals to include: all that are valid together (default), or none.
  bool include_pending = true;
  std::optional<std::vector<ProposalRef>> only{};  // exactly these, in this order
  bool force_path = false;
  bool tree_in_welcome = true;  // else the ratchet tree travels beside the Welcome
};
struct MadeCommit {
  MlsMessage commit;
  std::optional<MlsMessage> welcome;  // to be sent only after the commit was accepted
};

class Group {
 public:
  // --- Ways in ---
  static Outcome<Group> create(CipherSuite suite, ByteView group_id, ClientIdentity identity,
                               ExtensionList extensions, GroupConfig config, const Environment& env);
  // `tree`: where the Welcome does not carry it.
  static Outcome<Group> join(const Welcome& welcome, const OwnKeyPackage& own, const RatchetTreeNodes* tree,
                             GroupConfig config, const Environment& env);
  // Section 12.4.3.2. The commit must be accepted before the group is used. `psks`: external ones to
  // include; `remove_prior`: the leaf of this client's own former membership, found by its credential.
  struct ExternalJoin;
  static Outcome<ExternalJoin> join_externally(const GroupInfo& info, const RatchetTreeNodes* tree,
                                               ClientIdentity identity, bool remove_prior,
                                               const std::vector<Bytes>& psks, GroupConfig config,
                                               const Environment& env);

  // From records that were written as state.hpp says. Missing, foreign or damaged ones are refused. `config`
  // is the application's to choose anew; smaller bounds drop what exceeds them.
  static Result<Group> restore(const StateRecords& records, GroupConfig config);

  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();
  Group copy() const;

  // --- Keeping it (state.hpp) ---
  // What changed since the last call, all of it the first time; empty if nothing did.
  StateChanges take_changes();
  // For changes whose writing failed: they come first in the next ones.
  void put_back(StateChanges changes);
  // All records as they would be on disk: for comparing and for exporting.
  StateRecords state_records() const;

  // --- What it is ---
  CipherSuite cipher_suite() const;
  const GroupContext& context() const;
  Epoch epoch() const { return context().epoch; }
  LeafIndex own_leaf() const;
  bool is_active() const;  // false once removed or re-initialised
  std::vector<Member> members() const;
  std::optional<Member> member(LeafIndex leaf) const;
  ByteView epoch_authenticator() const;
  const std::optional<ReInit>& pending_reinit() const;  // committed: this group only counts as history now
  RatchetTreeNodes ratchet_tree() const;
  // Section 8.5. At most 255 * KDF.Nh bytes.
  Result<SecretBytes> export_secret(std::string_view label, ByteView context, std::size_t size) const;
  std::optional<SecretBytes> resumption_psk(Epoch epoch) const;
  // Signed. `external_pub`: others may join by an external commit.
  Outcome<GroupInfo> group_info(bool with_tree, bool external_pub) const;

  // --- Sending ---
  Outcome<MlsMessage> protect(ByteView data, ByteView authenticated_data, const Environment& env);
  // A proposal of one's own for somebody else to commit. Update makes a fresh leaf key and keeps it until
  // a commit takes or outdates it.
  Outcome<MlsMessage> propose(Proposal proposal, const Environment& env);
  Outcome<MlsMessage> propose_update(const Environment& env);
  // A PSK proposal with a fresh nonce.
  Proposal psk_proposal(ByteView external_psk_id, const Environment& env) const;
  Proposal resumption_psk_proposal(Epoch epoch, const Environment& env) const;
  // Pending until it is merged or discarded; refused with ErrorCode::conflict while another one is. One that
  // may have been accepted must not be discarded: its epoch could never be followed.
  Outcome<MadeCommit> commit(const CommitOptions& options, const Environment& env);
  bool has_pending_commit() const;
  const StagedCommit* pending_commit() const;
  Outcome<Unit> merge_pending_commit();
  void discard_pending_commit();

  // --- Receiving ---
  // A commit that refers to a proposal, or names a pre-shared key, that is not here yet is refused with
  // ErrorCode::not_found (kind `reject`), and taken when it is received again after that.
  Outcome<Received> receive(const MlsMessage& message, const Environment& env);
  Outcome<Unit> merge(StagedCommit staged);
  // This epoch's, received and own, in order of arrival: what a commit may refer to.
  std::vector<ReceivedProposal> proposals() const;
  void forget_proposals();
  // Drops the keys of all but the `keep` newest past epochs: for applications that bound how long message
  // keys live by time, too.
  void forget_past_epochs(std::size_t keep = 0);

  // --- Section 11: new groups from this one ---
  // After a ReInit was merged: the group that follows. `packages`: of the same members, in the new suite.
  struct Founded;
  Outcome<Founded> reinitialise(ClientIdentity identity, const std::vector<KeyPackage>& packages,
                                bool tree_in_welcome, bool force_path, const Environment& env) const;
  Outcome<Group> join_reinitialised(const Welcome& welcome, const OwnKeyPackage& own,
                                    const RatchetTreeNodes* tree, const Environment& env) const;
  Outcome<Founded> branch(ByteView group_id, ClientIdentity identity, ExtensionList extensions,
                          const std::vector<KeyPackage>& packages, bool tree_in_welcome, bool force_path,
                          const Environment& env) const;
  Outcome<Group> join_branch(const Welcome& welcome, const OwnKeyPackage& own, const RatchetTreeNodes* tree,
                             const Environment& env) const;

 private:
  friend struct GroupAccess;
  struct Impl;
  explicit Group(std::unique_ptr<Impl> impl);
  Outcome<MlsMessage> propose(Proposal proposal, crypto::DhPrivateKey* update_key, const Environment& env);
  std::unique_ptr<Impl> impl_;
};

struct Group::ExternalJoin {
  Group group;
  MlsMessage commit;
};
struct Group::Founded {
  Group group;
  MlsMessage welcome;
};

// Proposals from outside (sections 12.1.8, 6.1): an external sender, or a client that asks to be added.
Result<MlsMessage> propose_externally(const GroupContext& context, std::uint32_t sender_index,
                                      const crypto::SigningKey& key, Proposal proposal);
Result<MlsMessage> propose_own_add(const GroupContext& context, const OwnKeyPackage& own);

}  // namespace sotto::mls
