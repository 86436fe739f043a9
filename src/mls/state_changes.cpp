// What differs between a group and what is stored of it, as changes in the order of writing (state.hpp).
//
// The head record says which epochs count. All that a new epoch needs is written before it, all that it makes
// needless is erased after it; a pending commit's records come before the record that names it. So a list cut
// off anywhere leaves either the old state or the new one, and leftovers that restore() knows as such.
#include <algorithm>

#include "state_records.hpp"

namespace sotto::mls {
namespace {

using Impl = GroupAccess::Impl;

RecordKey key_of(RecordKind kind, Epoch epoch = 0, std::uint32_t index = 0) {
  RecordKey key;
  key.kind = kind;
  key.epoch = epoch;
  key.index = index;
  return key;
}

RecordKey key_of(Epoch epoch, SecretTree::RatchetId id) {
  RecordKey key = key_of(RecordKind::ratchet, epoch, id.leaf.value);
  key.type = id.type;
  return key;
}

RecordKey key_of(Epoch epoch, SecretTree::RatchetId id, std::uint32_t generation) {
  RecordKey key = key_of(epoch, id);
  key.kind = RecordKind::skipped_key;
  key.generation = generation;
  return key;
}

RecordKey key_of(Epoch epoch, const Bytes& public_key) {
  RecordKey key = key_of(RecordKind::update_key, epoch);
  key.public_key = public_key;
  return key;
}

SecretBytes encode_node(const TreeNode& node) {
  return std::visit([](const auto& value) { return encode_record(value); }, node);
}

SecretBytes encode_extensions(const ExtensionList& extensions) {
  wire::Writer out;
  write_extensions(out, extensions);
  return std::move(out).take_secret();
}

class Difference {
 public:
  Difference(const Impl& group, RecordBook& book)
      : group_(group),
        book_(book),
        pending_(group.pending ? GroupAccess::next(group.pending->staged) : nullptr),
        now_(std::exchange(book.unwritten, {})) {}

  StateChanges run() {
    drop_stale_pending();
    const EpochState& epoch = group_.epoch;
    own_ratchets(epoch.context.epoch, epoch.messages);
    // Before the keys that opened them: a proposal whose key is gone could never be read again.
    proposals();
    for (const PastEpoch& past : group_.past) {
      messages(past.context.epoch, past.confirmation_tag, past.messages);
    }
    messages(epoch.context.epoch, epoch.confirmation_tag, epoch.messages);
    const bool moved = head_is_new();
    if (moved || pending_is_new()) structure(moved);
    std::ranges::move(later_, std::back_inserter(now_.list));
    return std::move(now_);
  }

 private:
  void put(const RecordKey& key, SecretBytes value) { now_.list.push_back({key.encode(), std::move(value)}); }
  void erase(const RecordKey& key) { later_.push_back({key.encode(), std::nullopt}); }

  bool head_is_new() {
    wire::Writer out;
    HeadRecord::of(group_).write(out);
    if (equal(out.view(), book_.head)) return false;
    head_ = std::move(out).take();
    return true;
  }
  bool pending_is_new() const {
    if (pending_ == nullptr) return book_.pending.has_value();
    return !book_.pending || book_.pending->second != pending_->confirmation_tag;
  }

  // A stored pending commit that was neither merged nor kept. Another epoch of its number may follow, so it
  // goes before anything is written: first the record that names it, then what it named.
  void drop_stale_pending() {
    if (!book_.pending || !pending_is_new()) return;
    const auto [epoch, tag] = *std::exchange(book_.pending, std::nullopt);
    if (epoch == group_.epoch.context.epoch && tag == group_.epoch.confirmation_tag) {
      if (pending_ == nullptr) erase(key_of(RecordKind::pending_commit));
      return;
    }
    erase(key_of(RecordKind::pending_commit));
    erase_epoch(epoch);
    std::erase_if(book_.other_nodes, [&, dropped = epoch](const auto& name) {
      if (name.first != dropped) return false;
      erase(key_of(RecordKind::node, name.first, name.second.value));
      return true;
    });
    if (book_.extensions.erase(epoch) != 0) erase(key_of(RecordKind::extensions, epoch));
    if (book_.resumption_psks.erase(epoch) != 0) erase(key_of(RecordKind::resumption, epoch));
    std::ranges::move(std::exchange(later_, {}), std::back_inserter(now_.list));
  }

