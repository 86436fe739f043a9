// Group::restore: from stored records back to a group.
#include <algorithm>

#include "state_records.hpp"

namespace sotto::mls {
namespace {

using Impl = GroupAccess::Impl;

Error damaged(const char* what) {
  return fail(ErrorCode::storage, std::string("The stored group is damaged: ") + what);
}

class Restorer {
 public:
  Restorer(const StateRecords& records, GroupConfig config) : records_(records), config_(config) {}

  Result<std::unique_ptr<Impl>> run() {
    if (Status sorted = sort_keys(); !sorted) return std::move(sorted).error();
    auto head = read<HeadRecord>(RecordKind::head);
    if (!head) return std::move(head).error();
    head_ = *std::move(head);
    const auto suite = Suite::of(head_.suite);
    if (!suite) return suite.error();
    suite_ = *suite;
    const SecretBytes* identity_record = find(RecordKind::identity);
    if (identity_record == nullptr) return damaged("the identity is missing.");
    auto identity = decode_identity(identity_record->view());
    if (!identity) return std::move(identity).error().with("reading the identity of a stored group");
    if (identity->signing_key.algorithm() != suite_->signature_algorithm()) {
      return damaged("the signature key is of another suite.");
    }
    signature_key_ = identity->signing_key.public_key();

    auto pending = pending_record();
    if (!pending) return std::move(pending).error();
    if (Status described = describe(pending->has_value()); !described) return std::move(described).error();
    if (Status valued = read_nodes(pending->has_value()); !valued) return std::move(valued).error();
    auto epoch = epoch_state(head_.epoch, nullptr);
    if (!epoch) return std::move(epoch).error();
    auto impl = std::make_unique<Impl>(*suite_, *std::move(identity), config_, *std::move(epoch));
    impl->removed = head_.removed;
    impl->lineage = described_.at(head_.epoch).lineage;
    for (std::uint32_t i = 0; i < impl->node_since.size(); ++i) {
      if (const Version* version = version_of({i}, head_.epoch)) impl->node_since[i] = version->since;
    }
    if (Status past = read_past(*impl); !past) return std::move(past).error();
    if (Status waiting = read_waiting(*impl); !waiting) return std::move(waiting).error();
    if (*pending) {
      if (Status taken = take_pending(*impl, **std::move(pending)); !taken) return std::move(taken).error();
    }
    impl->keep_within_bounds();
    mark_as_stored(*impl);
    return impl;
  }

 private:
  // One stored value of a tree node.
  struct Version {
    Epoch since = 0;
    std::shared_ptr<const TreeNode> node;
  };

  static RecordKey name(RecordKind kind, Epoch epoch = 0, std::uint32_t index = 0) {
    RecordKey key;
    key.kind = kind;
    key.epoch = epoch;
    key.index = index;
    return key;
  }

  const SecretBytes* find(RecordKind kind, Epoch epoch = 0, std::uint32_t index = 0) const {
    const auto at = records_.find(name(kind, epoch, index).encode());
    return at == records_.end() ? nullptr : &at->second;
  }

  template <class T>
  Result<T> read(RecordKind kind, Epoch epoch = 0) const {
    const SecretBytes* record = find(kind, epoch);
    if (record == nullptr) {
      if (kind == RecordKind::head) return fail(ErrorCode::not_found, "There is no stored group.");
      return damaged("a record is missing.");
    }
    auto value = wire::decode<T>(record->view());
    if (!value) return std::move(value).error().with("reading a stored group");
    return value;
  }

  // A record that is nothing but one secret.
  Result<SecretBytes> secret(RecordKind kind, Epoch epoch) const {
    const SecretBytes* record = find(kind, epoch);
    if (record == nullptr) return damaged("a secret is missing.");
    if (record->size() != suite_->hash_size()) return damaged("a secret has the wrong size.");
    return record->copy();
  }

  Status sort_keys() {
    if (records_.size() > kMaxStateRecords)
      return fail(ErrorCode::too_large, "The stored group has too many records.");
    for (const auto& [bytes, value] : records_) {
      if (value.size() > kMaxMessageBytes * 2)
        return fail(ErrorCode::too_large, "A stored record is too large.");
      auto key = RecordKey::decode(bytes);
      if (!key) return std::move(key).error();
      switch (key->kind) {
        case RecordKind::node: node_keys_.push_back({*std::move(key), &value}); break;
        case RecordKind::tree_secret:
        case RecordKind::ratchet:
        case RecordKind::skipped_key: message_keys_[key->epoch].push_back({*std::move(key), &value}); break;
        case RecordKind::proposal:
        case RecordKind::update_key: waiting_.push_back({*std::move(key), &value}); break;
        default: break;
      }
    }
    return ok_status();
  }

