#include "ratchet_tree.hpp"

#include <algorithm>

namespace sotto::mls {
namespace {

constexpr std::uint8_t kLeafNode = 1;
constexpr std::uint8_t kParentNode = 2;

bool contains(const std::vector<LeafIndex>& sorted, LeafIndex leaf) {
  return std::ranges::binary_search(sorted, leaf);
}

}  // namespace

Result<RatchetTree> RatchetTree::from_nodes(const Suite& suite, const RatchetTreeNodes& from) {
  if (from.nodes.empty() || !from.nodes.back()) {
    return fail(ErrorCode::invalid_argument, "The ratchet tree ends with a blank node.");
  }
  // Nothing ends with a parent: its right half would be empty, and the tree would have been cut.
  if (from.nodes.size() % 2 == 0)
    return fail(ErrorCode::invalid_argument, "The ratchet tree ends with a parent node.");
  if (from.nodes.size() > 2 * kMaxMembers - 1)
    return fail(ErrorCode::too_large, "The ratchet tree is too large.");
  RatchetTree tree(suite);
  tree.resize(std::bit_ceil(static_cast<std::uint32_t>((from.nodes.size() + 1) / 2)));
  for (std::uint32_t i = 0; i < from.nodes.size(); ++i) {
    if (!from.nodes[i]) continue;
    if (std::holds_alternative<LeafNode>(*from.nodes[i]) != is_leaf({i})) {
      return fail(ErrorCode::invalid_argument, "The ratchet tree has a node of the wrong kind.");
    }
    tree.nodes_[i] = std::make_shared<const TreeNode>(*from.nodes[i]);
  }
  return tree;
}

Result<RatchetTree> RatchetTree::from_stored(const Suite& suite, std::uint32_t leaf_count,
                                             std::vector<std::shared_ptr<const TreeNode>> nodes) {
  RatchetTree tree(suite);
  tree.resize(leaf_count);
  tree.nodes_ = std::move(nodes);
  for (std::uint32_t i = 0; i < tree.nodes_.size(); ++i) {
    if (tree.nodes_[i] != nullptr && std::holds_alternative<LeafNode>(*tree.nodes_[i]) != is_leaf({i})) {
      return fail(ErrorCode::invalid_argument, "The ratchet tree has a node of the wrong kind.");
    }
  }
  tree.truncate();
  if (tree.leaf_count() != leaf_count) {
    return fail(ErrorCode::invalid_argument, "The ratchet tree is larger than its members need.");
  }
  return tree;
}

RatchetTreeNodes RatchetTree::to_nodes() const {
  RatchetTreeNodes out;
  std::size_t size = nodes_.size();
  while (size > 0 && nodes_[size - 1] == nullptr) --size;
  out.nodes.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (nodes_[i] == nullptr) {
      out.nodes.emplace_back(std::nullopt);
    } else {
      out.nodes.emplace_back(*nodes_[i]);
    }
  }
  return out;
}

std::uint32_t RatchetTree::member_count() const {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < leaf_count_; ++i) count += nodes_[i * 2] != nullptr ? 1 : 0;
  return count;
}

const LeafNode* RatchetTree::leaf(LeafIndex leaf) const {
  return has_leaf(leaf) ? &std::get<LeafNode>(*nodes_[leaf.value * 2]) : nullptr;
}

const ParentNode* RatchetTree::parent(NodeIndex node) const {
  const auto& at = nodes_[node.value];
  return at == nullptr ? nullptr : &std::get<ParentNode>(*at);
}

const Bytes& RatchetTree::public_key(NodeIndex node) const {
  return is_leaf(node) ? std::get<LeafNode>(*nodes_[node.value]).encryption_key
                       : std::get<ParentNode>(*nodes_[node.value]).encryption_key;
}

void RatchetTree::resize(std::uint32_t leaf_count) {
  leaf_count_ = leaf_count;
  nodes_.resize(node_count(leaf_count));
  hashes_.resize(node_count(leaf_count), CachedHash{});
}

void RatchetTree::forget_hashes_above(NodeIndex node) {
  // A node whose hash is unknown has only unknown ones above it, as hashes are made from below.
  for (hashes_[node.value].size = 0; node != root();) {
    node = parent_of(node);
    if (hashes_[node.value].size == 0) return;
    hashes_[node.value].size = 0;
  }
}

void RatchetTree::set(NodeIndex node, std::shared_ptr<const TreeNode> value) {
  nodes_[node.value] = std::move(value);
  forget_hashes_above(node);
}

