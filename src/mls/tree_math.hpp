// Arithmetic of the array form of a complete binary tree (RFC 9420 appendix C).
//
// Leaves are the even indices, level k nodes have k trailing one bits. A tree holds a power of two of
// leaves (section 7.7), so every function is a few bit operations.
#pragma once

#include <bit>
#include <cassert>
#include <optional>
#include <vector>

#include "sotto/mls_messages/types.hpp"

namespace sotto::mls {

constexpr NodeIndex node_of(LeafIndex leaf) { return {leaf.value * 2}; }
constexpr bool is_leaf(NodeIndex node) { return (node.value & 1) == 0; }
constexpr LeafIndex leaf_of(NodeIndex node) { return {node.value / 2}; }
constexpr std::uint32_t level_of(NodeIndex node) {
  return static_cast<std::uint32_t>(std::countr_one(node.value));
}
constexpr std::uint32_t node_count(std::uint32_t leaf_count) {
  return leaf_count == 0 ? 0 : 2 * leaf_count - 1;
}
constexpr NodeIndex root_of(std::uint32_t leaf_count) { return {leaf_count - 1}; }

constexpr NodeIndex left_of(NodeIndex node) {
  assert(!is_leaf(node));
  return {node.value ^ (1U << (level_of(node) - 1))};
}
constexpr NodeIndex right_of(NodeIndex node) {
  assert(!is_leaf(node));
  return {node.value ^ (3U << (level_of(node) - 1))};
}
// Of any node but the root.
constexpr NodeIndex parent_of(NodeIndex node) {
  const std::uint32_t level = level_of(node);
  return {(node.value | (1U << level)) & ~(1U << (level + 1))};
}
constexpr NodeIndex sibling_of(NodeIndex node) {
  const NodeIndex parent = parent_of(node);
  return node < parent ? right_of(parent) : left_of(parent);
}

// The leaves below a node: [first, last].
constexpr LeafIndex first_leaf_below(NodeIndex node) {
  return {(node.value - ((1U << level_of(node)) - 1)) / 2};
}
constexpr LeafIndex last_leaf_below(NodeIndex node) {
  return {(node.value + ((1U << level_of(node)) - 1)) / 2};
}
constexpr bool is_below(LeafIndex leaf, NodeIndex node) {
  return first_leaf_below(node) <= leaf && leaf <= last_leaf_below(node);
}

// From the node's parent up to the root; empty for the root.
inline std::vector<NodeIndex> direct_path(NodeIndex node, std::uint32_t leaf_count) {
  std::vector<NodeIndex> path;
  const NodeIndex root = root_of(leaf_count);
  while (node != root) {
    node = parent_of(node);
    path.push_back(node);
  }
  return path;
}

// The lowest node above both leaves.
constexpr NodeIndex common_ancestor(LeafIndex a, LeafIndex b) {
  NodeIndex node = node_of(a);
  while (!is_below(b, node)) node = parent_of(node);
  return node;
}

}  // namespace sotto::mls
