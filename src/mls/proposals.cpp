#include "proposals.hpp"

#include <algorithm>
#include <set>

namespace sotto::mls {
namespace {

Status check_update(const ListContext& where, const Update& update, LeafIndex leaf, Signatures signatures) {
  const LeafNode* before = where.tree.leaf(leaf);
  if (before == nullptr) return fail(ErrorCode::untrusted, "An update comes from no member.");
  if (update.leaf_node.source != LeafNodeSource::update) {
    return fail(ErrorCode::untrusted, "The leaf of an update was not made for one.");
  }
  if (update.leaf_node.encryption_key == before->encryption_key) {
    return fail(ErrorCode::untrusted, "An update keeps its old encryption key.");
  }
  if (!where.env.credentials.is_same_client(before->credential, update.leaf_node.credential)) {
    return fail(ErrorCode::untrusted, "An update would turn a member into another client.");
  }
  return check_leaf(where.suite, update.leaf_node, where.context.group_id, leaf, where.env, signatures);
}

Status check_psk(const ListContext& where, const PreSharedKeyId& id) {
  if (id.psk_nonce.size() != where.suite.hash_size()) {
    return fail(ErrorCode::untrusted, "The nonce of a pre-shared key has the wrong size.");
  }
  if (id.type == PskType::resumption && id.usage != where.psk_usage) {
    return fail(ErrorCode::untrusted, "A resumption key is used for another purpose.");
  }
  return ok_status();
}

bool external_sender_may(ProposalType type) {
  switch (type) {
    case ProposalType::add:
    case ProposalType::remove:
    case ProposalType::psk:
    case ProposalType::reinit:
    case ProposalType::group_context_extensions: return true;
    default: return false;
  }
}

// Section 12.2 for a commit by a new member: one ExternalInit, at most one Remove (of its own former
// self), PSKs, and nothing else.
Status check_external_list(const std::vector<ListedProposal>& proposals) {
  int inits = 0;
  int removes = 0;
  for (const ListedProposal& listed : proposals) {
    if (listed.sender.type != SenderType::new_member_commit) {
      return fail(ErrorCode::untrusted, "An external commit takes up another's proposal.");
    }
    switch (listed.proposal.type()) {
      case ProposalType::external_init: ++inits; break;
      case ProposalType::remove: ++removes; break;
      case ProposalType::psk: break;
      default: return fail(ErrorCode::untrusted, "An external commit does more than it may.");
    }
  }
  if (inits != 1) return fail(ErrorCode::untrusted, "An external commit needs exactly one ExternalInit.");
  if (removes > 1) return fail(ErrorCode::untrusted, "An external commit removes more than one leaf.");
  return ok_status();
}

Status check_list(const ListContext& where, const std::vector<ListedProposal>& proposals) {
  std::set<LeafIndex> changed;
  int extension_changes = 0;
  bool reinit = false;
  std::vector<const PreSharedKeyId*> psks;
  for (const ListedProposal& listed : proposals) {
    const Proposal& proposal = listed.proposal;
    if (const auto* remove = proposal.get<Remove>()) {
      if (where.committer.type == SenderType::member && remove->removed == where.committer.leaf) {
        return fail(ErrorCode::untrusted, "A commit would remove its own sender.");
      }
      if (!changed.insert(remove->removed).second) {
        return fail(ErrorCode::untrusted, "A commit changes one leaf twice.");
      }
    } else if (proposal.get<Update>() != nullptr) {
      if (listed.sender == where.committer) {
        return fail(ErrorCode::untrusted, "A commit contains an update of its own sender.");
      }
      if (!changed.insert(listed.sender.leaf).second) {
        return fail(ErrorCode::untrusted, "A commit changes one leaf twice.");
      }
    } else if (const auto* psk = proposal.get<Psk>()) {
      for (const PreSharedKeyId* other : psks) {
        if (other->names_same_key(psk->psk)) {
          return fail(ErrorCode::untrusted, "A commit names one pre-shared key twice.");
        }
      }
      psks.push_back(&psk->psk);
    } else if (proposal.get<GroupContextExtensions>() != nullptr && ++extension_changes > 1) {
      return fail(ErrorCode::untrusted, "A commit replaces the group's extensions twice.");
    } else if (proposal.get<ReInit>() != nullptr) {
      reinit = true;
    } else if (proposal.get<ExternalInit>() != nullptr && where.committer.type == SenderType::member) {
      return fail(ErrorCode::untrusted, "A member's commit contains an ExternalInit.");
    }
  }
  if (reinit && proposals.size() > 1) {
    return fail(ErrorCode::untrusted, "A re-initialisation must stand alone.");
  }
  return ok_status();
}

// No client is added that is there already, unless the same list removes it, nor added twice.
Status check_adds(const ListContext& where, const RatchetTree& without_removed,
                  const std::vector<const KeyPackage*>& packages) {
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const Credential& credential = packages[i]->leaf_node.credential;
    for (std::size_t j = 0; j < i; ++j) {
      if (where.env.credentials.is_same_client(credential, packages[j]->leaf_node.credential)) {
        return fail(ErrorCode::untrusted, "A commit adds one client twice.");
      }
    }
    bool present = false;
    without_removed.each_member([&](LeafIndex, const LeafNode& member) {
      present = where.env.credentials.is_same_client(credential, member.credential);
      return !present;
    });
    if (present) return fail(ErrorCode::untrusted, "A commit adds a client that is a member.");
  }
  return ok_status();
}

}  // namespace

