#include "naive_tree.hpp"

#include <algorithm>

#include "failure.hpp"

namespace sotto::mls::sim {
namespace {

const TreeNode* at(const RatchetTreeNodes& tree, std::size_t place) {
  return place < tree.nodes.size() && tree.nodes[place] ? &*tree.nodes[place] : nullptr;
}

bool is_blank(const std::optional<LeafNode>& leaf) { return !leaf; }

}  // namespace

std::vector<std::pair<NaiveTree::Range, NaiveTree::Range>> NaiveTree::path_of(std::size_t leaf) const {
  std::vector<std::pair<Range, Range>> out;
  for (Range range{0, leaves_.size()}; range.count > 1;) {
    const bool left = range.left().holds(leaf);
    out.insert(out.begin(), {range, left ? range.right() : range.left()});
    range = left ? range.left() : range.right();
  }
  return out;
}

bool NaiveTree::is_empty(Range range) const {
  for (std::size_t i = 0; i < range.count; ++i) {
    if (leaves_[range.first + i]) return false;
  }
  return true;
}

void NaiveTree::blank_above(std::size_t leaf) {
  std::erase_if(parents_, [&](const auto& entry) { return entry.first.holds(leaf); });
}

void NaiveTree::shrink() {
  while (leaves_.size() > 1 && is_empty(Range{0, leaves_.size()}.right())) {
    leaves_.resize(leaves_.size() / 2);
    std::erase_if(parents_,
                  [&](const auto& entry) { return entry.first.first + entry.first.count > leaves_.size(); });
  }
}

void NaiveTree::add(const LeafNode& leaf) {
  auto free = std::ranges::find_if(leaves_, is_blank);
  if (free == leaves_.end()) {
    const std::size_t before = leaves_.size();
    leaves_.resize(std::max<std::size_t>(1, before * 2));
    free = leaves_.begin() + static_cast<std::ptrdiff_t>(before);
  }
  *free = leaf;
  const auto index = static_cast<std::uint32_t>(free - leaves_.begin());
  for (auto& [range, parent] : parents_) {
    if (range.holds(index)) parent.unmerged.insert(index);
  }
}

void NaiveTree::apply(const CommitSummary& commit, const RatchetTreeNodes& after) {
  // Section 12.3: updates, removes, adds.
  for (const auto& change : commit.changes) {
    if (const auto* update = change.proposal.get<Update>()) {
      leaves_[change.proposer.leaf.value] = update->leaf_node;
      blank_above(change.proposer.leaf.value);
    }
  }
  for (const auto& change : commit.changes) {
    if (const auto* remove = change.proposal.get<Remove>()) {
      leaves_[remove->removed.value].reset();
      blank_above(remove->removed.value);
      shrink();
    }
  }
  for (const auto& change : commit.changes) {
    if (const auto* added = change.proposal.get<Add>()) add(added->key_package.leaf_node);
  }

  std::size_t leaf = commit.committer.leaf.value;
  if (commit.committer.type == SenderType::new_member_commit) {
    leaf = static_cast<std::size_t>(std::ranges::find_if(leaves_, is_blank) - leaves_.begin());
    const TreeNode* fresh = at(after, leaf * 2);
    require(fresh != nullptr && std::holds_alternative<LeafNode>(*fresh),
            "an external committer is not in its place");
    add(std::get<LeafNode>(*fresh));
    set_path(leaf, after);
    return;
  }
  const TreeNode* own = at(after, leaf * 2);
  require(own != nullptr && std::holds_alternative<LeafNode>(*own), "a committer is not in its place");
  if (std::get<LeafNode>(*own) != *leaves_[leaf]) set_path(leaf, after);
}

void NaiveTree::set_path(std::size_t leaf, const RatchetTreeNodes& after) {
  blank_above(leaf);
  const auto path = path_of(leaf);
  Bytes above;
  for (auto step = path.rbegin(); step != path.rend(); ++step) {
    const auto& [range, sibling] = *step;
    if (is_empty(sibling)) continue;  // filtered out (section 4.1.2)
    const TreeNode* chosen = at(after, place(range));
    require(chosen != nullptr && std::holds_alternative<ParentNode>(*chosen),
            "a node of an update path is blank");
    parents_[range] = {std::get<ParentNode>(*chosen).encryption_key, above, {}};
    above = parent_hash_of(range, sibling);
  }
  LeafNode fresh = std::get<LeafNode>(*at(after, leaf * 2));
  require(fresh.source == LeafNodeSource::commit, "the leaf of an update path is of another source");
  require(fresh.parent_hash == above, "the leaf of an update path carries another parent hash");
  leaves_[leaf] = std::move(fresh);
}

RatchetTreeNodes NaiveTree::nodes() const {
  RatchetTreeNodes out;
  out.nodes.resize(leaves_.empty() ? 0 : leaves_.size() * 2 - 1);
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (leaves_[i]) out.nodes[i * 2] = *leaves_[i];
  }
  for (const auto& [range, parent] : parents_) {
    ParentNode node{parent.key, parent.parent_hash, {}};
    for (const std::uint32_t leaf : parent.unmerged) node.unmerged_leaves.push_back({leaf});
    out.nodes[place(range)] = std::move(node);
  }
  while (!out.nodes.empty() && !out.nodes.back()) out.nodes.pop_back();
  return out;
}

