// One context, many recipients: HPKE sealing of path secrets and Welcomes (RFC 9420 section 5.1.3).
#pragma once

#include <vector>

#include "sotto/mls/environment.hpp"
#include "suite.hpp"

namespace sotto::mls {

struct SealJob {
  ByteView public_key;
  ByteView plaintext;
};

// One ciphertext per job, in order. The context is hashed once, randomness drawn in order beforehand, and the
// rest spread over the environment's threads.
Result<std::vector<HpkeCiphertext>> seal_all(const Suite& suite, std::string_view label, ByteView context,
                                             const std::vector<SealJob>& jobs, const Environment& env);

}  // namespace sotto::mls
