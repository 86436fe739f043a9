// Processing another member's commit, or a new member's from outside (RFC 9420 section 12.4.2).
#pragma once

#include "epoch.hpp"

namespace sotto::mls {

// `content`: authenticated already, wire format noted. Nothing of the group changes.
Outcome<StagedCommit> process_commit(const GroupAccess::Impl& group, const AuthenticatedContent& content,
                                     const Environment& env,
                                     ResumptionPskUsage psk_usage = ResumptionPskUsage::application);

}  // namespace sotto::mls