ListedProposal listed_in(Epoch epoch, PendingProposal pending) {
  const bool known = pending.verified_in == epoch;
  return {std::move(pending.proposal), pending.sender,
          known ? Signatures::known_to_hold : Signatures::verify};
}

Status check_proposal(const ListContext& where, const Proposal& proposal, const Sender& sender,
                      Signatures signatures) {
  const ProposalType type = proposal.type();
  if (sender.type == SenderType::external && !external_sender_may(type)) {
    return fail(ErrorCode::untrusted, "An external sender proposes what only members may.");
  }
  if (sender.type == SenderType::new_member_proposal && type != ProposalType::add) {
    return fail(ErrorCode::untrusted, "A client outside the group may only ask to be added.");
  }
  if (const auto* add = proposal.get<Add>()) {
    return check_added_package(where.suite, add->key_package, where.config, where.sending, where.env,
                               signatures);
  }
  if (const auto* update = proposal.get<Update>()) {
    if (sender.type != SenderType::member)
      return fail(ErrorCode::untrusted, "An update comes from no member.");
    return check_update(where, *update, sender.leaf, signatures);
  }
  if (const auto* remove = proposal.get<Remove>()) {
    if (!where.tree.has_leaf(remove->removed)) {
      return fail(ErrorCode::untrusted, "A proposal would remove somebody who is not a member.");
    }
  }
  if (const auto* psk = proposal.get<Psk>()) return check_psk(where, psk->psk);
  if (const auto* reinit = proposal.get<ReInit>()) {
    if (reinit->version < where.context.version) {
      return fail(ErrorCode::untrusted, "A re-initialisation would go back to an older version.");
    }
  }
  if (const auto* change = proposal.get<GroupContextExtensions>()) {
    for (const Extension& extension : change->extensions) {
      if (extension.type == ExtensionType::required_capabilities) {
        if (auto parsed = required_capabilities_from(extension); !parsed) return parsed.error();
      }
      if (extension.type == ExtensionType::external_senders) {
        const auto senders = external_senders_from(extension);
        if (!senders) return senders.error();
        // Section 5.3.1: these credentials are new to the group, too.
        for (const ExternalSender& one : *senders) {
          if (Status valid = where.env.credentials.validate(one.credential, one.signature_key); !valid)
            return valid;
        }
      }
    }
  }
  return ok_status();
}

