// The secret tree of an epoch and its ratchets (RFC 9420 section 9).
//
// Receiving is in two steps, so that no key is spent on a message that turns out forged:
//   auto step = tree.receive(leaf, type, generation);   // looks ahead, changes nothing
//   if (opens_with(step->keys)) tree.accept(*std::move(step));
// Sending takes the key for good: persist changes() before the message leaves.
//
// Secrets are deleted as section 9.2 asks: a node's once its children's exist, a generation's once used.
// Thread: the group's.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "suite.hpp"

namespace sotto::mls {

enum class RatchetType : std::uint8_t { handshake = 0, application = 1 };

struct MessageKeys {
  SecretBytes key;
  SecretBytes nonce;
};

// How far a message may be ahead of the last one seen from its sender, and how many skipped keys one
// ratchet keeps, unless GroupConfig says otherwise. The RFC leaves both to the application.
inline constexpr std::uint32_t kMaxGenerationSkip = 1000;
inline constexpr std::size_t kMaxSkippedKeys = 1000;

class SecretTree {
 public:
  struct Ratchet {
    std::uint32_t next = 0;  // generation whose secret this is
    SecretBytes secret;
    std::map<std::uint32_t, MessageKeys> skipped;
  };
  struct RatchetId {
    LeafIndex leaf;
    RatchetType type{};
    friend auto operator<=>(const RatchetId&, const RatchetId&) = default;
  };
  // What receiving one message would change.
  struct Step {
    RatchetId id;
    std::uint32_t generation = 0;
    MessageKeys keys;
    bool ahead = false;  // else: one of the skipped keys
    std::uint32_t next = 0;
    SecretBytes secret;
    std::vector<std::pair<std::uint32_t, MessageKeys>> skipped;
  };
  struct Sending {
    std::uint32_t generation = 0;
    MessageKeys keys;
  };

  // `leaf_count`: a power of two. Consumes encryption_secret.
  SecretTree(const Suite& suite, std::uint32_t leaf_count, SecretBytes encryption_secret);
  // From stored parts, of which some may be missing or left over as after a write that was cut off: then
  // what can be derived is, and what should have been erased is. Refused: a leaf without any secret.
  static Result<SecretTree> from_parts(const Suite& suite, std::uint32_t leaf_count,
                                       std::map<NodeIndex, SecretBytes> nodes,
                                       std::map<RatchetId, Ratchet> ratchets,
                                       std::size_t max_skipped_keys = kMaxSkippedKeys);
  SecretTree copy() const;

  Result<Sending> send(LeafIndex leaf, RatchetType type);
  // Errors: not_found for a generation that was used or forgotten (a repeat), too_large for a jump over
  // `max_skip`.
  Result<Step> receive(LeafIndex leaf, RatchetType type, std::uint32_t generation,
                       std::uint32_t max_skip = kMaxGenerationSkip) const;
  void accept(Step step, std::size_t max_skipped_keys = kMaxSkippedKeys);

  std::uint32_t leaf_count() const { return leaf_count_; }
  const std::map<NodeIndex, SecretBytes>& nodes() const { return nodes_; }
  const std::map<RatchetId, Ratchet>& ratchets() const { return ratchets_; }

  // Parts that differ from what was last stored.
  struct Changes {
    std::set<NodeIndex> nodes;
    std::set<RatchetId> ratchets;
  };
  const Changes& changes() const { return changes_; }
  void changes_are_stored() { changes_ = {}; }

 private:
  SecretTree(const Suite& suite, std::uint32_t leaf_count, std::map<NodeIndex, SecretBytes> nodes,
             std::map<RatchetId, Ratchet> ratchets);
  Ratchet& ratchet(RatchetId id);
  bool has_part_below(NodeIndex node) const;
  bool settle(NodeIndex node, SecretBytes secret);
  SecretBytes first_secret(RatchetId id) const;  // of a ratchet that does not exist yet
  void derive_leaf(LeafIndex leaf);
  MessageKeys keys_of(ByteView secret, std::uint32_t generation) const;

  Suite suite_;
  std::uint32_t leaf_count_;
  std::map<NodeIndex, SecretBytes> nodes_;
  std::map<RatchetId, Ratchet> ratchets_;
  Changes changes_;
};

// Section 6.3.2: key and nonce of the sender data, from the first KDF.Nh bytes of the ciphertext.
MessageKeys sender_data_keys(const Suite& suite, ByteView sender_data_secret, ByteView ciphertext);

}  // namespace sotto::mls
