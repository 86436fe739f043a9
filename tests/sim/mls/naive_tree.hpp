// The ratchet tree, plainly: no caches, no shared nodes, no array arithmetic. Subtrees are named by the
// leaves they cover, everything is recomputed from the leaves. What src/mls does must come out the same.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sotto/crypto/hash.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls::sim {

class NaiveTree {
 public:
  explicit NaiveTree(crypto::HashAlgorithm hash) : hash_(hash) {}

  // The tree after a commit. Keys that the committer chose come from `after`, its own view; everything else
  // is computed here, and nodes() must then equal `after`.
  void apply(const CommitSummary& commit, const RatchetTreeNodes& after);
  void add(const LeafNode& leaf);

  RatchetTreeNodes nodes() const;
  Bytes tree_hash() const { return hash_of({0, leaves_.size()}); }
  // Whether each parent's hash is carried by one of its children's side (RFC 9420 section 7.9.2), where the
  // rest of that side is unmerged.
  bool parent_hashes_hold() const;

 private:
  struct Range {
    std::size_t first = 0;
    std::size_t count = 0;
    Range left() const { return {first, count / 2}; }
    Range right() const { return {first + count / 2, count / 2}; }
    bool holds(std::size_t leaf) const { return leaf >= first && leaf < first + count; }
    friend auto operator<=>(const Range&, const Range&) = default;
  };
  struct Parent {
    Bytes key;
    Bytes parent_hash;
    std::set<std::uint32_t> unmerged;
  };

  static std::size_t place(Range range) { return range.first * 2 + range.count - 1; }
  // From the leaf's parent to the root, with the child off the path.
  std::vector<std::pair<Range, Range>> path_of(std::size_t leaf) const;
  bool is_empty(Range range) const;
  std::vector<Range> resolution(Range range) const;
  void blank_above(std::size_t leaf);
  void shrink();
  Bytes hash_of(Range range, const std::set<std::uint32_t>& without = {}) const;
  Bytes parent_hash_of(Range parent, Range sibling) const;
  void set_path(std::size_t leaf, const RatchetTreeNodes& after);

  crypto::HashAlgorithm hash_;
  std::vector<std::optional<LeafNode>> leaves_;  // a power of two
  std::map<Range, Parent> parents_;
};

}  // namespace sotto::mls::sim