Result<AppliedProposals> apply_proposals(const ListContext& where,
                                         const std::vector<ListedProposal>& proposals) {
  const bool external = where.committer.type == SenderType::new_member_commit;
  if (proposals.size() > std::min(where.config.max_proposals_per_commit, kMaxListEntries)) {
    return fail(ErrorCode::too_large, "A commit holds more proposals than this group takes.");
  }
  if (external) {
    if (Status status = check_external_list(proposals); !status) return std::move(status).error();
  }
  if (Status status = check_list(where, proposals); !status) return std::move(status).error();
  // Two signatures for each Add: what costs when many join at once.
  std::vector<std::optional<Error>> errors(proposals.size());
  where.env.run_parallel(proposals.size(), [&](std::size_t i) {
    Status status =
        check_proposal(where, proposals[i].proposal, proposals[i].sender, proposals[i].signatures);
    if (!status) errors[i] = std::move(status).error();
  });
  for (std::optional<Error>& error : errors) {
    if (error) return *std::move(error);
  }

  AppliedProposals out{where.tree, where.context.extensions, {}, {}, {}, {}, {}, proposals.empty(), {}};
  out.summary.committer = where.committer;
  out.summary.epoch = where.context.epoch + 1;
  std::vector<CommitSummary::Change> changes;
  for (const ListedProposal& listed : proposals) changes.push_back({listed.proposal, listed.sender, {}, {}});

  // Section 12.3: extensions, updates, removes, adds; the rest changes no tree.
  bool extensions_changed = false;
  for (const ListedProposal& listed : proposals) {
    if (const auto* change = listed.proposal.get<GroupContextExtensions>()) {
      out.extensions = change->extensions;
      extensions_changed = true;
      out.path_required = true;
    }
  }
  std::vector<LeafIndex> new_leaves;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    if (const auto* update = proposals[i].proposal.get<Update>()) {
      changes[i].leaf = proposals[i].sender.leaf;
      out.tree.update(changes[i].leaf, update->leaf_node);
      new_leaves.push_back(changes[i].leaf);
      out.path_required = true;
    }
  }
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    if (const auto* remove = proposals[i].proposal.get<Remove>()) {
      changes[i].leaf = remove->removed;
      changes[i].credential = where.tree.leaf(remove->removed)->credential;
      out.tree.remove(remove->removed);
      out.path_required = true;
    }
  }
  for (const ListedProposal& listed : proposals) {
    if (const auto* add = listed.proposal.get<Add>()) out.packages.push_back(&add->key_package);
  }
  if (Status status = check_adds(where, out.tree, out.packages); !status) return std::move(status).error();
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const Proposal& proposal = proposals[i].proposal;
    if (const auto* add = proposal.get<Add>()) {
      if (out.tree.next_free_leaf().value >= std::min(where.config.max_members, kMaxMembers))
        return fail(ErrorCode::too_large, "The group is full.");
      changes[i].leaf = out.tree.add(add->key_package.leaf_node);
      out.added.push_back(changes[i].leaf);
      new_leaves.push_back(changes[i].leaf);
    } else if (const auto* psk = proposal.get<Psk>()) {
      out.psks.push_back(psk->psk);
    } else if (const auto* reinit = proposal.get<ReInit>()) {
      out.reinit = *reinit;
    } else if (const auto* init = proposal.get<ExternalInit>()) {
      out.external_init = init->kem_output;
      out.path_required = true;
    } else if (proposal.get<CustomProposal>() != nullptr) {
      out.path_required = true;
      // Everybody who will process the commit and was there before must know the type.
      bool known = true;
      out.tree.each_member([&](LeafIndex leaf, const LeafNode& member) {
        const bool joins = std::ranges::find(out.added, leaf) != out.added.end();
        known = joins || member.capabilities.supports(proposal.type());
        return known;
      });
      if (!known) return fail(ErrorCode::untrusted, "A member does not know a proposal's type.");
    }
  }

  Status fits = ok_status();
  if (extensions_changed) {
    out.tree.each_member([&](LeafIndex, const LeafNode& member) {
      fits = check_capabilities(member, out.extensions);
      return fits.ok();
    });
  } else {
    for (const LeafIndex leaf : new_leaves) {
      if (fits && out.tree.has_leaf(leaf)) fits = check_capabilities(*out.tree.leaf(leaf), out.extensions);
    }
  }
  if (!fits) return std::move(fits).error();
  out.summary.changes = std::move(changes);
  out.summary.reinit = out.reinit;
  return out;
}

