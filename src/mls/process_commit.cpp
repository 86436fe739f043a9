#include "process_commit.hpp"

#include <algorithm>

#include "transition.hpp"

namespace sotto::mls {
namespace {

// The proposals of a commit in full. A reference to one that was never received cannot be followed.
Result<std::vector<ListedProposal>> resolve(const GroupAccess::Impl& group, const Commit& commit,
                                            const Sender& committer) {
  std::vector<ListedProposal> out;
  for (const ProposalOrRef& entry : commit.proposals) {
    if (const auto* proposal = std::get_if<Proposal>(&entry.body)) {
      out.push_back({*proposal, committer});
      continue;
    }
    const auto& ref = std::get<ProposalRef>(entry.body);
    const auto at =
        std::ranges::find(group.proposals, ref, [](const auto& pending) { return pending.first; });
    if (at == group.proposals.end()) {
      return fail(ErrorCode::not_found, "The commit refers to a proposal that is not known here.");
    }
    out.push_back(listed_in(group.epoch.context.epoch, at->second));
  }
  return out;
}

// The leaf of an update path, before any key is touched.
Status check_path_leaf(const GroupAccess::Impl& group, const AppliedProposals& applied,
                       const UpdatePath& update, LeafIndex committer, const LeafNode* before,
                       const Environment& env) {
  const LeafNode& leaf = update.leaf_node;
  if (leaf.source != LeafNodeSource::commit) {
    return fail(ErrorCode::untrusted, "The leaf of an update path was not made for one.");
  }
  if (before != nullptr) {
    if (leaf.encryption_key == before->encryption_key) {
      return fail(ErrorCode::untrusted, "A commit keeps its sender's old encryption key.");
    }
    if (!env.credentials.is_same_client(before->credential, leaf.credential)) {
      return fail(ErrorCode::untrusted, "A commit would turn its sender into another client.");
    }
  }
  // No key of the path may be in the tree already, the committer's old leaf included.
  FewKeys fresh;
  bool distinct = fresh.insert(leaf.encryption_key);
  for (const UpdatePathNode& node : update.nodes) distinct = fresh.insert(node.encryption_key) && distinct;
  if (!distinct) return fail(ErrorCode::untrusted, "An update path contains a key twice.");
  for (std::uint32_t i = 0; i < node_count(applied.tree.leaf_count()); ++i) {
    if (applied.tree.is_blank({i})) continue;
    if (fresh.contains(applied.tree.public_key({i}))) {
      return fail(ErrorCode::untrusted, "An update path contains a key that is in the tree already.");
    }
  }
  if (Status able = check_capabilities(leaf, applied.extensions); !able) return able;
  return check_leaf(group.suite, leaf, group.epoch.context.group_id, committer, env);
}

}  // namespace

Outcome<StagedCommit> process_commit(const GroupAccess::Impl& group, const AuthenticatedContent& content,
                                     const Environment& env, ResumptionPskUsage psk_usage) {
  const Suite& suite = group.suite;
  const EpochState& before = group.epoch;
  const auto& commit = std::get<Commit>(content.content.body);
  const Sender& committer = content.content.sender;
  const bool external = committer.type == SenderType::new_member_commit;

  auto proposals = resolve(group, commit, committer);
  if (!proposals) return reject(std::move(proposals).error());
  const ListContext where{suite, group.config, before.context, before.tree, env, committer, false, psk_usage};
  auto applied = apply_proposals(where, *proposals);
  if (!applied) return reject(std::move(applied).error());
  if (applied->path_required && !commit.path) {
    return reject("The commit lacks the update path that its proposals require.");
  }
  if (external) {
    // Section 12.2: an external commit may remove only its sender's own former leaf, and its new one is held
    // to what an Update of that leaf would be.
    for (const CommitSummary::Change& change : applied->summary.changes) {
      if (!change.credential) continue;
      if (!env.credentials.is_same_client(*change.credential, commit.path->leaf_node.credential)) {
        return reject("An external commit removes somebody else.");
      }
      if (before.tree.leaf(change.leaf)->encryption_key == commit.path->leaf_node.encryption_key) {
        return reject("A commit keeps its sender's old encryption key.");
      }
    }
  }

  const bool removes_self =
      std::ranges::any_of(applied->summary.changes, [&](const CommitSummary::Change& change) {
        return change.proposal.get<Remove>() != nullptr && change.leaf == before.keys.own();
      });

  TreePrivateKeys keys = before.keys;
  // Own Updates that this commit takes up: their keys become the leaf's.
  for (const ListedProposal& listed : *proposals) {
    const auto* update = listed.proposal.get<Update>();
    if (update == nullptr || listed.sender != Sender::member(before.keys.own())) continue;
    const auto at = group.update_keys.find(update->leaf_node.encryption_key);
    if (at == group.update_keys.end()) {
      return group_broken(fail(ErrorCode::internal, "The key of this member's own update is gone."));
    }
    keys.set(node_of(before.keys.own()), at->second.copy());
  }

  SecretBytes commit_secret(suite.hash_size());
  if (commit.path) {
    // An external committer takes the leftmost free leaf, after the removes.
    LeafIndex leaf = committer.leaf;
    const LeafNode* old_leaf = nullptr;
    if (external) {
      leaf = applied->tree.next_free_leaf();
      if (leaf.value >= std::min(group.config.max_members, kMaxMembers)) return reject("The group is full.");
    } else {
      old_leaf = before.tree.leaf(leaf);
    }
    if (Status valid = check_path_leaf(group, *applied, *commit.path, leaf, old_leaf, env); !valid) {
      return reject(std::move(valid).error());
    }
    if (external) {
      bool present = false;
      applied->tree.each_member([&](LeafIndex, const LeafNode& member) {
        present = env.credentials.is_same_client(member.credential, commit.path->leaf_node.credential);
        return !present;
      });
      if (present) return reject("An external commit adds a client that is a member.");
      applied->tree.add(commit.path->leaf_node);
    }
    const auto path = applied->tree.filtered_direct_path(leaf);
    if (Status shape = check_path_shape(applied->tree, path, commit.path->nodes, applied->added); !shape) {
      return reject(std::move(shape).error());
    }
    std::vector<Bytes> public_keys;
    for (const UpdatePathNode& node : commit.path->nodes) {
      if (!crypto::is_valid_dh_public_key(suite.dh_group(), node.encryption_key)) {
        return reject("An update path contains a key that is no public key.");
      }
      public_keys.push_back(node.encryption_key);
    }
    if (applied->tree.merge_path(leaf, path, public_keys) != commit.path->leaf_node.parent_hash) {
      return reject("The parent hash of the commit's leaf does not hold.");
    }
    applied->tree.set_leaf(leaf, commit.path->leaf_node);
    if (Status fits = check_members_fit(applied->tree, before.tree); !fits)
      return reject(std::move(fits).error());

    if (!removes_self) {
      const GroupContext provisional =
          provisional_context(before.context, applied->tree, applied->extensions);
      auto learnt = decrypt_path(suite, applied->tree, keys, path, commit.path->nodes, applied->added,
                                 wire::encode(provisional));
      // Only this member can see that: the others may have gone on.
      if (!learnt) return group_broken(std::move(learnt).error());
      for (std::size_t i = 0; i < learnt->keys.size(); ++i) {
        keys.set(path[learnt->from + i].node, std::move(learnt->keys[i]));
      }
      commit_secret = std::move(learnt->secrets.commit_secret);
    }
  } else if (Status fits = check_members_fit(applied->tree, before.tree); !fits) {
    return reject(std::move(fits).error());
  }

  if (removes_self) {
    applied->summary.removes_self = true;
    return GroupAccess::stage(std::move(applied->summary), before.context.epoch, nullptr);
  }
  keys.keep_matching(applied->tree);

  auto psks = find_psks(&group, applied->psks, env);
  if (!psks) return reject(std::move(psks).error());
  SecretBytes external_init;
  ByteView init_secret = before.secrets.init_secret.view();
  if (applied->external_init) {
    // Section 8.3: the new member's init secret is what the KEM exports.
    auto pair = external_key_pair(suite, before.secrets.external_secret.view());
    if (!pair) return reject(std::move(pair).error());
    auto context = crypto::hpke_setup_receiver(suite.hpke(), *applied->external_init, *pair, {});
    if (!context) return reject(std::move(context).error());
    external_init = context->export_secret(as_bytes("MLS 1.0 external init secret"), suite.hash_size());
    init_secret = external_init.view();
  }
  GroupContext context = provisional_context(before.context, applied->tree, applied->extensions);
  auto next = std::make_unique<EpochState>(
      make_epoch(suite, {std::move(context), std::move(applied->tree), std::move(keys), init_secret,
                         commit_secret.view(), *std::move(psks), content, before.interim_transcript_hash}));
  if (!constant_time_equal(next->confirmation_tag, content.auth.confirmation_tag)) {
    Error wrong = fail(ErrorCode::untrusted, "The confirmation tag of the commit does not verify.");
    // No signature covers the tag, and without a membership tag (section 6.2) anybody could have changed it.
    if (external) return reject(std::move(wrong));
    return group_broken(std::move(wrong));
  }
  next->reinit = applied->reinit;
  next->secrets.joiner_secret.wipe();
  next->secrets.welcome_secret.wipe();
  return GroupAccess::stage(std::move(applied->summary), before.context.epoch, std::move(next));
}

}  // namespace sotto::mls