LeafIndex RatchetTree::next_free_leaf() const {
  for (std::uint32_t i = 0; i < leaf_count_; ++i) {
    if (nodes_[i * 2] == nullptr) return {i};
  }
  return {leaf_count_};
}

LeafIndex RatchetTree::add(LeafNode leaf) {
  const LeafIndex index = next_free_leaf();
  if (index.value == leaf_count_) resize(std::max(1U, leaf_count_ * 2));
  set_leaf(index, std::move(leaf));
  for (const NodeIndex node : direct_path(node_of(index), leaf_count_)) {
    const ParentNode* above = parent(node);
    if (above == nullptr) continue;
    ParentNode changed = *above;
    changed.unmerged_leaves.insert(std::ranges::lower_bound(changed.unmerged_leaves, index), index);
    set(node, std::make_shared<const TreeNode>(std::move(changed)));
  }
  return index;
}

void RatchetTree::set_leaf(LeafIndex leaf, LeafNode node) {
  set(node_of(leaf), std::make_shared<const TreeNode>(std::move(node)));
}

void RatchetTree::blank_path(LeafIndex leaf) {
  for (const NodeIndex node : direct_path(node_of(leaf), leaf_count_)) set(node, nullptr);
}

void RatchetTree::update(LeafIndex leaf, LeafNode node) {
  set_leaf(leaf, std::move(node));
  blank_path(leaf);
}

void RatchetTree::remove(LeafIndex leaf) {
  set(node_of(leaf), nullptr);
  blank_path(leaf);
  truncate();
}

void RatchetTree::truncate() {
  while (leaf_count_ > 1) {
    const std::uint32_t half = leaf_count_ / 2;
    for (std::uint32_t i = half; i < leaf_count_; ++i) {
      if (nodes_[i * 2] != nullptr) return;
    }
    resize(half);
  }
}

void RatchetTree::append_resolution(NodeIndex node, std::vector<NodeIndex>& out) const {
  if (!is_blank(node)) {
    out.push_back(node);
    if (const ParentNode* here = is_leaf(node) ? nullptr : parent(node)) {
      for (const LeafIndex leaf : here->unmerged_leaves) out.push_back(node_of(leaf));
    }
    return;
  }
  if (is_leaf(node)) return;
  append_resolution(left_of(node), out);
  append_resolution(right_of(node), out);
}

std::vector<NodeIndex> RatchetTree::resolution(NodeIndex node) const {
  std::vector<NodeIndex> out;
  append_resolution(node, out);
  return out;
}

bool RatchetTree::is_empty(NodeIndex node) const {
  if (!is_blank(node)) return false;
  return is_leaf(node) || (is_empty(left_of(node)) && is_empty(right_of(node)));
}

std::vector<RatchetTree::PathStep> RatchetTree::filtered_direct_path(LeafIndex leaf) const {
  std::vector<PathStep> path;
  NodeIndex below = node_of(leaf);
  for (const NodeIndex node : direct_path(below, leaf_count_)) {
    const NodeIndex child = below < node ? right_of(node) : left_of(node);
    if (!is_empty(child)) path.push_back({node, child});
    below = node;
  }
  return path;
}

Bytes RatchetTree::hash_node(NodeIndex node, ByteView left, ByteView right,
                             const std::vector<LeafIndex>* without) const {
  // struct { NodeType node_type; select (node_type) { case leaf: uint32 leaf_index; optional<LeafNode>;
  //          case parent: optional<ParentNode>; opaque left_hash<V>; opaque right_hash<V>; } } TreeHashInput;
  wire::Writer out(512);
  if (is_leaf(node)) {
    const LeafIndex index = leaf_of(node);
    const LeafNode* here = without != nullptr && contains(*without, index) ? nullptr : leaf(index);
    out.u8(kLeafNode);
    out.u32(index.value);
    out.presence(here != nullptr);
    if (here != nullptr) here->write(out);
  } else {
    const ParentNode* here = parent(node);
    out.u8(kParentNode);
    out.presence(here != nullptr);
    if (here != nullptr && without == nullptr) here->write(out);
    if (here != nullptr && without != nullptr) {
      ParentNode before = *here;
      std::erase_if(before.unmerged_leaves, [&](LeafIndex leaf) { return contains(*without, leaf); });
      before.write(out);
    }
    out.opaque(left);
    out.opaque(right);
  }
  return suite_.hash(out.view());
}

