// Entering a group: what joining by Welcome, by external commit and into a successor have in common.
#pragma once

#include "epoch.hpp"
#include "transition.hpp"

namespace sotto::mls {

struct JoinedEpoch {
  Suite suite;
  EpochState epoch;
  std::vector<PreSharedKeyId> psks;  // that the Welcome used
};

// `usage`: reinit or branch when the group is known to come from another; nullopt for a plain join.
Outcome<JoinedEpoch> join_epoch(const Welcome& welcome, const OwnKeyPackage& own,
                                const RatchetTreeNodes* tree, const std::optional<ResumptionPskUsage>& usage,
                                const Environment& env);

// Signature, tree hash and validity of everything in the tree. `given`: where the GroupInfo has no tree.
Result<RatchetTree> open_group_info(const Suite& suite, const GroupInfo& info, const RatchetTreeNodes* given,
                                    const Environment& env);

}  // namespace sotto::mls