  void erase_epoch(Epoch epoch) {
    const auto at = book_.epochs.find(epoch);
    if (at == book_.epochs.end()) return;
    if (at->second.has_secrets) erase(key_of(RecordKind::secrets, epoch));
    for (const NodeIndex node : at->second.tree_secrets)
      erase(key_of(RecordKind::tree_secret, epoch, node.value));
    for (const auto& [id, generations] : at->second.ratchets) {
      for (const std::uint32_t generation : generations) erase(key_of(epoch, id, generation));
      erase(key_of(epoch, id));
    }
    erase(key_of(RecordKind::sender_data, epoch));
    erase(key_of(RecordKind::epoch, epoch));
    book_.epochs.erase(at);
  }

  // --- Secret trees ---

  void messages(Epoch epoch, const Bytes& tag, const SecretTree& tree) {
    const auto at = book_.epochs.find(epoch);
    if (at != book_.epochs.end()) return touched_messages(epoch, tree, tree.changes(), at->second);
    SecretTree::Changes all;
    for (const auto& [node, secret] : tree.nodes()) all.nodes.insert(node);
    for (const auto& [id, ratchet] : tree.ratchets()) all.ratchets.insert(id);
    unstored_.push_back(epoch);
    touched_messages(epoch, tree, all,
                     book_.epochs.emplace(epoch, RecordBook::StoredEpoch{tag, false, {}, {}}).first->second);
  }

  // Own generations first of all: a key that was given out must not be given out again.
  void own_ratchets(Epoch epoch, const SecretTree& tree) {
    const auto at = book_.epochs.find(epoch);
    if (at == book_.epochs.end()) return;
    for (const SecretTree::RatchetId id : tree.changes().ratchets) {
      if (id.leaf == group_.epoch.keys.own()) ratchet(epoch, id, tree.ratchets().at(id), at->second);
    }
  }

  void touched_messages(Epoch epoch, const SecretTree& tree, const SecretTree::Changes& touched,
                        RecordBook::StoredEpoch& stored) {
    const bool own_are_written =
        epoch == group_.epoch.context.epoch && std::ranges::find(unstored_, epoch) == unstored_.end();
    for (const SecretTree::RatchetId id : touched.ratchets) {
      if (own_are_written && id.leaf == group_.epoch.keys.own()) continue;
      ratchet(epoch, id, tree.ratchets().at(id), stored);
    }
    for (const NodeIndex node : touched.nodes) {
      const auto at = tree.nodes().find(node);
      if (at == tree.nodes().end()) {
        if (stored.tree_secrets.erase(node) != 0) erase(key_of(RecordKind::tree_secret, epoch, node.value));
      } else if (stored.tree_secrets.insert(node).second) {
        put(key_of(RecordKind::tree_secret, epoch, node.value), at->second.copy());
      }
    }
  }

  // Skipped keys before the ratchet that leaves them behind.
  void ratchet(Epoch epoch, SecretTree::RatchetId id, const SecretTree::Ratchet& ratchet,
               RecordBook::StoredEpoch& stored) {
    std::set<std::uint32_t>& generations = stored.ratchets[id];
    for (const auto& [generation, keys] : ratchet.skipped) {
      if (generations.insert(generation).second) put(key_of(epoch, id, generation), encode_keys(keys));
    }
    if (generations.size() > ratchet.skipped.size()) {
      std::erase_if(generations, [&](std::uint32_t generation) {
        if (ratchet.skipped.contains(generation)) return false;
        erase(key_of(epoch, id, generation));
        return true;
      });
    }
    put(key_of(epoch, id), RatchetRecord::encode(ratchet));
  }

  // --- What waits for a commit ---

  void proposals() {
    const Epoch epoch = group_.epoch.context.epoch;
    for (const auto& [public_key, key] : group_.update_keys) {
      if (book_.update_keys.insert({epoch, public_key}).second)
        put(key_of(epoch, public_key), key.bytes().copy());
    }
    for (std::size_t i = 0; i < group_.proposals.size(); ++i) {
      const auto number = static_cast<std::uint32_t>(i);
      const auto& [ref, pending] = group_.proposals[i];
      Bytes& stored = book_.proposals[{epoch, number}];
      if (stored == ref) continue;
      stored = ref;
      put(key_of(RecordKind::proposal, epoch, number), encode_proposal(ref, pending));
    }
    // The last first, so that the list has no gap at any time.
    for (auto at = book_.proposals.end(); at != book_.proposals.begin();) {
      const auto [of, number] = (--at)->first;
      if (of == epoch && number < group_.proposals.size()) continue;
      erase(key_of(RecordKind::proposal, of, number));
      at = book_.proposals.erase(at);
    }
    std::erase_if(book_.update_keys, [&](const auto& name) {
      if (name.first == epoch && group_.update_keys.contains(name.second)) return false;
      erase(key_of(name.first, name.second));
      return true;
    });
  }

