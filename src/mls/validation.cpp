#include "validation.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace sotto::mls {

Status check_leaf(const Suite& suite, const LeafNode& node, ByteView group_id, LeafIndex leaf,
                  const Environment& env) {
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
  if (std::ranges::find(node.capabilities.versions, ProtocolVersion::mls10) == node.capabilities.versions.end()) {
    return fail(ErrorCode::untrusted, "A leaf does not list the group's protocol version.");
  }
  if (!suite.verify_with_label(node.signature_key, "LeafNodeTBS", node.to_be_signed(group_id, leaf),
                               node.signature)) {
    return fail(ErrorCode::untrusted, "The signature of a leaf does not verify.");
  }
  return env.credentials.validate(node.credential, node.signature_key);
}

Status check_added_package(const Suite& suite, const KeyPackage& package, const GroupConfig& config, bool sending,
                           const Environment& env) {
  if (package.cipher_suite != suite.id()) {
    return fail(ErrorCode::untrusted, "The key package is of another cipher suite.");
  }
  if (Status valid = check_key_package(package); !valid) return valid;
  const Lifetime& life = package.leaf_node.lifetime;
  if (sending || config.check_lifetimes) {
    if (env.now_s < life.not_before || env.now_s > life.not_after) {
      return fail(ErrorCode::untrusted, "The key package is not valid at this time.");
    }
    if (config.max_lifetime_s != 0 && life.not_after - life.not_before > config.max_lifetime_s) {
      return fail(ErrorCode::untrusted, "The key package is valid for longer than this group accepts.");
    }
  }
  return check_leaf(suite, package.leaf_node, {}, {}, env);
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

Status check_members_fit(const RatchetTree& tree, const Environment& env) {
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
    if (std::ranges::find(in_use, node.credential.type) == in_use.end()) in_use.push_back(node.credential.type);
    return unique;
  });
  if (!unique) return fail(ErrorCode::untrusted, "A signature key is in the group twice.");
  bool supported = true;
  tree.each_member([&](LeafIndex, const LeafNode& node) {
    supported = std::ranges::all_of(in_use, [&](CredentialType type) { return node.capabilities.supports(type); });
    return supported;
  });
  if (!supported) return fail(ErrorCode::untrusted, "A member cannot read the credentials of another.");
  (void)env;
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
  Status leaves = ok_status();
  tree.each_member([&](LeafIndex index, const LeafNode& node) {
    leaves = check_leaf(suite, node, context.group_id, index, env);
    if (leaves) leaves = check_capabilities(node, context.extensions);
    return leaves.ok();
  });
  if (!leaves) return leaves;
  return check_members_fit(tree, env);
}

}  // namespace sotto::mls