ByteView RatchetTree::tree_hash(NodeIndex node) const {
  CachedHash& cached = hashes_[node.value];
  if (cached.size == 0) {
    ByteView left;
    ByteView right;
    if (!is_leaf(node)) {
      left = tree_hash(left_of(node));
      right = tree_hash(right_of(node));
    }
    const Bytes fresh = hash_node(node, left, right, nullptr);
    std::ranges::copy(fresh, cached.bytes.begin());
    cached.size = static_cast<std::uint8_t>(fresh.size());
  }
  return ByteView(cached.bytes).first(cached.size);
}

Bytes RatchetTree::original_tree_hash(NodeIndex node, const std::vector<LeafIndex>& without) const {
  const auto first = std::ranges::lower_bound(without, first_leaf_below(node));
  if (first == without.end() || *first > last_leaf_below(node)) return to_bytes(tree_hash(node));
  if (is_leaf(node)) return hash_node(node, {}, {}, &without);
  const Bytes left = original_tree_hash(left_of(node), without);
  const Bytes right = original_tree_hash(right_of(node), without);
  return hash_node(node, left, right, &without);
}

Bytes RatchetTree::parent_hash(NodeIndex node, NodeIndex sibling) const {
  // struct { HPKEPublicKey encryption_key; opaque parent_hash<V>; opaque original_sibling_tree_hash<V>; }
  const ParentNode& here = *parent(node);
  wire::Writer out(256);
  out.opaque(here.encryption_key);
  out.opaque(here.parent_hash);
  out.opaque(here.unmerged_leaves.empty() ? to_bytes(tree_hash(sibling))
                                          : original_tree_hash(sibling, here.unmerged_leaves));
  return suite_.hash(out.view());
}

Bytes RatchetTree::merge_path(LeafIndex leaf, const std::vector<PathStep>& path,
                              const std::vector<Bytes>& public_keys) {
  blank_path(leaf);
  Bytes above;  // the root's parent hash is empty
  for (std::size_t i = path.size(); i-- > 0;) {
    ParentNode fresh;
    fresh.encryption_key = public_keys[i];
    fresh.parent_hash = std::move(above);
    set(path[i].node, std::make_shared<const TreeNode>(std::move(fresh)));
    above = parent_hash(path[i].node, path[i].copath_child);
  }
  return above;
}

// Whether some node in the resolution of `child` carries the parent hash of `node` (section 7.9.2): one that
// is a leaf or parent whose parent_hash field matches, and `child`'s other nodes are exactly the unmerged.
bool RatchetTree::is_vouched_for(NodeIndex node, NodeIndex child, NodeIndex sibling) const {
  std::vector<NodeIndex> wanted;
  for (const LeafIndex leaf : parent(node)->unmerged_leaves) {
    if (is_below(leaf, child)) wanted.push_back(node_of(leaf));
  }
  std::ranges::sort(wanted);
  const std::vector<NodeIndex> candidates = resolution(child);
  // One vouches, the rest are unmerged. Asked first: else many leaves that all carry the hash cost their
  // square.
  if (candidates.size() != wanted.size() + 1) return false;
  const Bytes expected = parent_hash(node, sibling);
  for (const NodeIndex candidate : candidates) {
    Bytes carried;
    if (is_leaf(candidate)) {
      const LeafNode& leaf_node = std::get<LeafNode>(*nodes_[candidate.value]);
      if (leaf_node.source == LeafNodeSource::commit) carried = leaf_node.parent_hash;
    } else {
      carried = parent(candidate)->parent_hash;
    }
    if (carried != expected) continue;
    // The rest of the resolution of `child` must be the unmerged leaves of `node` below `child`.
    std::vector<NodeIndex> rest;
    for (const NodeIndex other : candidates) {
      if (other != candidate) rest.push_back(other);
    }
    std::ranges::sort(rest);
    if (rest == wanted) return true;
  }
  return false;
}

bool RatchetTree::parent_hashes_are_valid() const {
  for (std::uint32_t i = 1; i < nodes_.size(); i += 2) {
    const NodeIndex node{i};
    if (is_blank(node)) continue;
    const NodeIndex left = left_of(node);
    const NodeIndex right = right_of(node);
    if (!is_vouched_for(node, left, right) && !is_vouched_for(node, right, left)) return false;
  }
  return true;
}

std::vector<NodeIndex> RatchetTree::difference(const RatchetTree& before) const {
  std::vector<NodeIndex> out;
  const std::size_t size = std::max(nodes_.size(), before.nodes_.size());
  for (std::uint32_t i = 0; i < size; ++i) {
    const TreeNode* now = i < nodes_.size() ? nodes_[i].get() : nullptr;
    const TreeNode* then = i < before.nodes_.size() ? before.nodes_[i].get() : nullptr;
    if (now != then) out.push_back({i});
  }
  return out;
}

}  // namespace sotto::mls