  // The pending commit that counts. One that was merged meanwhile, or is of an epoch that is over, is a
  // leftover.
  Result<std::optional<PendingRecord>> pending_record() const {
    if (find(RecordKind::pending_commit) == nullptr || head_.removed) return std::optional<PendingRecord>();
    auto record = read<PendingRecord>(RecordKind::pending_commit);
    if (!record) return std::move(record).error();
    if (record->epoch <= head_.epoch) return std::optional<PendingRecord>();
    if (record->epoch != head_.epoch + 1 || record->hash.size() != suite_->hash_size()) {
      return damaged("the pending commit does not follow the epoch.");
    }
    return std::optional(*std::move(record));
  }

  Status describe(bool with_pending) {
    std::vector<Epoch> epochs = head_.past;
    epochs.push_back(head_.epoch);
    if (with_pending) epochs.push_back(head_.epoch + 1);
    for (const Epoch epoch : epochs) {
      auto record = read<EpochRecord>(RecordKind::epoch, epoch);
      if (!record) return std::move(record).error();
      if (record->context.epoch != epoch || record->context.cipher_suite != suite_->id() ||
          record->context.version != ProtocolVersion::mls10 || record->lineage.extensions_since > epoch) {
        return damaged("an epoch is not what its record says.");
      }
      const SecretBytes* extensions = find(RecordKind::extensions, record->lineage.extensions_since);
      if (extensions == nullptr) return damaged("the extensions of the group are missing.");
      wire::Reader in(extensions->view());
      record->context.extensions = read_extensions(in, kMaxMessageBytes);
      if (Status done = in.finish(); !done)
        return std::move(done).error().with("reading a stored group's extensions");
      described_.emplace(epoch, *std::move(record));
    }
    const Bytes& group_id = described_.at(head_.epoch).context.group_id;
    for (const auto& [epoch, record] : described_) {
      if (record.context.group_id != group_id) return damaged("two epochs are of different groups.");
    }
    return ok_status();
  }

  // --- The tree ---

  Status read_nodes(bool with_pending) {
    const Epoch last = head_.epoch + (with_pending ? 1 : 0);
    for (const auto& [key, value] : node_keys_) {
      if (key.epoch > last) continue;  // of a commit that was given up
      if (key.index >= node_count(kMaxMembers)) return damaged("a node is outside of any tree.");
      Result<TreeNode> node = is_leaf({key.index}) ? as_node(wire::decode<LeafNode>(value->view()))
                                                   : as_node(wire::decode<ParentNode>(value->view()));
      if (!node) return std::move(node).error().with("reading a stored node");
      // Keys come in the order of their epochs.
      versions_[{key.index}].push_back({key.epoch, std::make_shared<const TreeNode>(*std::move(node))});
    }
    return ok_status();
  }

  template <class Node>
  static Result<TreeNode> as_node(Result<Node> node) {
    if (!node) return std::move(node).error();
    return TreeNode{*std::move(node)};
  }

  // The node as it was in `epoch`; null: blank.
  const Version* version_of(NodeIndex node, Epoch epoch) const {
    const auto at = versions_.find(node);
    if (at == versions_.end() || node.value >= node_count(described_.at(epoch).leaf_count)) return nullptr;
    const Version* newest = nullptr;
    for (const Version& version : at->second) {
      if (version.since <= epoch) newest = &version;
    }
    if (newest == nullptr) return nullptr;
    for (auto between = described_.upper_bound(newest->since);
         between != described_.end() && between->first <= epoch; ++between) {
      const std::vector<NodeIndex>& blanked = between->second.lineage.blanked;
      if (std::ranges::find(blanked, node) != blanked.end()) return nullptr;
    }
    return newest;
  }

  Result<RatchetTree> tree_of(Epoch epoch) const {
    const EpochRecord& record = described_.at(epoch);
    std::vector<std::shared_ptr<const TreeNode>> nodes(node_count(record.leaf_count));
    for (const auto& [node, versions] : versions_) {
      if (node.value >= nodes.size()) break;
      if (const Version* version = version_of(node, epoch)) nodes[node.value] = version->node;
    }
    auto tree = RatchetTree::from_stored(*suite_, record.leaf_count, std::move(nodes));
    if (!tree) return tree;
    if (!tree->has_leaf(head_.own)) return damaged("the tree lacks this member's own leaf.");
    if (tree->root_hash() != record.context.tree_hash)
      return damaged("the tree does not have the group's tree hash.");
    return tree;
  }

