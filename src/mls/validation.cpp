#include "validation.hpp"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <unordered_set>

namespace sotto::mls {

Status check_leaf(const Suite& suite, const LeafNode& node, ByteView group_id, LeafIndex leaf,
                  const Environment& env, Signatures signatures) {
  if (!crypto::is_valid_dh_public_key(suite.dh_group(), node.encryption_key)) {
    return fail(ErrorCode::untrusted, "The encryption key of a leaf is no public key.");
  }
  for (const Extension& extension : node.extensions) {
    if (!node.capabilities.supports(extension.type)) {
      return fail(ErrorCode::untrusted, "A leaf has an extension that its capabilities do not list.");
    }
  }
  if (!node.capabilities.supports(node.credential.type)) {
    return fail(ErrorCode::untrusted, "A leaf has a credential that its capabilities do not list.");
  }
  const auto& suites = node.capabilities.cipher_suites;
  if (std::ranges::find(suites, suite.id()) == suites.end()) {
    return fail(ErrorCode::untrusted, "A leaf does not list the group's cipher suite.");
  }
  if (std::ranges::find(node.capabilities.versions, ProtocolVersion::mls10) ==
      node.capabilities.versions.end()) {
    return fail(ErrorCode::untrusted, "A leaf does not list the group's protocol version.");
  }
  if (signatures == Signatures::verify &&
      !suite.verify_with_label(node.signature_key, "LeafNodeTBS", node.to_be_signed(group_id, leaf),
                               node.signature)) {
    return fail(ErrorCode::untrusted, "The signature of a leaf does not verify.");
  }
  return env.credentials.validate(node.credential, node.signature_key);
}

Status check_added_package(const Suite& suite, const KeyPackage& package, const GroupConfig& config,
                           bool sending, const Environment& env, Signatures signatures) {
  if (package.cipher_suite != suite.id()) {
    return fail(ErrorCode::untrusted, "The key package is of another cipher suite.");
  }
  if (Status valid = check_key_package(package, signatures); !valid) return valid;
  const Lifetime& life = package.leaf_node.lifetime;
  if (sending || config.check_lifetimes) {
    if (env.now_s < life.not_before || env.now_s > life.not_after) {
      return fail(ErrorCode::untrusted, "The key package is not valid at this time.");
    }
    if (config.max_lifetime_s != 0 && life.not_after - life.not_before > config.max_lifetime_s) {
      return fail(ErrorCode::untrusted, "The key package is valid for longer than this group accepts.");
    }
  }
  return check_leaf(suite, package.leaf_node, {}, {}, env, signatures);
}

Status check_capabilities(const LeafNode& node, const ExtensionList& group_extensions) {
  for (const Extension& extension : group_extensions) {
    if (!node.capabilities.supports(extension.type)) {
      return fail(ErrorCode::untrusted, "A member does not support an extension of the group.");
    }
  }
  const Extension* asked = find_extension(group_extensions, ExtensionType::required_capabilities);
  if (asked == nullptr) return ok_status();
  const auto required = required_capabilities_from(*asked);
  if (!required) return required.error();
  const Capabilities& own = node.capabilities;
  const auto supported = [&](auto type) { return own.supports(type); };
  if (!std::ranges::all_of(required->extension_types, supported) ||
      !std::ranges::all_of(required->proposal_types, supported) ||
      !std::ranges::all_of(required->credential_types, supported)) {
    return fail(ErrorCode::untrusted, "A member lacks capabilities that the group requires.");
  }
  return ok_status();
}

bool FewKeys::insert(ByteView key) {
  if (contains(key)) return false;
  if (!key.empty()) last_bytes_[key.back()] = true;
  keys_.push_back(key);
  return true;
}

bool FewKeys::contains(ByteView key) const {
  if (!key.empty() && !last_bytes_[key.back()]) return false;
  return std::ranges::any_of(keys_, [&](ByteView other) { return equal(key, other); });
}

Status check_members_fit(const RatchetTree& tree, const RatchetTree& before) {
  constexpr std::size_t kFew = 64;  // beyond that hashing every key costs less
  const std::vector<NodeIndex> changed = tree.difference(before);
  if (changed.size() > kFew) return check_members_fit(tree);

  FewKeys encryption_keys;
  FewKeys signature_keys;
  std::vector<bool> is_new(node_count(tree.leaf_count()));
  std::vector<const LeafNode*> new_leaves;
  for (const NodeIndex node : changed) {
    if (node.value >= is_new.size() || tree.is_blank(node)) continue;
    is_new[node.value] = true;
    if (!encryption_keys.insert(tree.public_key(node))) {
      return fail(ErrorCode::untrusted, "An encryption key is in the tree twice.");
    }
    if (!is_leaf(node)) continue;
    new_leaves.push_back(tree.leaf(leaf_of(node)));
    if (!signature_keys.insert(new_leaves.back()->signature_key)) {
      return fail(ErrorCode::untrusted, "A signature key is in the group twice.");
    }
  }
  std::vector<CredentialType> in_use;  // by the members that did not change
  for (std::uint32_t i = 0; i < is_new.size(); ++i) {
    if (is_new[i] || tree.is_blank({i})) continue;
    if (encryption_keys.contains(tree.public_key({i}))) {
      return fail(ErrorCode::untrusted, "An encryption key is in the tree twice.");
    }
    if (!is_leaf({i})) continue;
    const LeafNode& leaf = *tree.leaf(leaf_of({i}));
    if (signature_keys.contains(leaf.signature_key)) {
      return fail(ErrorCode::untrusted, "A signature key is in the group twice.");
    }
    if (std::ranges::find(in_use, leaf.credential.type) == in_use.end())
      in_use.push_back(leaf.credential.type);
  }
  for (const LeafNode* leaf : new_leaves) {
    // A type that comes into use must be supported by everybody.
    if (std::ranges::find(in_use, leaf->credential.type) == in_use.end()) return check_members_fit(tree);
    if (!std::ranges::all_of(in_use,
                             [&](CredentialType type) { return leaf->capabilities.supports(type); })) {
      return fail(ErrorCode::untrusted, "A member cannot read the credentials of another.");
    }
  }
  return ok_status();
}

Status check_members_fit(const RatchetTree& tree) {
  std::unordered_set<std::string_view> encryption_keys;
  std::unordered_set<std::string_view> signature_keys;
  encryption_keys.reserve(node_count(tree.leaf_count()));
  signature_keys.reserve(tree.leaf_count());
  for (std::uint32_t i = 0; i < node_count(tree.leaf_count()); ++i) {
    if (tree.is_blank({i})) continue;
    if (!encryption_keys.insert(as_text(tree.public_key({i}))).second) {
      return fail(ErrorCode::untrusted, "An encryption key is in the tree twice.");
    }
  }
  bool unique = true;
  std::vector<CredentialType> in_use;
  tree.each_member([&](LeafIndex, const LeafNode& node) {
    unique = signature_keys.insert(as_text(node.signature_key)).second;
    if (std::ranges::find(in_use, node.credential.type) == in_use.end())
      in_use.push_back(node.credential.type);
    return unique;
  });
  if (!unique) return fail(ErrorCode::untrusted, "A signature key is in the group twice.");
  bool supported = true;
  tree.each_member([&](LeafIndex, const LeafNode& node) {
    supported =
        std::ranges::all_of(in_use, [&](CredentialType type) { return node.capabilities.supports(type); });
    return supported;
  });
  if (!supported) return fail(ErrorCode::untrusted, "A member cannot read the credentials of another.");
  return ok_status();
}

Status check_received_tree(const Suite& suite, const RatchetTree& tree, const GroupContext& context,
                           const Environment& env) {
  for (std::uint32_t i = 1; i < node_count(tree.leaf_count()); i += 2) {
    const ParentNode* node = tree.parent({i});
    if (node == nullptr) continue;
    if (!crypto::is_valid_dh_public_key(suite.dh_group(), node->encryption_key)) {
      return fail(ErrorCode::untrusted, "The encryption key of a parent node is no public key.");
    }
    for (const LeafIndex leaf : node->unmerged_leaves) {
      if (!tree.has_leaf(leaf) || !is_below(leaf, {i})) {
        return fail(ErrorCode::untrusted, "An unmerged leaf is not a member below its node.");
      }
      // Every non-blank node between must know of it, too.
      for (NodeIndex between = parent_of(node_of(leaf)); between.value != i; between = parent_of(between)) {
        const ParentNode* below = tree.parent(between);
        if (below != nullptr && !std::ranges::binary_search(below->unmerged_leaves, leaf)) {
          return fail(ErrorCode::untrusted, "A leaf is unmerged above a node where it is merged.");
        }
      }
    }
  }
  if (!tree.parent_hashes_are_valid()) {
    return fail(ErrorCode::untrusted, "A parent hash in the tree does not hold.");
  }
  if (Status fits = check_members_fit(tree); !fits) return fits;
  // What costs: one signature a leaf. After the first that fails the rest is left out.
  std::vector<LeafIndex> members;
  tree.each_member([&](LeafIndex index, const LeafNode&) {
    members.push_back(index);
    return true;
  });
  std::vector<std::optional<Error>> errors(members.size());
  std::atomic<bool> failed = false;
  env.run_parallel(members.size(), [&](std::size_t i) {
    if (failed.load(std::memory_order_relaxed)) return;
    const LeafNode& node = *tree.leaf(members[i]);
    Status valid = check_leaf(suite, node, context.group_id, members[i], env);
    if (valid) valid = check_capabilities(node, context.extensions);
    if (valid) return;
    errors[i] = std::move(valid).error();
    failed.store(true, std::memory_order_relaxed);
  });
  const auto first = std::ranges::find_if(errors, [](const auto& error) { return error.has_value(); });
  if (first != errors.end()) return **first;
  return ok_status();
}

}  // namespace sotto::mls
