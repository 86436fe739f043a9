// TreeKEM (RFC 9420 sections 7.4-7.6): path secrets, and the private keys that one member holds.
#pragma once

#include <map>
#include <memory>

#include "ratchet_tree.hpp"
#include "sotto/mls/environment.hpp"
#include "suite.hpp"

namespace sotto::mls {

// A member's private keys: its leaf's, and those of the parents whose path secrets it learnt.
// Copies share the keys, which never change once made (hence shared_ptr to const).
class TreePrivateKeys {
 public:
  using Key = std::shared_ptr<const crypto::DhPrivateKey>;

  explicit TreePrivateKeys(LeafIndex own) : own_(own) {}

  LeafIndex own() const { return own_; }
  void set(NodeIndex node, crypto::DhPrivateKey key) {
    keys_[node] = std::make_shared<const crypto::DhPrivateKey>(std::move(key));
  }
  void erase(NodeIndex node) { keys_.erase(node); }
  const crypto::DhPrivateKey* find(NodeIndex node) const {
    const auto at = keys_.find(node);
    return at == keys_.end() ? nullptr : at->second.get();
  }
  const std::map<NodeIndex, Key>& all() const { return keys_; }
  // Forgets the keys of nodes that are blank or whose public key is another now.
  void keep_matching(const RatchetTree& tree);

 private:
  LeafIndex own_;
  std::map<NodeIndex, Key> keys_;
};

// The chain of path secrets from some node up to the root: one per step, and what comes after the last.
struct PathSecrets {
  std::vector<SecretBytes> steps;
  SecretBytes commit_secret;
};
PathSecrets derive_path_secrets(const Suite& suite, SecretBytes first, std::size_t count);
Result<crypto::DhPrivateKey> key_pair_of_path_secret(const Suite& suite, ByteView path_secret);

// Encrypts each step's secret to the resolution of its copath child, without the leaves `added` in the
// same commit (section 7.6). `context`: the provisional GroupContext, serialised.
Result<std::vector<UpdatePathNode>> encrypt_path(const Suite& suite, const RatchetTree& tree,
                                                 const std::vector<RatchetTree::PathStep>& path,
                                                 const std::vector<Bytes>& public_keys,
                                                 const std::vector<SecretBytes>& secrets,
                                                 const std::vector<LeafIndex>& added, ByteView context,
                                                 const Environment& env);

struct DecryptedPath {
  std::size_t from = 0;  // index of the first step that this member learnt
  PathSecrets secrets;   // of that step and those above
  std::vector<crypto::DhPrivateKey> keys;
};
// What `own` learns from the sender's path: the secret of the lowest common step decrypted, those above
// derived, and every derived public key compared with the one in the path.
Result<DecryptedPath> decrypt_path(const Suite& suite, const RatchetTree& tree, const TreePrivateKeys& own,
                                   const std::vector<RatchetTree::PathStep>& path,
                                   const std::vector<UpdatePathNode>& nodes,
                                   const std::vector<LeafIndex>& added, ByteView context);
// The counts of an update path that must hold before anything is decrypted (section 12.4.2).
Status check_path_shape(const RatchetTree& tree, const std::vector<RatchetTree::PathStep>& path,
                        const std::vector<UpdatePathNode>& nodes, const std::vector<LeafIndex>& added);

}  // namespace sotto::mls