  // --- Epochs ---

  void structure(bool moved) {
    if (!book_.identity) {
      book_.identity = true;
      put(key_of(RecordKind::identity), encode_identity(group_.identity));
    }
    const EpochState& current = group_.epoch;
    const Epoch number = current.context.epoch;
    for (std::size_t i = group_.past.size(); i-- > 0;) {
      const PastEpoch& past = group_.past[i];
      describe(past.context, past.lineage, past.confirmation_tag, past.sender_data_secret,
               past.messages.leaf_count());
      for (const auto& [leaf, replaced] : past.replaced) {
        if (replaced.node != nullptr) other_node(replaced.since, node_of(leaf), *replaced.node);
      }
    }
    for (const auto& [epoch, psk] : group_.resumption_psks) resumption(epoch, psk);
    describe(current.context, group_.lineage, current.confirmation_tag, current.secrets.sender_data_secret,
             current.tree.leaf_count());
    secrets(current);
    for (std::uint32_t i = 0; i < node_count(current.tree.leaf_count()); ++i) {
      const auto& node = current.tree.node({i});
      if (node != nullptr && !has_node(group_.node_since[i], {i})) {
        put(key_of(RecordKind::node, group_.node_since[i], i), encode_node(*node));
      }
    }
    if (moved) {
      book_.head = std::move(head_);
      put(key_of(RecordKind::head), SecretBytes(ByteView(book_.head)));
    }
    if (pending_ != nullptr && !book_.pending) pending();
    if (pending_ != nullptr) keep_pending();

    erase_others(book_.extensions, extensions_, RecordKind::extensions);
    erase_others(book_.resumption_psks, psks_, RecordKind::resumption);
    for (auto& [epoch, stored] : book_.epochs) {
      const bool live = epoch == number || (pending_ != nullptr && epoch == pending_->context.epoch);
      if (!live && std::exchange(stored.has_secrets, false)) erase(key_of(RecordKind::secrets, epoch));
    }
    for (auto at = book_.epochs.begin(); at != book_.epochs.end();) {
      const Epoch epoch = (at++)->first;
      if (!epochs_.contains(epoch)) erase_epoch(epoch);
    }
    forget_nodes();
  }

  void describe(const GroupContext& context, const EpochLineage& lineage, const Bytes& tag,
                const SecretBytes& sender_data, std::uint32_t leaf_count) {
    const Epoch epoch = context.epoch;
    epochs_.insert(epoch);
    extensions_.insert(lineage.extensions_since);
    if (book_.extensions.insert(lineage.extensions_since).second) {
      put(key_of(RecordKind::extensions, lineage.extensions_since), encode_extensions(context.extensions));
    }
    if (std::ranges::find(unstored_, epoch) == unstored_.end()) return;
    put(key_of(RecordKind::sender_data, epoch), sender_data.copy());
    put(key_of(RecordKind::epoch, epoch), encode_record(EpochRecord{context, lineage, tag, leaf_count}));
  }

  void secrets(const EpochState& epoch) {
    resumption(epoch.context.epoch, epoch.secrets.resumption_psk);
    RecordBook::StoredEpoch& stored = book_.epochs.at(epoch.context.epoch);
    if (std::exchange(stored.has_secrets, true)) return;
    put(key_of(RecordKind::secrets, epoch.context.epoch), SecretsRecord::encode(epoch));
  }

  void resumption(Epoch epoch, const SecretBytes& psk) {
    psks_.insert(epoch);
    if (book_.resumption_psks.insert(epoch).second) put(key_of(RecordKind::resumption, epoch), psk.copy());
  }

  // `pending_`, which is not stored yet.
  void pending() {
    const Epoch epoch = pending_->context.epoch;
    messages(epoch, pending_->confirmation_tag, pending_->messages);
    const EpochLineage lineage = group_.lineage_of(*pending_);
    describe(pending_->context, lineage, pending_->confirmation_tag, pending_->secrets.sender_data_secret,
             pending_->tree.leaf_count());
    secrets(*pending_);
    for (const NodeIndex node : pending_->tree.difference(group_.epoch.tree)) {
      if (node.value < node_count(pending_->tree.leaf_count()) && !pending_->tree.is_blank(node)) {
        other_node(epoch, node, *pending_->tree.node(node));
      }
    }
    book_.pending = {epoch, pending_->confirmation_tag};
    put(key_of(RecordKind::pending_commit), PendingRecord::encode(*group_.pending, epoch));
  }