  // --- Epochs ---

  // `before`: of the epoch before, whose private keys need not be parsed again.
  Result<EpochState> epoch_state(Epoch epoch, const EpochState* before) const {
    const EpochRecord& record = described_.at(epoch);
    auto tree = tree_of(epoch);
    if (!tree) return std::move(tree).error();
    auto stored = read<SecretsRecord>(RecordKind::secrets, epoch);
    if (!stored) return std::move(stored).error();
    auto sender_data = secret(RecordKind::sender_data, epoch);
    if (!sender_data) return std::move(sender_data).error();
    auto resumption = secret(RecordKind::resumption, epoch);
    if (!resumption) return std::move(resumption).error();
    EpochSecrets& secrets = stored->secrets;
    secrets.sender_data_secret = *std::move(sender_data);
    secrets.resumption_psk = *std::move(resumption);
    for (const SecretBytes* one :
         {&secrets.exporter_secret, &secrets.external_secret, &secrets.confirmation_key,
          &secrets.membership_key, &secrets.epoch_authenticator, &secrets.init_secret}) {
      if (one->size() != suite_->hash_size()) return damaged("a secret has the wrong size.");
    }
    if (!suite_->mac_is(secrets.confirmation_key.view(), record.context.confirmed_transcript_hash,
                        record.confirmation_tag) ||
        stored->interim_transcript_hash != interim_transcript_hash(*suite_,
                                                                   record.context.confirmed_transcript_hash,
                                                                   record.confirmation_tag)) {
      return damaged("the transcript does not fit the keys.");
    }

    TreePrivateKeys keys(head_.own);
    for (const auto& [node, bytes] : stored->keys) {
      if (node.value >= node_count(tree->leaf_count()) || tree->is_blank(node) ||
          !is_below(head_.own, node)) {
        return damaged("a private key is of a node that this member does not know.");
      }
      const crypto::DhPrivateKey* known = before == nullptr ? nullptr : before->keys.find(node);
      if (known != nullptr && known->bytes() == bytes && known->public_key() == tree->public_key(node)) {
        keys.set(node, known->copy());
        continue;
      }
      auto key = crypto::DhPrivateKey::from_bytes(suite_->dh_group(), bytes.view());
      if (!key || key->public_key() != tree->public_key(node))
        return damaged("a private key is not that of its node.");
      keys.set(node, *std::move(key));
    }
    if (tree->leaf(head_.own)->signature_key != signature_key_) {
      return damaged("the identity is not that of this member's leaf.");
    }
    if (keys.find(node_of(head_.own)) == nullptr)
      return damaged("the private key of this member's leaf is missing.");
    auto messages = secret_tree(epoch);
    if (!messages) return std::move(messages).error();
    return EpochState{record.context,
                      *std::move(tree),
                      std::move(keys),
                      std::move(secrets),
                      *std::move(messages),
                      record.confirmation_tag,
                      std::move(stored->interim_transcript_hash),
                      std::move(stored->reinit)};
  }

  Result<SecretTree> secret_tree(Epoch epoch) const {
    std::map<NodeIndex, SecretBytes> nodes;
    std::map<SecretTree::RatchetId, SecretTree::Ratchet> ratchets;
    std::vector<std::pair<const RecordKey*, MessageKeys>> skipped;
    if (const auto at = message_keys_.find(epoch); at != message_keys_.end()) {
      for (const auto& [key, value] : at->second) {
        if (key.kind == RecordKind::tree_secret) {
          nodes.emplace(NodeIndex{key.index}, value->copy());
          continue;
        }
        wire::Reader in(value->view());
        if (key.kind == RecordKind::ratchet) {
          RatchetRecord record = RatchetRecord::read(in);
          ratchets[{LeafIndex{key.index}, key.type}] = {record.next, std::move(record.secret), {}};
        } else {
          skipped.emplace_back(&key, read_keys(in));
        }
        if (Status done = in.finish(); !done)
          return std::move(done).error().with("reading a stored message key");
      }
    }
    for (auto& [key, keys] : skipped) {
      // Without its ratchet it is left over from a write that was cut off before it.
      const auto ratchet = ratchets.find({LeafIndex{key->index}, key->type});
      if (ratchet != ratchets.end()) ratchet->second.skipped.emplace(key->generation, std::move(keys));
    }
    return SecretTree::from_parts(*suite_, described_.at(epoch).leaf_count, std::move(nodes),
                                  std::move(ratchets), config_.max_skipped_keys);
  }