void drop_conflicting(const ListContext& where,
                      std::vector<std::pair<ProposalRef, PendingProposal>>& proposals) {
  std::erase_if(proposals, [&](const auto& entry) {
    const auto& [proposal, sender, signatures] = listed_in(where.context.epoch, entry.second);
    if (proposal.template get<Update>() != nullptr && sender == where.committer) return true;
    const auto* remove = proposal.template get<Remove>();
    if (remove != nullptr && where.committer.type == SenderType::member &&
        remove->removed == where.committer.leaf) {
      return true;
    }
    return !check_proposal(where, proposal, sender, signatures).ok();
  });

  std::set<LeafIndex> removed;
  for (const auto& [ref, pending] : proposals) {
    if (const auto* remove = pending.proposal.get<Remove>()) removed.insert(remove->removed);
  }
  std::set<LeafIndex> seen_removes;
  std::set<LeafIndex> seen_updates;
  bool seen_extensions = false;
  std::vector<const PreSharedKeyId*> seen_psks;
  std::vector<const Credential*> seen_adds;
  std::vector<bool> keep(proposals.size(), true);
  for (std::size_t i = proposals.size(); i-- > 0;) {  // from the end: the last Update wins
    const auto& [proposal, sender, verified_in] = proposals[i].second;
    if (proposal.get<Update>() != nullptr) {
      keep[i] = !removed.contains(sender.leaf) && seen_updates.insert(sender.leaf).second;
    }
  }
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const Proposal& proposal = proposals[i].second.proposal;
    if (const auto* remove = proposal.get<Remove>()) {
      keep[i] = seen_removes.insert(remove->removed).second;
    } else if (proposal.get<GroupContextExtensions>() != nullptr) {
      keep[i] = !std::exchange(seen_extensions, true);
    } else if (const auto* psk = proposal.get<Psk>()) {
      keep[i] =
          std::ranges::none_of(seen_psks, [&](const auto* other) { return other->names_same_key(psk->psk); });
      if (keep[i]) seen_psks.push_back(&psk->psk);
    } else if (const auto* add = proposal.get<Add>()) {
      const Credential& credential = add->key_package.leaf_node.credential;
      bool present = std::ranges::any_of(seen_adds, [&](const auto* other) {
        return where.env.credentials.is_same_client(*other, credential);
      });
      where.tree.each_member([&](LeafIndex leaf, const LeafNode& member) {
        present = present || (!removed.contains(leaf) &&
                              where.env.credentials.is_same_client(member.credential, credential));
        return !present;
      });
      keep[i] = !present;
      if (keep[i]) seen_adds.push_back(&credential);
    } else if (proposal.get<ReInit>() != nullptr || proposal.get<ExternalInit>() != nullptr) {
      keep[i] = proposal.get<ReInit>() != nullptr && proposals.size() == 1;
    }
  }
  std::size_t at = 0;
  std::erase_if(proposals, [&](const auto&) { return !keep[at++]; });

  // What still does not go together (a requirement that a member fails, a key that is in the tree, a type
  // that somebody does not know) must not stop every commit: then each is taken only if those before it
  // allow.
  const auto stands = [&](const std::vector<ListedProposal>& list) {
    const auto applied = apply_proposals(where, list);
    return applied.ok() && check_members_fit(applied->tree, where.tree).ok();
  };
  std::vector<ListedProposal> taken;
  for (const auto& [ref, pending] : proposals) taken.push_back(listed_in(where.context.epoch, pending));
  if (proposals.empty() || stands(taken)) return;
  taken.clear();
  std::erase_if(proposals, [&](const auto& entry) {
    taken.push_back(listed_in(where.context.epoch, entry.second));
    if (stands(taken)) return false;
    taken.pop_back();
    return true;
  });
}

}  // namespace sotto::mls
