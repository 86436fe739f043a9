#include "tree_kem.hpp"

#include <algorithm>
#include <iterator>

#include "sealing.hpp"

namespace sotto::mls {
namespace {

// Where a path secret for this step is encrypted to.
std::vector<NodeIndex> recipients(const RatchetTree& tree, const RatchetTree::PathStep& step,
                                  const std::vector<LeafIndex>& added) {
  std::vector<NodeIndex> nodes = tree.resolution(step.copath_child);
  std::erase_if(nodes, [&](NodeIndex node) {
    return is_leaf(node) && std::ranges::find(added, leaf_of(node)) != added.end();
  });
  return nodes;
}

}  // namespace

void TreePrivateKeys::keep_matching(const RatchetTree& tree) {
  std::erase_if(keys_, [&](const auto& entry) {
    const auto& [node, key] = entry;
    return node.value >= node_count(tree.leaf_count()) || tree.is_blank(node) ||
           tree.public_key(node) != key->public_key();
  });
}

PathSecrets derive_path_secrets(const Suite& suite, SecretBytes first, std::size_t count) {
  PathSecrets out;
  SecretBytes next = std::move(first);
  for (std::size_t i = 0; i < count; ++i) {
    SecretBytes above = suite.derive_secret(next.view(), "path");
    out.steps.push_back(std::move(next));
    next = std::move(above);
  }
  out.commit_secret = std::move(next);
  return out;
}

Result<crypto::DhPrivateKey> key_pair_of_path_secret(const Suite& suite, ByteView path_secret) {
  return suite.derive_key_pair(suite.derive_secret(path_secret, "node").view());
}

Result<std::vector<UpdatePathNode>> encrypt_path(const Suite& suite, const RatchetTree& tree,
                                                 const std::vector<RatchetTree::PathStep>& path,
                                                 const std::vector<Bytes>& public_keys,
                                                 const std::vector<SecretBytes>& secrets,
                                                 const std::vector<LeafIndex>& added, ByteView context,
                                                 const Environment& env) {
  std::vector<SealJob> jobs;
  std::vector<std::size_t> counts;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::vector<NodeIndex> to = recipients(tree, path[i], added);
    for (const NodeIndex recipient : to) jobs.push_back({tree.public_key(recipient), secrets[i].view()});
    counts.push_back(to.size());
  }
  auto sealed = seal_all(suite, "UpdatePathNode", context, jobs, env);
  if (!sealed) return std::move(sealed).error().with("encrypting a path secret");
  std::vector<UpdatePathNode> nodes(path.size());
  auto next = std::make_move_iterator(sealed->begin());
  for (std::size_t i = 0; i < path.size(); ++i) {
    nodes[i].encryption_key = public_keys[i];
    const auto end = next + static_cast<std::ptrdiff_t>(counts[i]);
    nodes[i].encrypted_path_secrets.assign(next, end);
    next = end;
  }
  return nodes;
}

Status check_path_shape(const RatchetTree& tree, const std::vector<RatchetTree::PathStep>& path,
                        const std::vector<UpdatePathNode>& nodes, const std::vector<LeafIndex>& added) {
  if (nodes.size() != path.size()) {
    return fail(ErrorCode::invalid_argument, "The update path has not as many nodes as the sender's path.");
  }
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (nodes[i].encrypted_path_secrets.size() != recipients(tree, path[i], added).size()) {
      return fail(ErrorCode::invalid_argument, "The update path is not encrypted to each of its recipients.");
    }
  }
  return ok_status();
}

Result<DecryptedPath> decrypt_path(const Suite& suite, const RatchetTree& tree, const TreePrivateKeys& own,
                                   const std::vector<RatchetTree::PathStep>& path,
                                   const std::vector<UpdatePathNode>& nodes,
                                   const std::vector<LeafIndex>& added, ByteView context) {
  const auto at = std::ranges::find_if(
      path, [&](const RatchetTree::PathStep& step) { return is_below(own.own(), step.copath_child); });
  if (at == path.end())
    return fail(ErrorCode::invalid_argument, "The update path does not reach this member.");
  DecryptedPath out;
  out.from = static_cast<std::size_t>(at - path.begin());

  const std::vector<NodeIndex> to = recipients(tree, *at, added);
  const crypto::DhPrivateKey* key = nullptr;
  std::size_t position = 0;
  while (position < to.size() && (key = own.find(to[position])) == nullptr) ++position;
  if (key == nullptr)
    return fail(ErrorCode::invalid_argument, "The update path is not encrypted to this member.");

  auto secret = suite.decrypt_with_label(*key, "UpdatePathNode", context,
                                         nodes[out.from].encrypted_path_secrets[position]);
  if (!secret) return fail(ErrorCode::untrusted, "The update path does not decrypt.");
  if (secret->size() != suite.hash_size()) {
    return fail(ErrorCode::invalid_argument, "A path secret has the wrong size.");
  }
  out.secrets = derive_path_secrets(suite, *std::move(secret), path.size() - out.from);
  for (std::size_t i = out.from; i < path.size(); ++i) {
    auto pair = key_pair_of_path_secret(suite, out.secrets.steps[i - out.from].view());
    if (!pair) return std::move(pair).error();
    if (pair->public_key() != nodes[i].encryption_key) {
      return fail(ErrorCode::untrusted, "A path secret does not give the public key beside it.");
    }
    out.keys.push_back(*std::move(pair));
  }
  return out;
}

}  // namespace sotto::mls