  Status read_past(Impl& group) const {
    Epoch newer = head_.epoch;
    for (const Epoch epoch : head_.past) {
      const EpochRecord& record = described_.at(epoch);
      auto sender_data = secret(RecordKind::sender_data, epoch);
      if (!sender_data) return std::move(sender_data).error();
      auto messages = secret_tree(epoch);
      if (!messages) return std::move(messages).error();
      std::map<LeafIndex, ReplacedLeaf> replaced;
      for (const auto& [node, versions] : versions_) {
        if (!is_leaf(node)) continue;
        const Version* then = version_of(node, epoch);
        const Version* after = version_of(node, newer);
        if (then == after) continue;
        replaced[leaf_of(node)] = then == nullptr ? ReplacedLeaf{} : ReplacedLeaf{then->node, then->since};
      }
      group.past.push_back({record.context, record.lineage, std::move(replaced), record.confirmation_tag,
                            *std::move(sender_data), *std::move(messages)});
      newer = epoch;
    }
    for (const Epoch epoch : head_.resumption_psks) {
      auto psk = secret(RecordKind::resumption, epoch);
      if (!psk) return std::move(psk).error();
      group.resumption_psks.emplace(epoch, *std::move(psk));
    }
    return ok_status();
  }

  // --- What waits for a commit ---

  Status read_waiting(Impl& group) const {
    for (const auto& [key, value] : waiting_) {
      if (key.epoch != head_.epoch || head_.removed) continue;
      if (key.kind == RecordKind::update_key) {
        auto private_key = crypto::DhPrivateKey::from_bytes(suite_->dh_group(), value->view());
        if (!private_key || private_key->public_key() != key.public_key)
          return damaged("the key of an update is wrong.");
        group.update_keys.emplace(key.public_key, *std::move(private_key));
        continue;
      }
      wire::Reader in(value->view());
      auto proposal = read_proposal(in);
      if (Status done = in.finish(); !done) return std::move(done).error().with("reading a stored proposal");
      // They are written in order, so a gap is damage.
      if (key.index != group.proposals.size() || proposal.first.size() != suite_->hash_size()) {
        return damaged("a proposal is missing.");
      }
      group.proposals.push_back(std::move(proposal));
    }
    return ok_status();
  }

  Status take_pending(Impl& group, PendingRecord record) const {
    auto next = epoch_state(record.epoch, &group.epoch);
    if (!next) return std::move(next).error();
    if (record.summary.committer != Sender::member(head_.own))
      return damaged("the pending commit is somebody else's.");
    group.pending = PendingCommit{GroupAccess::stage(std::move(record.summary), head_.epoch,
                                                     std::make_unique<EpochState>(*std::move(next))),
                                  std::move(record.hash)};
    return ok_status();
  }

  // The book of what is stored, and as first changes whatever a write that was cut off left to be done.
  void mark_as_stored(Impl& group) const {
    StateChanges rest;
    StateRecords wanted;
    for (StateChange& change : state_changes(group, group.book).list) {
      const auto at = records_.find(change.key);
      const bool same = at != records_.end() && at->second == *change.value;
      wanted.emplace(change.key, SecretBytes());
      if (!same) rest.list.push_back(std::move(change));
    }
    for (const auto& [key, value] : records_) {
      if (!wanted.contains(key)) rest.list.push_back({key, std::nullopt});
    }
    group.book.unwritten = std::move(rest);
    group.epoch.messages.changes_are_stored();
    for (PastEpoch& past : group.past) past.messages.changes_are_stored();
  }

  using Found = std::pair<RecordKey, const SecretBytes*>;

  const StateRecords& records_;
  GroupConfig config_;
  std::optional<Suite> suite_;
  HeadRecord head_;
  Bytes signature_key_;  // this member's
  std::vector<Found> node_keys_;
  std::map<Epoch, std::vector<Found>> message_keys_;
  std::vector<Found> waiting_;
  std::map<Epoch, EpochRecord> described_;  // past, present, pending
  std::map<NodeIndex, std::vector<Version>> versions_;
};

}  // namespace

Result<Group> Group::restore(const StateRecords& records, GroupConfig config) {
  auto impl = Restorer(records, config).run();
  if (!impl) return std::move(impl).error();
  return Group(*std::move(impl));
}

}  // namespace sotto::mls
