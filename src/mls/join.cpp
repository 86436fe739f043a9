// Joining by Welcome (RFC 9420 section 12.4.3.1).
#include <algorithm>

#include "join.hpp"

namespace sotto::mls {
namespace {

// PathSecrets from the lowest node above both this leaf and the committer's, up to the root.
Status take_path_secret(const Suite& suite, const RatchetTree& tree, LeafIndex own, LeafIndex signer,
                        const SecretBytes& path_secret, TreePrivateKeys& keys) {
  if (signer == own) return fail(ErrorCode::untrusted, "The Welcome comes from the member it welcomes.");
  auto path = tree.filtered_direct_path(signer);
  const auto from =
      std::ranges::find_if(path, [&](const RatchetTree::PathStep& step) { return is_below(own, step.node); });
  if (from == path.end()) return fail(ErrorCode::untrusted, "The Welcome's path secret belongs to no node.");
  path.erase(path.begin(), from);
  const PathSecrets secrets = derive_path_secrets(suite, path_secret.copy(), path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    auto pair = key_pair_of_path_secret(suite, secrets.steps[i].view());
    if (!pair) return std::move(pair).error();
    if (tree.is_blank(path[i].node) || tree.public_key(path[i].node) != pair->public_key()) {
      return fail(ErrorCode::untrusted, "The Welcome's path secret does not fit the tree.");
    }
    keys.set(path[i].node, *std::move(pair));
  }
  return ok_status();
}

Result<RatchetTreeNodes> find_tree(const GroupInfo& info, const RatchetTreeNodes* given) {
  if (const Extension* extension = find_extension(info.extensions, ExtensionType::ratchet_tree)) {
    return wire::decode<RatchetTreeNodes>(extension->data);
  }
  if (given == nullptr)
    return fail(ErrorCode::not_found, "The ratchet tree came neither in nor beside the message.");
  return *given;
}

}  // namespace

Result<RatchetTree> open_group_info(const Suite& suite, const GroupInfo& info, const RatchetTreeNodes* given,
                                    const Environment& env) {
  if (info.group_context.cipher_suite != suite.id() || info.group_context.version != ProtocolVersion::mls10) {
    return fail(ErrorCode::untrusted, "The GroupInfo is of another cipher suite or version.");
  }
  const auto nodes = find_tree(info, given);
  if (!nodes) return nodes.error();
  auto tree = RatchetTree::from_nodes(suite, *nodes);
  if (!tree) return tree;
  const LeafNode* signer = tree->leaf(info.signer);
  if (signer == nullptr) return fail(ErrorCode::untrusted, "The signer of the GroupInfo is not a member.");
  if (!suite.verify_with_label(signer->signature_key, "GroupInfoTBS", info.to_be_signed(), info.signature)) {
    return fail(ErrorCode::untrusted, "The signature of the GroupInfo does not verify.");
  }
  if (tree->root_hash() != info.group_context.tree_hash) {
    return fail(ErrorCode::untrusted, "The ratchet tree is not the one that the GroupInfo names.");
  }
  if (Status valid = check_received_tree(suite, *tree, info.group_context, env); !valid) {
    return std::move(valid).error();
  }
  return tree;
}

Outcome<JoinedEpoch> join_epoch(const Welcome& welcome, const OwnKeyPackage& own,
                                const RatchetTreeNodes* given, const std::optional<ResumptionPskUsage>& usage,
                                const Environment& env) {
  const auto suite = Suite::of(welcome.cipher_suite);
  if (!suite) return reject(suite.error());
  if (own.package.cipher_suite != suite->id()) return reject("The Welcome is of another cipher suite.");
  const Bytes ref = suite->key_package_ref(own.package);
  const auto entry = std::ranges::find(welcome.secrets, ref, &EncryptedGroupSecrets::new_member);
  if (entry == welcome.secrets.end()) return ignore("The Welcome is for other key packages.");
  const auto plain = suite->decrypt_with_label(own.init_key, "Welcome", welcome.encrypted_group_info,
                                               entry->encrypted_group_secrets);
  if (!plain) return reject("The Welcome does not decrypt.");
  auto secrets = wire::decode<GroupSecrets>(plain->view());
  if (!secrets) return reject(std::move(secrets).error());

  int founding_psks = 0;
  for (const PreSharedKeyId& id : secrets->psks) {
    if (id.psk_nonce.size() != suite->hash_size())
      return reject("The nonce of a pre-shared key has the wrong size.");
    for (const PreSharedKeyId& other : secrets->psks) {
      if (&other != &id && other.names_same_key(id))
        return reject("The Welcome names one pre-shared key twice.");
    }
    const bool founding = id.type == PskType::resumption && id.usage != ResumptionPskUsage::application;
    if (founding && (!usage || id.usage != *usage))
      return reject("The Welcome founds a group out of another.");
    founding_psks += founding ? 1 : 0;
  }
  if (usage && founding_psks != 1) return reject("The Welcome lacks the key of the group it comes from.");
  auto psks = find_psks(nullptr, secrets->psks, env);
  if (!psks) return reject(std::move(psks).error());
  const SecretBytes psk_secret = derive_psk_secret(*suite, *psks);

  const SecretBytes welcome_secret =
      derive_welcome_secret(*suite, secrets->joiner_secret.view(), psk_secret.view());
  const WelcomeKeys keys = welcome_keys(*suite, welcome_secret.view());
  const auto sealed_info = crypto::aead_open(suite->aead_algorithm(), keys.key.view(), keys.nonce.view(), {},
                                             welcome.encrypted_group_info);
  if (!sealed_info) return reject("The group information of the Welcome does not decrypt.");
  const auto info = wire::decode<GroupInfo>(*sealed_info);
  if (!info) return reject(info.error());
  auto tree = open_group_info(*suite, *info, given, env);
  if (!tree) return reject(std::move(tree).error());

  std::optional<LeafIndex> own_leaf;
  tree->each_member([&](LeafIndex index, const LeafNode& leaf) {
    if (leaf == own.package.leaf_node) own_leaf = index;
    return !own_leaf;
  });
  if (!own_leaf) return reject("The tree of the Welcome does not hold the leaf it welcomes.");
  TreePrivateKeys private_keys(*own_leaf);
  private_keys.set(node_of(*own_leaf), own.leaf_key.copy());
  if (secrets->path_secret) {
    if (secrets->path_secret->size() != suite->hash_size())
      return reject("A path secret has the wrong size.");
    if (Status taken =
            take_path_secret(*suite, *tree, *own_leaf, info->signer, *secrets->path_secret, private_keys);
        !taken) {
      return reject(std::move(taken).error());
    }
  }

  EpochSecrets epoch =
      derive_epoch_secrets(*suite, std::move(secrets->joiner_secret), psk_secret.view(), info->group_context);
  const Bytes& confirmed = info->group_context.confirmed_transcript_hash;
  if (!suite->mac_is(epoch.confirmation_key.view(), confirmed, info->confirmation_tag)) {
    return reject("The confirmation tag of the Welcome does not verify.");
  }
  epoch.joiner_secret.wipe();
  epoch.welcome_secret.wipe();
  Bytes interim = interim_transcript_hash(*suite, confirmed, info->confirmation_tag);
  SecretTree messages(*suite, tree->leaf_count(), std::move(epoch.encryption_secret));
  std::vector<PreSharedKeyId> psk_ids = std::move(secrets->psks);
  return JoinedEpoch{*suite,
                     EpochState{info->group_context,
                                *std::move(tree),
                                std::move(private_keys),
                                std::move(epoch),
                                std::move(messages),
                                info->confirmation_tag,
                                std::move(interim),
                                {}},
                     std::move(psk_ids)};
}

Outcome<Group> Group::join(const Welcome& welcome, const OwnKeyPackage& own, const RatchetTreeNodes* tree,
                           GroupConfig config, const Environment& env) {
  auto joined = join_epoch(welcome, own, tree, std::nullopt, env);
  if (!joined) return std::move(joined).refusal();
  if (joined->epoch.tree.member_count() > config.max_members) {
    return reject(fail(ErrorCode::too_large, "The group has more members than this client takes."));
  }
  return GroupAccess::make(
      std::make_unique<Impl>(joined->suite, own.identity.copy(), config, std::move(joined->epoch)), env);
}

}  // namespace sotto::mls
