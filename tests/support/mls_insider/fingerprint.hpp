// Everything a group holds, secrets included, as one string of bytes: two are equal exactly when no call can
// tell the groups apart. For asking whether a refused input left anything behind.
#pragma once

#include "mls/epoch.hpp"

namespace sotto::mls::insider {

Bytes fingerprint(const Group& group);

// How many secrets the group keeps for messages: nodes of secret trees, ratchets and skipped keys.
struct KeyCount {
  std::size_t nodes = 0;
  std::size_t ratchets = 0;
  std::size_t skipped = 0;
};
KeyCount count_keys(const SecretTree& tree);

}  // namespace sotto::mls::insider
