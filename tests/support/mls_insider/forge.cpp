#include "support/mls_insider/forge.hpp"

#include <algorithm>

namespace sotto::mls::insider {
namespace {

template <class T>
void call(const Hook<T>& hook, T& value) {
  if (hook) hook(value);
}

struct LenientlyApplied {
  RatchetTree tree;
  ExtensionList extensions;
  std::vector<LeafIndex> added;
  std::vector<PreSharedKeyId> psks;
  std::optional<ReInit> reinit;
};

LenientlyApplied apply_leniently(const GroupContext& context, RatchetTree tree,
                                 const std::vector<PlannedProposal>& proposals, const Sender& committer) {
  LenientlyApplied out{std::move(tree), context.extensions, {}, {}, {}};
  for (const PlannedProposal& planned : proposals) {
    if (const auto* change = planned.proposal.get<GroupContextExtensions>())
      out.extensions = change->extensions;
  }
  for (const PlannedProposal& planned : proposals) {
    const LeafIndex leaf = planned.by.value_or(committer).leaf;
    const auto* update = planned.proposal.get<Update>();
    if (update != nullptr && out.tree.has_leaf(leaf)) out.tree.update(leaf, update->leaf_node);
  }
  for (const PlannedProposal& planned : proposals) {
    const auto* remove = planned.proposal.get<Remove>();
    if (remove != nullptr && out.tree.has_leaf(remove->removed)) out.tree.remove(remove->removed);
  }
  for (const PlannedProposal& planned : proposals) {
    if (const auto* add = planned.proposal.get<Add>()) {
      out.added.push_back(out.tree.add(add->key_package.leaf_node));
    } else if (const auto* psk = planned.proposal.get<Psk>()) {
      out.psks.push_back(psk->psk);
    } else if (const auto* reinit = planned.proposal.get<ReInit>()) {
      out.reinit = *reinit;
    }
  }
  return out;
}

std::vector<PskWithSecret> secrets_of(const GroupAccess::Impl* group, const std::vector<PreSharedKeyId>& ids,
                                      const Suite& suite, const Environment& env) {
  std::vector<PskWithSecret> out;
  for (const PreSharedKeyId& id : ids) {
    auto found = find_psks(group, {id}, env);
    if (found) {
      out.push_back(std::move(found->front()));
    } else {
      out.push_back({id, SecretBytes(suite.hash_size())});
    }
  }
  return out;
}

// Path secrets sealed to whom the RFC says; where a key is no key, something of the right shape.
std::vector<UpdatePathNode> encrypt_leniently(const Suite& suite, const RatchetTree& tree,
                                              const std::vector<RatchetTree::PathStep>& path,
                                              const std::vector<Bytes>& public_keys,
                                              const PathSecrets& secrets,
                                              const std::vector<LeafIndex>& excluded,
                                              const GroupContext& context, Random& random) {
  const Bytes encoded = wire::encode(context);
  std::vector<UpdatePathNode> nodes(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    nodes[i].encryption_key = public_keys[i];
    for (const NodeIndex to : tree.resolution(path[i].copath_child)) {
      if (is_leaf(to) && std::ranges::find(excluded, leaf_of(to)) != excluded.end()) continue;
      auto sealed = suite.encrypt_with_label(tree.public_key(to), "UpdatePathNode", encoded,
                                             secrets.steps[i].view(), random);
      nodes[i].encrypted_path_secrets.push_back(sealed ? *std::move(sealed)
                                                       : HpkeCiphertext{random.bytes(32), random.bytes(48)});
    }
  }
  return nodes;
}

LeafNode new_leaf(const ClientIdentity& identity, const crypto::DhPrivateKey& key) {
  return commit_leaf(identity, key.public_key());
}

struct Start {
  const Suite& suite;
  const GroupContext& before;
  const Bytes& interim;
  const ClientIdentity& identity;
  const GroupAccess::Impl* group;  // null: outside
  LeafIndex own;                   // meaningless outside
  ByteView init_secret;
};

Forged forge(const Start& start, LenientlyApplied applied, Cast& cast, CommitPlan plan) {
  const Suite& suite = start.suite;
  call(plan.on_tree, applied.tree);
  Commit commit;
  for (PlannedProposal& planned : plan.proposals) {
    if (planned.ref) {
      commit.proposals.push_back({*planned.ref});
    } else {
      commit.proposals.push_back({planned.proposal});
    }
  }

  const LeafIndex own = start.group == nullptr ? applied.tree.next_free_leaf() : start.own;
  // A forger that removed itself and all to its right has no place to send from.
  if (start.group != nullptr && own.value >= applied.tree.leaf_count()) plan.path = false;
  TreePrivateKeys keys(own);
  if (start.group != nullptr) keys = start.group->epoch.keys;
  SecretBytes commit_secret(suite.hash_size());
  std::vector<RatchetTree::PathStep> path;
  PathSecrets secrets;
  if (plan.path) {
    crypto::DhPrivateKey leaf_key = plan.leaf_key != nullptr
                                        ? plan.leaf_key->copy()
                                        : crypto::DhPrivateKey::generate(suite.dh_group(), cast.random);
    LeafNode leaf = new_leaf(start.identity, leaf_key);
    if (start.group == nullptr) {
      applied.tree.add(leaf);
    } else if (!applied.tree.has_leaf(own) && own.value < applied.tree.leaf_count()) {
      applied.tree.set_leaf(own, leaf);
    }
    path = applied.tree.filtered_direct_path(own);
    SecretBytes first = plan.first_path_secret ? plan.first_path_secret->copy()
                                               : SecretBytes(ByteView(cast.random.bytes(suite.hash_size())));
    secrets = derive_path_secrets(suite, std::move(first), path.size());
    std::vector<Bytes> public_keys;
    for (std::size_t i = 0; i < path.size(); ++i) {
      auto pair = *key_pair_of_path_secret(suite, secrets.steps[i].view());
      public_keys.push_back(pair.public_key());
      keys.set(path[i].node, std::move(pair));
    }
    keys.set(node_of(own), std::move(leaf_key));
    leaf.parent_hash = applied.tree.merge_path(own, path, public_keys);
    call(plan.on_leaf, leaf);
    const crypto::SigningKey& signer =
        plan.leaf_signer != nullptr ? *plan.leaf_signer : start.identity.signing_key;
    leaf.signature =
        suite.sign_with_label(signer, "LeafNodeTBS", leaf.to_be_signed(start.before.group_id, own));
    call(plan.on_signed_leaf, leaf);
    applied.tree.set_leaf(own, leaf);
    GroupContext provisional = provisional_context(start.before, applied.tree, applied.extensions);
    call(plan.on_path_context, provisional);
    UpdatePath update{std::move(leaf),
                      encrypt_leniently(suite, applied.tree, path, public_keys, secrets,
                                        plan.exclude_added ? applied.added : std::vector<LeafIndex>{},
                                        provisional, cast.random)};
    call(plan.on_path, update);
    commit.path = std::move(update);
    commit_secret = secrets.commit_secret.copy();
  }

  AuthenticatedContent content;
  content.wire_format = plan.format;
  content.content.group_id = start.before.group_id;
  content.content.epoch = start.before.epoch;
  content.content.sender = plan.sender;
  content.content.body = std::move(commit);
  call(plan.on_content, content.content);
  const crypto::SigningKey& signer =
      plan.message_signer != nullptr ? *plan.message_signer : start.identity.signing_key;
  sign_content(suite, signer, start.before, content);
  EpochState next =
      make_epoch(suite, {provisional_context(start.before, applied.tree, applied.extensions), applied.tree,
                         std::move(keys), start.init_secret, commit_secret.view(),
                         secrets_of(start.group, applied.psks, suite, cast.env()), content, start.interim});
  next.reinit = applied.reinit;
  content.auth.confirmation_tag = next.confirmation_tag;
  call(plan.on_signed, content);
  return Forged{{},
                std::move(content),
                std::move(next),
                std::move(applied.added),
                std::move(path),
                std::move(secrets),
                std::move(applied.psks)};
}

}  // namespace

AuthenticatedContent Insider::content(std::variant<Bytes, Proposal, Commit> body, WireFormat format) const {
  AuthenticatedContent out;
  out.wire_format = format;
  out.content.group_id = group_.epoch.context.group_id;
  out.content.epoch = group_.epoch.context.epoch;
  out.content.sender = Sender::member(leaf());
  out.content.body = std::move(body);
  return out;
}

void Insider::sign(AuthenticatedContent& content) const {
  sign_content(group_.suite, group_.identity.signing_key, group_.epoch.context, content);
}

MlsMessage Insider::as_public(AuthenticatedContent content) const {
  return {protect_public(group_.suite, group_.epoch.secrets.membership_key.view(), group_.epoch.context,
                         std::move(content))};
}

MlsMessage Insider::as_private(const AuthenticatedContent& content, const PrivatePlan& plan) const {
  const Suite& suite = group_.suite;
  const ContentType type = content.content.content_type();
  const LeafIndex sender = plan.sender.value_or(content.content.sender.leaf);
  SecretTree messages = group_.epoch.messages.copy();
  SecretTree::Sending keys{0, {SecretBytes(suite.key_size()), SecretBytes(suite.nonce_size())}};
  if (plan.generation && *plan.generation > 100'000) {
    keys.generation = *plan.generation;
  } else if (sender.value < messages.leaf_count()) {
    keys = *messages.send(sender, ratchet_of(type));
    while (plan.generation && keys.generation < *plan.generation)
      keys = *messages.send(sender, ratchet_of(type));
  }

  PrivateMessage out;
  out.group_id = content.content.group_id;
  out.epoch = content.content.epoch;
  out.content_type = type;
  out.authenticated_data = content.content.authenticated_data;
  call(plan.on_message, out);
  wire::Writer plain(1024);
  content.content.write_body(plain);
  content.auth.write(plain, type);
  plain.fixed(plan.padding);
  SenderData data;
  data.leaf = sender;
  data.generation = keys.generation;
  cast_.random.fill(data.reuse_guard);
  Bytes nonce = to_bytes(keys.keys.nonce.view());
  for (std::size_t i = 0; i < data.reuse_guard.size(); ++i) nonce[i] ^= data.reuse_guard[i];
  out.ciphertext =
      crypto::aead_seal(suite.aead_algorithm(), keys.keys.key.view(), nonce, out.content_aad(), plain.view());
  const MessageKeys data_keys =
      sender_data_keys(suite, group_.epoch.secrets.sender_data_secret.view(), out.ciphertext);
  out.encrypted_sender_data =
      crypto::aead_seal(suite.aead_algorithm(), data_keys.key.view(), data_keys.nonce.view(),
                        out.sender_data_aad(), wire::encode(data));
  return {std::move(out)};
}

MlsMessage Insider::frame(const AuthenticatedContent& content) const {
  return content.wire_format == WireFormat::private_message ? as_private(content) : as_public(content);
}

MlsMessage Insider::proposal(Proposal proposal, WireFormat format) const {
  AuthenticatedContent made = content(std::move(proposal), format);
  sign(made);
  return frame(made);
}

MlsMessage Insider::application(ByteView data, const PrivatePlan& plan) const {
  AuthenticatedContent made = content(to_bytes(data), WireFormat::private_message);
  sign(made);
  return as_private(made, plan);
}

ProposalRef reference_of(const Suite& suite, const PublicMessage& message) {
  return suite.proposal_ref({WireFormat::public_message, message.content, message.auth});
}

void adopt(Group& insider, EpochState next) {
  GroupAccess::Impl& group = GroupAccess::impl(insider);
  const Epoch from = group.epoch.context.epoch;
  require(
      GroupAccess::merge(group, GroupAccess::stage({}, from, std::make_unique<EpochState>(std::move(next)))),
      "the forger's own epoch");
}

Forged forge_commit(const Group& insider, Cast& cast, CommitPlan plan) {
  const GroupAccess::Impl& group = GroupAccess::impl(insider);
  const LeafIndex own = group.epoch.keys.own();
  if (!plan.foreign_sender) plan.sender = Sender::member(own);
  LenientlyApplied applied =
      apply_leniently(group.epoch.context, group.epoch.tree, plan.proposals, Sender::member(own));
  const Start start{group.suite,
                    group.epoch.context,
                    group.epoch.interim_transcript_hash,
                    group.identity,
                    &group,
                    own,
                    group.epoch.secrets.init_secret.view()};
  Forged forged = forge(start, std::move(applied), cast, std::move(plan));
  forged.message = Insider(insider, cast).frame(forged.content);
  return forged;
}

Forged forge_external_commit(const GroupInfo& info, const RatchetTreeNodes& nodes, ClientIdentity& identity,
                             Cast& cast, ExternalPlan plan) {
  const Suite suite = *Suite::of(info.group_context.cipher_suite);
  wire::Reader in(find_extension(info.extensions, ExtensionType::external_pub)->data);
  const Bytes external_key = to_bytes(in.opaque(kMaxKeyBytes));
  auto sender = *crypto::hpke_setup_sender(suite.hpke(), external_key, {}, cast.random);
  const SecretBytes init_secret =
      sender.export_secret(as_bytes("MLS 1.0 external init secret"), suite.hash_size());
  for (int i = 0; i < plan.external_inits; ++i) {
    plan.proposals.push_back({Proposal{ExternalInit{plan.kem_output.value_or(sender.kem_output())}}, {}, {}});
  }
  if (!plan.foreign_sender) plan.sender = {SenderType::new_member_commit, {}, 0};
  LenientlyApplied applied = apply_leniently(info.group_context, *RatchetTree::from_nodes(suite, nodes),
                                             plan.proposals, plan.sender);
  const Bytes interim =
      interim_transcript_hash(suite, info.group_context.confirmed_transcript_hash, info.confirmation_tag);
  const Start start{suite, info.group_context, interim, identity, nullptr, {}, init_secret.view()};
  Forged forged = forge(start, std::move(applied), cast, std::move(plan));
  forged.message = {PublicMessage{forged.content.content, forged.content.auth, {}}};
  return forged;
}

Welcome forge_welcome(const KeyPackage& recipient, Cast& cast, const WelcomePlan& plan) {
  const Suite suite = *Suite::of(recipient.cipher_suite);
  GroupContext context = plan.context;
  if (!plan.keep_tree_hash) {
    if (const auto tree = RatchetTree::from_nodes(suite, plan.tree)) context.tree_hash = tree->root_hash();
  }
  GroupSecrets secrets;
  secrets.joiner_secret = SecretBytes(ByteView(cast.random.bytes(suite.hash_size())));
  if (plan.path_secret) secrets.path_secret = plan.path_secret->copy();
  secrets.psks = plan.psks;
  const SecretBytes psk_secret =
      derive_psk_secret(suite, secrets_of(nullptr, secrets.psks, suite, cast.env()));
  const EpochSecrets epoch =
      derive_epoch_secrets(suite, secrets.joiner_secret.copy(), psk_secret.view(), context);
  call(plan.on_secrets, secrets);

  GroupInfo info;
  info.group_context = context;
  if (plan.tree_inside) info.extensions.push_back({ExtensionType::ratchet_tree, wire::encode(plan.tree)});
  info.confirmation_tag =
      confirmation_tag(suite, epoch.confirmation_key.view(), context.confirmed_transcript_hash);
  info.signer = plan.signer;
  call(plan.on_info, info);
  info.signature = suite.sign_with_label(*plan.signing_key, "GroupInfoTBS", info.to_be_signed());
  call(plan.on_signed_info, info);

  const WelcomeKeys keys = welcome_keys(suite, epoch.welcome_secret.view());
  Welcome welcome;
  welcome.cipher_suite = suite.id();
  welcome.encrypted_group_info =
      crypto::aead_seal(suite.aead_algorithm(), keys.key.view(), keys.nonce.view(), {}, wire::encode(info));
  auto sealed = suite.encrypt_with_label(recipient.init_key, "Welcome", welcome.encrypted_group_info,
                                         wire::encode(secrets), cast.random);
  require(sealed.ok(), "sealing a forged Welcome");
  welcome.secrets.push_back({suite.key_package_ref(recipient), *std::move(sealed)});
  call(plan.on_welcome, welcome);
  return welcome;
}

GroupInfo forge_group_info(const Group& insider, bool with_tree, bool external_pub,
                           const Hook<GroupInfo>& change) {
  const GroupAccess::Impl& group = GroupAccess::impl(insider);
  GroupInfo info = make_group_info(group.suite, group.epoch, group.identity.signing_key,
                                   group.epoch.keys.own(), with_tree, external_pub);
  call(change, info);
  info.signature =
      group.suite.sign_with_label(group.identity.signing_key, "GroupInfoTBS", info.to_be_signed());
  return info;
}

void resign(const Suite& suite, LeafNode& leaf, const crypto::SigningKey& key, ByteView group_id,
            LeafIndex place) {
  leaf.signature = suite.sign_with_label(key, "LeafNodeTBS", leaf.to_be_signed(group_id, place));
}

void resign(const Suite& suite, KeyPackage& package, const crypto::SigningKey& key) {
  package.signature = suite.sign_with_label(key, "KeyPackageTBS", package.to_be_signed());
}

KeyPackage changed_package(const OwnKeyPackage& own, const Hook<KeyPackage>& change, bool sign_leaf,
                           bool sign_package) {
  KeyPackage package = own.package;
  const Suite suite = *Suite::of(package.cipher_suite);
  change(package);
  if (sign_leaf) resign(suite, package.leaf_node, own.identity.signing_key, {}, {});
  if (sign_package) resign(suite, package, own.identity.signing_key);
  return package;
}

}  // namespace sotto::mls::insider
