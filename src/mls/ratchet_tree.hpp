// The public half of the ratchet tree (RFC 9420 sections 4, 7): nodes, resolutions, hashes, and the
// changes that proposals and commits make.
//
// A value: copies share the unchanged nodes (that is what is shared, and why nodes are shared_ptr to
// const), so a new epoch's tree costs what it changed. Tree hashes are cached and recomputed along changed
// paths only. Indices given by callers are checked by them (has_leaf) unless said otherwise.
// Thread: the group's; the hash cache makes even const calls unfit for two threads at once.
#pragma once

#include <memory>
#include <vector>

#include "sotto/mls_messages/message.hpp"
#include "suite.hpp"
#include "tree_math.hpp"

namespace sotto::mls {

class RatchetTree {
 public:
  // One step of a filtered direct path (section 4.1.2).
  struct PathStep {
    NodeIndex node;
    NodeIndex copath_child;  // the child of `node` off the path
  };

  explicit RatchetTree(const Suite& suite) : suite_(suite) {}
  // Checks the shape alone: types by position, no blank at the end, at most kMaxMembers leaves, unmerged
  // leaves that exist below the node. Section 7.9 and 12.4.3.1 checks: validate_tree().
  static Result<RatchetTree> from_nodes(const Suite& suite, const RatchetTreeNodes& nodes);
  RatchetTreeNodes to_nodes() const;
  // From stored nodes, which it shares: `nodes` has node_count(leaf_count) places. Checked: types by
  // position, and that the right half is not empty.
  static Result<RatchetTree> from_stored(const Suite& suite, std::uint32_t leaf_count,
                                         std::vector<std::shared_ptr<const TreeNode>> nodes);

  std::uint32_t leaf_count() const { return leaf_count_; }  // a power of two, or zero
  std::uint32_t member_count() const;
  bool has_leaf(LeafIndex leaf) const {
    return leaf.value < leaf_count_ && nodes_[leaf.value * 2] != nullptr;
  }
  const LeafNode* leaf(LeafIndex leaf) const;      // null: blank or out of range
  const ParentNode* parent(NodeIndex node) const;  // null: blank
  bool is_blank(NodeIndex node) const { return nodes_[node.value] == nullptr; }
  const Bytes& public_key(NodeIndex node) const;  // of a node that is not blank
  NodeIndex root() const { return root_of(leaf_count_); }
  // Calls visit(LeafIndex, const LeafNode&) for each member, in order; stops when it returns false.
  template <class Visit>
  void each_member(Visit&& visit) const {
    for (std::uint32_t i = 0; i < leaf_count_; ++i) {
      if (const LeafNode* node = leaf({i}); node != nullptr && !visit(LeafIndex{i}, *node)) return;
    }
  }

  // Section 7.7, 12.1.1: the leftmost blank leaf, or a doubled tree.
  LeafIndex add(LeafNode leaf);
  LeafIndex next_free_leaf() const;
  // Section 12.1.2: replaces the leaf and blanks its direct path.
  void update(LeafIndex leaf, LeafNode node);
  // Section 12.1.3, 7.8: blanks leaf and direct path, and drops empty right halves.
  void remove(LeafIndex leaf);

  // Section 4.1.1: the nodes that together cover every non-blank leaf below.
  std::vector<NodeIndex> resolution(NodeIndex node) const;
  std::vector<PathStep> filtered_direct_path(LeafIndex leaf) const;

  // Section 7.8.
  ByteView tree_hash(NodeIndex node) const;
  Bytes root_hash() const { return to_bytes(tree_hash(root())); }

  // Section 7.5: puts the public keys of an update path in place, with parent hashes, and blanks the rest
  // of the direct path. Gives the parent hash that the committer's leaf must carry. The leaf is set apart.
  Bytes merge_path(LeafIndex leaf, const std::vector<PathStep>& path, const std::vector<Bytes>& public_keys);
  void set_leaf(LeafIndex leaf, LeafNode node);  // without touching the path

  // Section 7.9.2: every non-blank parent is vouched for by a node below it.
  bool parent_hashes_are_valid() const;

  // Nodes that differ from those of `before`, for writing what changed.
  std::vector<NodeIndex> difference(const RatchetTree& before) const;
  const std::shared_ptr<const TreeNode>& node(NodeIndex index) const { return nodes_[index.value]; }

 private:
  struct CachedHash {
    std::uint8_t size = 0;  // 0: not computed
    std::array<std::uint8_t, 64> bytes;
  };

  void resize(std::uint32_t leaf_count);
  void truncate();
  void set(NodeIndex node, std::shared_ptr<const TreeNode> value);
  void blank_path(LeafIndex leaf);
  void forget_hashes_above(NodeIndex node);
  void append_resolution(NodeIndex node, std::vector<NodeIndex>& out) const;
  bool is_empty(NodeIndex node) const;  // no non-blank node below or at it
  Bytes hash_node(NodeIndex node, ByteView left, ByteView right, const std::vector<LeafIndex>* without) const;
  // Tree hash of the subtree as it was before the leaves `without` were added (section 7.9).
  Bytes original_tree_hash(NodeIndex node, const std::vector<LeafIndex>& without) const;
  Bytes parent_hash(NodeIndex parent, NodeIndex sibling) const;
  bool is_vouched_for(NodeIndex parent, NodeIndex child, NodeIndex sibling) const;

  Suite suite_;
  std::uint32_t leaf_count_ = 0;
  std::vector<std::shared_ptr<const TreeNode>> nodes_;
  mutable std::vector<CachedHash> hashes_;
};

}  // namespace sotto::mls
