#include "secret_tree.hpp"

#include "tree_math.hpp"

namespace sotto::mls {
namespace {

std::string_view label_of(RatchetType type) {
  return type == RatchetType::handshake ? "handshake" : "application";
}

}  // namespace

SecretTree::SecretTree(const Suite& suite, std::uint32_t leaf_count, SecretBytes encryption_secret)
    : suite_(suite), leaf_count_(leaf_count) {
  nodes_.emplace(root_of(leaf_count), std::move(encryption_secret));
  changes_.nodes.insert(root_of(leaf_count));
}

SecretTree::SecretTree(const Suite& suite, std::uint32_t leaf_count, std::map<NodeIndex, SecretBytes> nodes,
                       std::map<RatchetId, Ratchet> ratchets)
    : suite_(suite), leaf_count_(leaf_count), nodes_(std::move(nodes)), ratchets_(std::move(ratchets)) {}

bool SecretTree::has_part_below(NodeIndex node) const {
  const NodeIndex first = node_of(first_leaf_below(node));
  const NodeIndex last = node_of(last_leaf_below(node));
  for (auto at = nodes_.lower_bound(first); at != nodes_.end() && at->first <= last; ++at) {
    if (at->first != node) return true;
  }
  const auto ratchet = ratchets_.lower_bound({leaf_of(first), RatchetType::handshake});
  return ratchet != ratchets_.end() && ratchet->first.leaf <= leaf_of(last);
}

// Makes everything at and below `node` either derivable or derived. `secret`: the node's own, empty if gone.
bool SecretTree::settle(NodeIndex node, SecretBytes secret) {
  if (const auto at = nodes_.find(node); at != nodes_.end()) {
    if (!has_part_below(node)) return true;
    // It should have been erased with what is below it written.
    secret = std::move(at->second);
    nodes_.erase(at);
  } else if (!secret.empty() && !has_part_below(node)) {
    nodes_.emplace(node, std::move(secret));
    return true;
  }
  if (is_leaf(node)) {
    for (const RatchetType type : {RatchetType::handshake, RatchetType::application}) {
      if (ratchets_.contains({leaf_of(node), type})) continue;
      if (secret.empty()) return false;
      ratchets_[{leaf_of(node), type}].secret =
          suite_.expand_with_label(secret.view(), label_of(type), {}, suite_.hash_size());
    }
    return true;
  }
  const auto child = [&](const char* side) {
    return secret.empty()
               ? SecretBytes()
               : suite_.expand_with_label(secret.view(), "tree", as_bytes(side), suite_.hash_size());
  };
  return settle(left_of(node), child("left")) && settle(right_of(node), child("right"));
}

Result<SecretTree> SecretTree::from_parts(const Suite& suite, std::uint32_t leaf_count,
                                          std::map<NodeIndex, SecretBytes> nodes,
                                          std::map<RatchetId, Ratchet> ratchets,
                                          std::size_t max_skipped_keys) {
  const auto has_size = [&](const SecretBytes& secret) { return secret.size() == suite.hash_size(); };
  for (const auto& [node, secret] : nodes) {
    if (node.value >= node_count(leaf_count) || !has_size(secret)) {
      return fail(ErrorCode::invalid_argument, "A stored secret does not belong to the group's secret tree.");
    }
  }
  for (auto& [id, ratchet] : ratchets) {
    bool good = id.leaf.value < leaf_count && has_size(ratchet.secret);
    // Skipped keys are written before the ratchet that skipped them.
    ratchet.skipped.erase(ratchet.skipped.lower_bound(ratchet.next), ratchet.skipped.end());
    while (ratchet.skipped.size() > max_skipped_keys) ratchet.skipped.erase(ratchet.skipped.begin());
    for (const auto& [generation, keys] : ratchet.skipped) {
      good = good && keys.key.size() == suite.key_size() && keys.nonce.size() == suite.nonce_size();
    }
    if (!good) return fail(ErrorCode::invalid_argument, "A stored message ratchet is damaged.");
  }
  SecretTree tree(suite, leaf_count, std::move(nodes), std::move(ratchets));
  if (!tree.settle(root_of(leaf_count), {})) {
    return fail(ErrorCode::not_found, "A secret of the group's secret tree is missing.");
  }
  return tree;
}

SecretTree SecretTree::copy() const {
  SecretTree tree(suite_, leaf_count_, {}, {});
  for (const auto& [index, secret] : nodes_) tree.nodes_.emplace(index, secret.copy());
  for (const auto& [id, from] : ratchets_) {
    Ratchet& to = tree.ratchets_[id];
    to.next = from.next;
    to.secret = from.secret.copy();
    for (const auto& [generation, keys] : from.skipped) {
      to.skipped.emplace(generation, MessageKeys{keys.key.copy(), keys.nonce.copy()});
    }
  }
  tree.changes_ = changes_;
  return tree;
}

void SecretTree::derive_leaf(LeafIndex leaf) {
  // Down from the nearest ancestor that still has its secret; each is deleted once its children exist.
  NodeIndex node = node_of(leaf);
  while (!nodes_.contains(node)) node = parent_of(node);
  while (!is_leaf(node)) {
    const auto at = nodes_.find(node);
    const NodeIndex left = left_of(node);
    const NodeIndex right = right_of(node);
    nodes_.emplace(left,
                   suite_.expand_with_label(at->second.view(), "tree", as_bytes("left"), suite_.hash_size()));
    nodes_.emplace(
        right, suite_.expand_with_label(at->second.view(), "tree", as_bytes("right"), suite_.hash_size()));
    nodes_.erase(at);
    changes_.nodes.insert({node, left, right});
    node = is_below(leaf, left) ? left : right;
  }
  const auto at = nodes_.find(node);
  for (const RatchetType type : {RatchetType::handshake, RatchetType::application}) {
    const auto [fresh, is_new] = ratchets_.try_emplace({leaf, type});
    if (!is_new) continue;
    fresh->second.secret =
        suite_.expand_with_label(at->second.view(), label_of(type), {}, suite_.hash_size());
    changes_.ratchets.insert({leaf, type});
  }
  nodes_.erase(at);
  changes_.nodes.insert(node);
}

SecretTree::Ratchet& SecretTree::ratchet(RatchetId id) {
  if (!ratchets_.contains(id)) derive_leaf(id.leaf);
  return ratchets_.at(id);
}

SecretBytes SecretTree::first_secret(RatchetId id) const {
  NodeIndex node = node_of(id.leaf);
  while (!nodes_.contains(node)) node = parent_of(node);
  SecretBytes secret = nodes_.at(node).copy();
  while (!is_leaf(node)) {
    const bool left = is_below(id.leaf, left_of(node));
    secret = suite_.expand_with_label(secret.view(), "tree", as_bytes(left ? "left" : "right"),
                                      suite_.hash_size());
    node = left ? left_of(node) : right_of(node);
  }
  return suite_.expand_with_label(secret.view(), label_of(id.type), {}, suite_.hash_size());
}

MessageKeys SecretTree::keys_of(ByteView secret, std::uint32_t generation) const {
  return {suite_.derive_tree_secret(secret, "key", generation, suite_.key_size()),
          suite_.derive_tree_secret(secret, "nonce", generation, suite_.nonce_size())};
}

Result<SecretTree::Sending> SecretTree::send(LeafIndex leaf, RatchetType type) {
  if (leaf.value >= leaf_count_) return fail(ErrorCode::internal, "The sender is not in the secret tree.");
  const RatchetId id{leaf, type};
  Ratchet& own = ratchet(id);
  if (own.next == UINT32_MAX) return fail(ErrorCode::conflict, "The epoch's message keys are used up.");
  Sending sending{own.next, keys_of(own.secret.view(), own.next)};
  own.secret = suite_.derive_tree_secret(own.secret.view(), "secret", own.next, suite_.hash_size());
  ++own.next;
  changes_.ratchets.insert(id);
  return sending;
}

Result<SecretTree::Step> SecretTree::receive(LeafIndex leaf, RatchetType type, std::uint32_t generation,
                                             std::uint32_t max_skip) const {
  if (leaf.value >= leaf_count_) return fail(ErrorCode::invalid_argument, "The sender is not in the group.");
  Step step;
  step.id = {leaf, type};
  step.generation = generation;
  const auto theirs = ratchets_.find(step.id);
  const std::uint32_t next = theirs == ratchets_.end() ? 0 : theirs->second.next;
  if (generation < next) {
    const auto at = theirs->second.skipped.find(generation);
    if (at == theirs->second.skipped.end())
      return fail(ErrorCode::not_found, "The message's key was used already.");
    step.keys = {at->second.key.copy(), at->second.nonce.copy()};
    return step;
  }
  if (generation - next > max_skip || generation == UINT32_MAX) {
    return fail(ErrorCode::too_large, "The message is too far ahead of its sender's last one.");
  }
  step.ahead = true;
  step.next = next;
  step.secret = theirs == ratchets_.end() ? first_secret(step.id) : theirs->second.secret.copy();
  for (; step.next <= generation; ++step.next) {
    MessageKeys keys = keys_of(step.secret.view(), step.next);
    step.secret = suite_.derive_tree_secret(step.secret.view(), "secret", step.next, suite_.hash_size());
    if (step.next == generation) {
      step.keys = std::move(keys);
    } else {
      step.skipped.emplace_back(step.next, std::move(keys));
    }
  }
  return step;
}

void SecretTree::accept(Step step, std::size_t max_skipped_keys) {
  Ratchet& theirs = ratchet(step.id);
  changes_.ratchets.insert(step.id);
  if (!step.ahead) {
    theirs.skipped.erase(step.generation);
    return;
  }
  theirs.next = step.next;
  theirs.secret = std::move(step.secret);
  for (auto& [generation, keys] : step.skipped) theirs.skipped.emplace(generation, std::move(keys));
  while (theirs.skipped.size() > max_skipped_keys) theirs.skipped.erase(theirs.skipped.begin());
}

MessageKeys sender_data_keys(const Suite& suite, ByteView sender_data_secret, ByteView ciphertext) {
  const ByteView sample = ciphertext.first(std::min(ciphertext.size(), suite.hash_size()));
  return {suite.expand_with_label(sender_data_secret, "key", sample, suite.key_size()),
          suite.expand_with_label(sender_data_secret, "nonce", sample, suite.nonce_size())};
}

}  // namespace sotto::mls