  // Names all that a stored pending commit needs, so that it is not erased.
  void keep_pending() {
    const Epoch epoch = pending_->context.epoch;
    epochs_.insert(epoch);
    psks_.insert(epoch);
    extensions_.insert(group_.lineage_of(*pending_).extensions_since);
    for (const auto& name : book_.other_nodes) {
      if (name.first == epoch) other_nodes_.insert(name);
    }
  }

  // --- Tree nodes ---

  bool has_node(Epoch since, NodeIndex node) const {
    if (node.value < book_.nodes.size() && book_.nodes[node.value] == since) return true;
    return book_.other_nodes.contains({since, node});
  }

  void other_node(Epoch since, NodeIndex index, const TreeNode& node) {
    if (!has_node(since, index)) put(key_of(RecordKind::node, since, index.value), encode_node(node));
    other_nodes_.insert({since, index});
  }

  // Erases the node records that nothing names any more, and notes which are left.
  void forget_nodes() {
    const RatchetTree& tree = group_.epoch.tree;
    std::vector<std::optional<Epoch>> nodes(node_count(tree.leaf_count()));
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      if (!tree.is_blank({i})) nodes[i] = group_.node_since[i];
    }
    const auto is_wanted = [&](Epoch since, NodeIndex node) {
      return (node.value < nodes.size() && nodes[node.value] == since) ||
             other_nodes_.contains({since, node});
    };
    for (std::uint32_t i = 0; i < book_.nodes.size(); ++i) {
      if (book_.nodes[i] && !is_wanted(*book_.nodes[i], {i}))
        erase(key_of(RecordKind::node, *book_.nodes[i], i));
    }
    for (const auto& [since, node] : book_.other_nodes) {
      if (!is_wanted(since, node)) erase(key_of(RecordKind::node, since, node.value));
    }
    book_.nodes = std::move(nodes);
    book_.other_nodes = std::move(other_nodes_);
  }

  void erase_others(std::set<Epoch>& stored, const std::set<Epoch>& wanted, RecordKind kind) {
    std::erase_if(stored, [&](Epoch epoch) {
      if (wanted.contains(epoch)) return false;
      erase(key_of(kind, epoch));
      return true;
    });
  }

  const Impl& group_;
  RecordBook& book_;
  const EpochState* pending_;
  StateChanges now_;
  std::vector<StateChange> later_;
  Bytes head_;
  std::vector<Epoch> unstored_;  // epochs of which nothing was stored
  // What is named by something that counts.
  std::set<Epoch> epochs_;
  std::set<Epoch> extensions_;
  std::set<Epoch> psks_;
  std::set<std::pair<Epoch, NodeIndex>> other_nodes_;
};

}  // namespace

RecordBook RecordBook::copy() const {
  RecordBook out{head,      identity,    epochs,  nodes, other_nodes, extensions, resumption_psks,
                 proposals, update_keys, pending, {}};
  for (const StateChange& change : unwritten.list) {
    out.unwritten.list.push_back(
        {change.key, change.value ? std::optional(change.value->copy()) : std::nullopt});
  }
  return out;
}

StateChanges state_changes(const GroupAccess::Impl& group, RecordBook& book) {
  return Difference(group, book).run();
}

StateChanges Group::Impl::take_changes() {
  StateChanges changes = state_changes(*this, book);
  epoch.messages.changes_are_stored();
  for (PastEpoch& ended : past) ended.messages.changes_are_stored();
  return changes;
}

Status Group::Impl::store(const Environment& env) {
  if (env.state == nullptr) return ok_status();
  StateChanges changes = take_changes();
  if (changes.empty()) return ok_status();
  Status written = env.state->write(changes);
  if (!written) put_back(std::move(changes));
  return written;
}

void Group::Impl::put_back(StateChanges changes) {
  std::ranges::move(book.unwritten.list, std::back_inserter(changes.list));
  book.unwritten = std::move(changes);
}

StateChanges Group::take_changes() { return impl_->take_changes(); }
void Group::put_back(StateChanges changes) { impl_->put_back(std::move(changes)); }

StateRecords Group::state_records() const {
  StateRecords records;
  RecordBook nothing;
  state_changes(*impl_, nothing).apply_to(records);
  return records;
}

std::size_t StateChanges::bytes() const {
  std::size_t total = 0;
  for (const StateChange& change : list)
    total += change.key.size() + (change.value ? change.value->size() : 0);
  return total;
}

void StateChange::apply_to(StateRecords& records) const {
  if (value) {
    records.insert_or_assign(key, value->copy());
  } else {
    records.erase(key);
  }
}

void StateChanges::apply_to(StateRecords& records) const {
  for (const StateChange& change : list) change.apply_to(records);
}

}  // namespace sotto::mls
