// What must hold of leaves and trees (RFC 9420 sections 7.3, 12.4.3.1).
#pragma once

#include <array>

#include "ratchet_tree.hpp"
#include "sotto/mls/environment.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls {

// Whether the signatures inside a proposal are to be verified, or were when it came (PendingProposal).
enum class Signatures { verify, known_to_hold };

// A leaf by itself: made for this use, signed for this place, credential valid, extensions among its own
// capabilities, key usable. `leaf`: ignored for key packages, whose leaves have no place yet.
Status check_leaf(const Suite& suite, const LeafNode& node, ByteView group_id, LeafIndex leaf,
                  const Environment& env, Signatures signatures = Signatures::verify);

// check_key_package() of key_package.hpp, which always verifies.
Status check_key_package(const KeyPackage& package, Signatures signatures);

// Section 12.1.1: a key package for this group, credential and lifetime included. `sending`: this client
// adds it, and must not add one that expired.
Status check_added_package(const Suite& suite, const KeyPackage& package, const GroupConfig& config,
                           bool sending, const Environment& env, Signatures signatures = Signatures::verify);

// The leaf can do what the group's extensions ask (sections 7.3, 11.1).
Status check_capabilities(const LeafNode& node, const ExtensionList& group_extensions);

// What concerns several leaves: no key twice anywhere in the tree, no client twice, every credential type
// in use supported by every member.
Status check_members_fit(const RatchetTree& tree);
// The same of a tree that follows one of which it holds, at the cost of what changed.
Status check_members_fit(const RatchetTree& tree, const RatchetTree& before);

// A handful of keys to be looked for among many.
class FewKeys {
 public:
  // False: it is there already.
  bool insert(ByteView key);
  bool contains(ByteView key) const;

 private:
  std::vector<ByteView> keys_;
  std::array<bool, 256>
      last_bytes_{};  // tells most keys apart without comparing (the first byte may be a format)
};

// A tree received from elsewhere: shape rules of 12.4.3.1, every leaf, parent hashes, keys.
Status check_received_tree(const Suite& suite, const RatchetTree& tree, const GroupContext& context,
                           const Environment& env);

}  // namespace sotto::mls