Bytes NaiveTree::hash_of(Range range, const std::set<std::uint32_t>& without) const {
  // Section 7.8.
  wire::Writer out;
  if (range.count == 1) {
    const auto index = static_cast<std::uint32_t>(range.first);
    const bool present = leaves_[range.first] && !without.contains(index);
    out.u8(1);
    out.u32(index);
    out.u8(present ? 1 : 0);
    if (present) leaves_[range.first]->write(out);
  } else {
    const auto parent = parents_.find(range);
    out.u8(2);
    out.u8(parent == parents_.end() ? 0 : 1);
    if (parent != parents_.end()) {
      ParentNode node{parent->second.key, parent->second.parent_hash, {}};
      for (const std::uint32_t leaf : parent->second.unmerged) {
        if (!without.contains(leaf)) node.unmerged_leaves.push_back({leaf});
      }
      node.write(out);
    }
    out.opaque(hash_of(range.left(), without));
    out.opaque(hash_of(range.right(), without));
  }
  return crypto::hash(hash_, out.view());
}

Bytes NaiveTree::parent_hash_of(Range range, Range sibling) const {
  // Section 7.9: the sibling as it was before the leaves unmerged at the parent were added.
  const Parent& parent = parents_.at(range);
  wire::Writer out;
  out.opaque(parent.key);
  out.opaque(parent.parent_hash);
  out.opaque(hash_of(sibling, parent.unmerged));
  return crypto::hash(hash_, out.view());
}

std::vector<NaiveTree::Range> NaiveTree::resolution(Range range) const {
  if (range.count == 1) return leaves_[range.first] ? std::vector<Range>{range} : std::vector<Range>{};
  if (const auto parent = parents_.find(range); parent != parents_.end()) {
    std::vector<Range> out{range};
    for (const std::uint32_t leaf : parent->second.unmerged) out.push_back({leaf, 1});
    return out;
  }
  std::vector<Range> out = resolution(range.left());
  for (const Range& more : resolution(range.right())) out.push_back(more);
  return out;
}

bool NaiveTree::parent_hashes_hold() const {
  return std::ranges::all_of(parents_, [&](const auto& entry) {
    const auto& [range, parent] = entry;
    for (const auto& [side, other] :
         {std::pair{range.left(), range.right()}, {range.right(), range.left()}}) {
      const Bytes wanted = parent_hash_of(range, other);
      std::size_t carriers = 0;
      bool rest_is_unmerged = true;
      for (const Range& node : resolution(side)) {
        const Bytes& carried =
            node.count == 1 ? leaves_[node.first]->parent_hash : parents_.at(node).parent_hash;
        if (carried == wanted) {
          ++carriers;
        } else if (node.count > 1 || !parent.unmerged.contains(static_cast<std::uint32_t>(node.first))) {
          rest_is_unmerged = false;
        }
      }
      if (carriers == 1 && rest_is_unmerged) return true;
    }
    return false;
  });
}

}  // namespace sotto::mls::sim
