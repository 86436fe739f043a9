// From outside the group: external commits and proposals (RFC 9420 sections 8.3, 12.1.8, 12.4.3.2).
#include <algorithm>

#include "join.hpp"

namespace sotto::mls {

Outcome<Group::ExternalJoin> Group::join_externally(const GroupInfo& info, const RatchetTreeNodes* given,
                                                    ClientIdentity identity, bool remove_prior,
                                                    const std::vector<Bytes>& psks, GroupConfig config,
                                                    const Environment& env) {
  const auto suite = Suite::of(info.group_context.cipher_suite);
  if (!suite) return reject(suite.error());
  auto tree = open_group_info(*suite, info, given, env);
  if (!tree) return reject(std::move(tree).error());
  const Extension* external_pub = find_extension(info.extensions, ExtensionType::external_pub);
  if (external_pub == nullptr) return reject("The group does not offer joining from outside.");
  wire::Reader in(external_pub->data);
  const Bytes external_key = to_bytes(in.opaque(kMaxKeyBytes));
  if (Status done = in.finish(); !done) return reject(std::move(done).error());

  auto sender = crypto::hpke_setup_sender(suite->hpke(), external_key, {}, env.random);
  if (!sender) return reject(std::move(sender).error());
  const SecretBytes init_secret =
      sender->export_secret(as_bytes("MLS 1.0 external init secret"), suite->hash_size());

  const Sender committer{SenderType::new_member_commit, {}, 0};
  std::vector<ListedProposal> proposals;
  proposals.push_back({Proposal{ExternalInit{sender->kem_output()}}, committer});
  if (remove_prior) {
    std::optional<LeafIndex> prior;
    tree->each_member([&](LeafIndex leaf, const LeafNode& node) {
      if (env.credentials.is_same_client(node.credential, identity.credential)) prior = leaf;
      return !prior;
    });
    if (!prior) return reject("This client was not in the group before.");
    proposals.push_back({Proposal{Remove{*prior}}, committer});
  }
  for (const Bytes& psk : psks) {
    PreSharedKeyId id;
    id.psk_id = psk;
    id.psk_nonce = env.random.bytes(suite->hash_size());
    proposals.push_back({Proposal{Psk{std::move(id)}}, committer});
  }
  const GroupContext& before = info.group_context;
  const ListContext where{*suite, config,    before, *tree,
                          env,    committer, true,   ResumptionPskUsage::application};
  auto applied = apply_proposals(where, proposals);
  if (!applied) return reject(std::move(applied).error());

  // The path, from the leftmost leaf that is free after the removes.
  crypto::DhPrivateKey leaf_key = crypto::DhPrivateKey::generate(suite->dh_group(), env.random);
  LeafNode leaf = commit_leaf(identity, leaf_key.public_key());
  if (Status able = check_capabilities(leaf, applied->extensions); !able)
    return reject(std::move(able).error());
  const LeafIndex own = applied->tree.add(leaf);
  const auto path = applied->tree.filtered_direct_path(own);
  SecretBytes first(suite->hash_size());
  env.random.fill(first.mutable_view());
  const PathSecrets secrets = derive_path_secrets(*suite, std::move(first), path.size());
  TreePrivateKeys keys(own);
  std::vector<Bytes> public_keys;
  for (std::size_t i = 0; i < path.size(); ++i) {
    auto pair = key_pair_of_path_secret(*suite, secrets.steps[i].view());
    if (!pair) return reject(std::move(pair).error());
    public_keys.push_back(pair->public_key());
    keys.set(path[i].node, *std::move(pair));
  }
  keys.set(node_of(own), std::move(leaf_key));
  leaf.parent_hash = applied->tree.merge_path(own, path, public_keys);
  leaf.signature =
      suite->sign_with_label(identity.signing_key, "LeafNodeTBS", leaf.to_be_signed(before.group_id, own));
  applied->tree.set_leaf(own, leaf);
  if (Status fits = check_members_fit(applied->tree); !fits) return reject(std::move(fits).error());
  GroupContext provisional = provisional_context(before, applied->tree, applied->extensions);
  auto nodes = encrypt_path(*suite, applied->tree, path, public_keys, secrets.steps, {},
                            wire::encode(provisional), env);
  if (!nodes) return reject(std::move(nodes).error());

  AuthenticatedContent content;
  content.wire_format = WireFormat::public_message;
  content.content.group_id = before.group_id;
  content.content.epoch = before.epoch;
  content.content.sender = committer;
  Commit commit;
  for (ListedProposal& listed : proposals) commit.proposals.push_back({std::move(listed.proposal)});
  commit.path = UpdatePath{std::move(leaf), *std::move(nodes)};
  content.content.body = std::move(commit);
  sign_content(*suite, identity.signing_key, before, content);

  auto found = find_psks(nullptr, applied->psks, env);
  if (!found) return reject(std::move(found).error());
  const Bytes interim =
      interim_transcript_hash(*suite, before.confirmed_transcript_hash, info.confirmation_tag);
  EpochState next = make_epoch(
      *suite, {std::move(provisional), std::move(applied->tree), std::move(keys), init_secret.view(),
               secrets.commit_secret.view(), *std::move(found), content, interim});
  next.secrets.joiner_secret.wipe();
  next.secrets.welcome_secret.wipe();
  content.auth.confirmation_tag = next.confirmation_tag;
  // No membership tag: the sender is not a member (section 6.2).
  MlsMessage message{PublicMessage{std::move(content.content), std::move(content.auth), {}}};
  auto group =
      GroupAccess::make(std::make_unique<Impl>(*suite, std::move(identity), config, std::move(next)), env);
  if (!group) return std::move(group).refusal();
  return ExternalJoin{*std::move(group), std::move(message)};
}

namespace {

Result<MlsMessage> sign_from_outside(const GroupContext& context, const Sender& sender,
                                     const crypto::SigningKey& key, Proposal proposal) {
  const auto suite = Suite::of(context.cipher_suite);
  if (!suite) return suite.error();
  AuthenticatedContent content;
  content.wire_format = WireFormat::public_message;
  content.content.group_id = context.group_id;
  content.content.epoch = context.epoch;
  content.content.sender = sender;
  content.content.body = std::move(proposal);
  sign_content(*suite, key, context, content);
  return MlsMessage{PublicMessage{std::move(content.content), std::move(content.auth), {}}};
}

}  // namespace

Result<MlsMessage> propose_externally(const GroupContext& context, std::uint32_t sender_index,
                                      const crypto::SigningKey& key, Proposal proposal) {
  return sign_from_outside(context, Sender::external(sender_index), key, std::move(proposal));
}

Result<MlsMessage> propose_own_add(const GroupContext& context, const OwnKeyPackage& own) {
  return sign_from_outside(context, Sender{SenderType::new_member_proposal, {}, 0}, own.identity.signing_key,
                           Proposal{Add{own.package}});
}

}  // namespace sotto::mls
