#include "transition.hpp"

#include <algorithm>

#include "sealing.hpp"

namespace sotto::mls {

Result<std::vector<PskWithSecret>> find_psks(const GroupAccess::Impl* group,
                                             const std::vector<PreSharedKeyId>& ids, const Environment& env) {
  std::vector<PskWithSecret> out;
  for (const PreSharedKeyId& id : ids) {
    std::optional<SecretBytes> secret;
    if (id.type == PskType::external) {
      if (env.psks != nullptr) secret = env.psks->external_psk(id.psk_id);
    } else {
      if (group != nullptr && id.psk_group_id == group->epoch.context.group_id) {
        if (id.psk_epoch == group->epoch.context.epoch) {
          secret = group->epoch.secrets.resumption_psk.copy();
        } else if (const auto at = group->resumption_psks.find(id.psk_epoch);
                   at != group->resumption_psks.end()) {
          secret = at->second.copy();
        }
      }
      if (!secret && env.psks != nullptr) secret = env.psks->resumption_psk(id.psk_group_id, id.psk_epoch);
    }
    if (!secret) return fail(ErrorCode::not_found, "A pre-shared key of the commit is not known here.");
    out.push_back({id, *std::move(secret)});
  }
  return out;
}

GroupContext provisional_context(const GroupContext& before, const RatchetTree& tree,
                                 ExtensionList extensions) {
  GroupContext context = before;
  context.epoch = before.epoch + 1;
  context.tree_hash = tree.root_hash();
  context.extensions = std::move(extensions);
  return context;
}

EpochState make_epoch(const Suite& suite, EpochInputs in) {
  GroupContext context = std::move(in.context);
  context.confirmed_transcript_hash = confirmed_transcript_hash(suite, in.interim_transcript_hash, in.commit);
  SecretBytes joiner = derive_joiner_secret(suite, in.init_secret, in.commit_secret, context);
  const SecretBytes psk_secret = derive_psk_secret(suite, in.psks);
  EpochSecrets secrets = derive_epoch_secrets(suite, std::move(joiner), psk_secret.view(), context);
  Bytes tag = confirmation_tag(suite, secrets.confirmation_key.view(), context.confirmed_transcript_hash);
  Bytes interim = interim_transcript_hash(suite, context.confirmed_transcript_hash, tag);
  SecretTree messages(suite, in.tree.leaf_count(), std::move(secrets.encryption_secret));
  return EpochState{std::move(context),  std::move(in.tree), std::move(in.keys), std::move(secrets),
                    std::move(messages), std::move(tag),     std::move(interim), {}};
}

LeafNode commit_leaf(const ClientIdentity& identity, ByteView encryption_key) {
  LeafNode leaf;
  leaf.encryption_key = to_bytes(encryption_key);
  leaf.signature_key = identity.signing_key.public_key();
  leaf.credential = identity.credential;
  leaf.capabilities = identity.capabilities;
  leaf.source = LeafNodeSource::commit;
  leaf.extensions = identity.leaf_extensions;
  return leaf;
}

Extension ratchet_tree_extension(const RatchetTree& tree) {
  return {ExtensionType::ratchet_tree, wire::encode(tree.to_nodes())};
}

GroupInfo make_group_info(const Suite& suite, const EpochState& epoch, const crypto::SigningKey& signer,
                          LeafIndex signer_leaf, bool with_tree, bool external_pub) {
  GroupInfo info;
  info.group_context = epoch.context;
  if (with_tree) info.extensions.push_back(ratchet_tree_extension(epoch.tree));
  if (external_pub) {
    // struct { HPKEPublicKey external_pub; } ExternalPub;
    if (const auto pair = external_key_pair(suite, epoch.secrets.external_secret.view())) {
      wire::Writer key;
      key.opaque(pair->public_key());
      info.extensions.push_back({ExtensionType::external_pub, std::move(key).take()});
    }
  }
  info.confirmation_tag = epoch.confirmation_tag;
  info.signer = signer_leaf;
  info.signature = suite.sign_with_label(signer, "GroupInfoTBS", info.to_be_signed());
  return info;
}

Result<Welcome> make_welcome(const WelcomeInputs& in) {
  const GroupInfo info = make_group_info(in.suite, in.epoch, in.signer, in.signer_leaf, in.with_tree, false);
  const WelcomeKeys keys = welcome_keys(in.suite, in.epoch.secrets.welcome_secret.view());
  Welcome welcome;
  welcome.cipher_suite = in.suite.id();
  welcome.encrypted_group_info = crypto::aead_seal(in.suite.aead_algorithm(), keys.key.view(),
                                                   keys.nonce.view(), {}, wire::encode(info));
  std::vector<SecretBytes> plaintexts;
  std::vector<SealJob> jobs;
  for (std::size_t i = 0; i < in.packages.size(); ++i) {
    GroupSecrets secrets;
    secrets.joiner_secret = in.epoch.secrets.joiner_secret.copy();
    secrets.psks = in.psks;
    if (in.path != nullptr) {
      // The lowest node of the committer's path that is above the new leaf.
      const auto at = std::ranges::find_if(
          *in.path, [&](const RatchetTree::PathStep& step) { return is_below(in.leaves[i], step.node); });
      if (at != in.path->end()) {
        secrets.path_secret = (*in.path_secrets)[static_cast<std::size_t>(at - in.path->begin())].copy();
      }
    }
    wire::Writer plain = wire::Writer::secret();
    secrets.write(plain);
    plaintexts.push_back(std::move(plain).take_secret());
    jobs.push_back({in.packages[i]->init_key, plaintexts.back().view()});
  }
  auto sealed = seal_all(in.suite, "Welcome", welcome.encrypted_group_info, jobs, in.env);
  if (!sealed) return std::move(sealed).error().with("sealing a Welcome");
  for (std::size_t i = 0; i < in.packages.size(); ++i) {
    welcome.secrets.push_back({in.suite.key_package_ref(*in.packages[i]), std::move((*sealed)[i])});
  }
  return welcome;
}

Result<EpochState> make_first_epoch(const Suite& suite, ByteView group_id, const ClientIdentity& identity,
                                    ExtensionList extensions, const Environment& env) {
  crypto::DhPrivateKey leaf_key = crypto::DhPrivateKey::generate(suite.dh_group(), env.random);
  LeafNode leaf = commit_leaf(identity, leaf_key.public_key());
  leaf.source = LeafNodeSource::key_package;
  leaf.lifetime = {0, UINT64_MAX};
  leaf.signature = suite.sign_with_label(identity.signing_key, "LeafNodeTBS", leaf.to_be_signed({}, {}));
  if (Status valid = check_leaf(suite, leaf, {}, {}, env); !valid) return std::move(valid).error();
  if (Status able = check_capabilities(leaf, extensions); !able) return std::move(able).error();

  RatchetTree tree(suite);
  const LeafIndex own = tree.add(std::move(leaf));
  TreePrivateKeys keys(own);
  keys.set(node_of(own), std::move(leaf_key));
  GroupContext context;
  context.cipher_suite = suite.id();
  context.group_id = to_bytes(group_id);
  context.tree_hash = tree.root_hash();
  context.extensions = std::move(extensions);

  // Section 8.1: init_secret of the first epoch is random, its commit secret zero; confirmed transcript
  // empty.
  SecretBytes epoch_secret_input(suite.hash_size());
  env.random.fill(epoch_secret_input.mutable_view());
  const SecretBytes zero(suite.hash_size());
  SecretBytes joiner = derive_joiner_secret(suite, epoch_secret_input.view(), zero.view(), context);
  EpochSecrets secrets = derive_epoch_secrets(suite, std::move(joiner), zero.view(), context);
  secrets.joiner_secret.wipe();
  secrets.welcome_secret.wipe();
  Bytes tag = confirmation_tag(suite, secrets.confirmation_key.view(), {});
  Bytes interim = interim_transcript_hash(suite, {}, tag);
  SecretTree messages(suite, tree.leaf_count(), std::move(secrets.encryption_secret));
  return EpochState{std::move(context),  std::move(tree), std::move(keys),    std::move(secrets),
                    std::move(messages), std::move(tag),  std::move(interim), {}};
}

Result<BuiltCommit> build_commit(CommitBuild build, WireFormat format, const Environment& env) {
  const GroupAccess::Impl& group = build.group;
  const Suite& suite = group.suite;
  const EpochState& before = group.epoch;
  const LeafIndex own = before.keys.own();
  const Sender committer = Sender::member(own);
  const ListContext where{suite, group.config, before.context, before.tree,
                          env,   committer,    true,           build.psk_usage};
  auto applied = apply_proposals(where, build.proposals);
  if (!applied) return std::move(applied).error();

  AuthenticatedContent content;
  content.wire_format = format;
  content.content.group_id = before.context.group_id;
  content.content.epoch = before.context.epoch;
  content.content.sender = committer;
  Commit commit;
  commit.proposals = std::move(build.entries);

  TreePrivateKeys keys = before.keys;
  SecretBytes commit_secret(suite.hash_size());  // zero without a path
  std::vector<RatchetTree::PathStep> path;
  PathSecrets secrets;
  const bool with_path = applied->path_required || build.force_path;
  if (with_path) {
    crypto::DhPrivateKey leaf_key = crypto::DhPrivateKey::generate(suite.dh_group(), env.random);
    path = applied->tree.filtered_direct_path(own);
    SecretBytes first(suite.hash_size());
    env.random.fill(first.mutable_view());
    secrets = derive_path_secrets(suite, std::move(first), path.size());
    std::vector<Bytes> public_keys;
    std::vector<crypto::DhPrivateKey> pairs;
    for (const SecretBytes& secret : secrets.steps) {
      auto pair = key_pair_of_path_secret(suite, secret.view());
      if (!pair) return std::move(pair).error();
      public_keys.push_back(pair->public_key());
      pairs.push_back(*std::move(pair));
    }
    LeafNode leaf = commit_leaf(group.identity, leaf_key.public_key());
    leaf.parent_hash = applied->tree.merge_path(own, path, public_keys);
    leaf.signature = suite.sign_with_label(group.identity.signing_key, "LeafNodeTBS",
                                           leaf.to_be_signed(before.context.group_id, own));
    applied->tree.set_leaf(own, leaf);
    const GroupContext provisional = provisional_context(before.context, applied->tree, applied->extensions);
    auto nodes = encrypt_path(suite, applied->tree, path, public_keys, secrets.steps, applied->added,
                              wire::encode(provisional), env);
    if (!nodes) return std::move(nodes).error();
    commit.path = UpdatePath{std::move(leaf), *std::move(nodes)};
    keys.set(node_of(own), std::move(leaf_key));
    for (std::size_t i = 0; i < path.size(); ++i) keys.set(path[i].node, std::move(pairs[i]));
    commit_secret = secrets.commit_secret.copy();
  }
  if (Status fits = check_members_fit(applied->tree, before.tree); !fits) return std::move(fits).error();
  keys.keep_matching(applied->tree);

  content.content.body = std::move(commit);
  sign_content(suite, group.identity.signing_key, before.context, content);
  auto psks = find_psks(&group, applied->psks, env);
  if (!psks) return std::move(psks).error();
  GroupContext context = provisional_context(before.context, applied->tree, applied->extensions);
  auto next = std::make_unique<EpochState>(make_epoch(
      suite,
      {std::move(context), std::move(applied->tree), std::move(keys), before.secrets.init_secret.view(),
       commit_secret.view(), *std::move(psks), content, before.interim_transcript_hash}));
  next->reinit = applied->reinit;
  content.auth.confirmation_tag = next->confirmation_tag;

  std::optional<Welcome> welcome;
  if (!applied->added.empty()) {
    auto made = make_welcome({suite, *next, group.identity.signing_key, own, applied->packages,
                              applied->added, with_path ? &path : nullptr, &secrets.steps, applied->psks,
                              build.tree_in_welcome, env});
    if (!made) return std::move(made).error();
    welcome = *std::move(made);
  }
  next->secrets.joiner_secret.wipe();
  next->secrets.welcome_secret.wipe();
  return BuiltCommit{std::move(content),
                     GroupAccess::stage(std::move(applied->summary), before.context.epoch, std::move(next)),
                     std::move(welcome)};
}

}  // namespace sotto::mls
