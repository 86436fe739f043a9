// What of a group is stored already: the names of its records, never their values. Private to the module.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "secret_tree.hpp"
#include "sotto/mls/state.hpp"

namespace sotto::mls {

struct RecordBook {
  struct StoredEpoch {
    Bytes confirmation_tag;  // tells two epochs of one number apart
    bool has_secrets = false;
    std::set<NodeIndex> tree_secrets;
    std::map<SecretTree::RatchetId, std::set<std::uint32_t>>
        ratchets;  // with the generations of skipped keys
  };

  Bytes head;
  bool identity = false;
  std::map<Epoch, StoredEpoch> epochs;
  std::vector<std::optional<Epoch>> nodes;            // of the present tree: which record holds the node
  std::set<std::pair<Epoch, NodeIndex>> other_nodes;  // of past epochs and of the pending commit
  std::set<Epoch> extensions;
  std::set<Epoch> resumption_psks;
  std::map<std::pair<Epoch, std::uint32_t>, Bytes> proposals;  // to their references
  std::set<std::pair<Epoch, Bytes>> update_keys;
  std::optional<std::pair<Epoch, Bytes>> pending;  // epoch and confirmation tag
  StateChanges unwritten;                          // come first

  RecordBook copy() const;
};

}  // namespace sotto::mls
