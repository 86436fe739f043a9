#include "sotto/mls/group.hpp"

#include <algorithm>

#include "epoch.hpp"
#include "transition.hpp"

namespace sotto::mls {

EpochState EpochState::copy() const {
  EpochSecrets copied;
  copied.joiner_secret = secrets.joiner_secret.copy();
  copied.welcome_secret = secrets.welcome_secret.copy();
  copied.sender_data_secret = secrets.sender_data_secret.copy();
  copied.encryption_secret = secrets.encryption_secret.copy();
  copied.exporter_secret = secrets.exporter_secret.copy();
  copied.external_secret = secrets.external_secret.copy();
  copied.confirmation_key = secrets.confirmation_key.copy();
  copied.membership_key = secrets.membership_key.copy();
  copied.resumption_psk = secrets.resumption_psk.copy();
  copied.epoch_authenticator = secrets.epoch_authenticator.copy();
  copied.init_secret = secrets.init_secret.copy();
  return {context, tree, keys, std::move(copied), messages.copy(), confirmation_tag, interim_transcript_hash,
          reinit};
}

PastEpoch PastEpoch::copy() const {
  return {context, lineage, replaced, confirmation_tag, sender_data_secret.copy(), messages.copy()};
}

StagedCommit::StagedCommit() = default;
StagedCommit::StagedCommit(StagedCommit&&) noexcept = default;
StagedCommit& StagedCommit::operator=(StagedCommit&&) noexcept = default;
StagedCommit::~StagedCommit() = default;

Bytes StagedCommit::epoch_authenticator() const {
  return next_ == nullptr ? Bytes{} : to_bytes(next_->secrets.epoch_authenticator.view());
}

StagedCommit GroupAccess::stage(CommitSummary summary, Epoch from, std::unique_ptr<EpochState> next) {
  StagedCommit staged;
  staged.summary_ = std::move(summary);
  staged.from_epoch_ = from;
  staged.next_ = std::move(next);
  return staged;
}

StagedCommit GroupAccess::copy(const StagedCommit& staged) {
  return stage(staged.summary_, staged.from_epoch_,
               staged.next_ == nullptr ? nullptr : std::make_unique<EpochState>(staged.next_->copy()));
}

bool GroupAccess::merge(Impl& impl, StagedCommit staged) {
  if (impl.removed || staged.from_epoch_ != impl.epoch.context.epoch) return false;
  impl.pending.reset();
  impl.proposals.clear();
  impl.update_keys.clear();
  if (staged.next_ == nullptr) {
    impl.removed = true;
    return true;
  }
  EpochState& now = impl.epoch;
  EpochState& next = *staged.next_;
  const Epoch ends = now.context.epoch;
  impl.resumption_psks[ends] = std::move(now.secrets.resumption_psk);

  EpochLineage lineage = impl.lineage_of(next);
  std::map<LeafIndex, ReplacedLeaf> replaced;
  for (const NodeIndex node : next.tree.difference(now.tree)) {
    const bool is_old = node.value < impl.node_since.size();
    if (is_leaf(node)) {
      ReplacedLeaf& before = replaced[leaf_of(node)];
      if (is_old) before = {now.tree.node(node), impl.node_since[node.value]};
    }
    if (is_old) impl.node_since[node.value] = next.context.epoch;
  }
  impl.node_since.resize(node_count(next.tree.leaf_count()), next.context.epoch);
  impl.past.push_front({std::move(now.context), std::exchange(impl.lineage, std::move(lineage)),
                        std::move(replaced), std::move(now.confirmation_tag),
                        std::move(now.secrets.sender_data_secret), std::move(now.messages)});
  now = std::move(next);
  impl.keep_within_bounds();
  return true;
}

Group::Impl::Impl(const Suite& s, ClientIdentity i, GroupConfig c, EpochState e)
    : suite(s), identity(std::move(i)), config(c), epoch(std::move(e)) {
  lineage.extensions_since = epoch.context.epoch;
  node_since.assign(node_count(epoch.tree.leaf_count()), epoch.context.epoch);
}

void Group::Impl::keep_within_bounds() {
  while (resumption_psks.size() > config.resumption_psks) resumption_psks.erase(resumption_psks.begin());
  while (past.size() > config.past_epochs) past.pop_back();
}

const LeafNode* Group::Impl::past_leaf(std::size_t index, LeafIndex leaf) const {
  for (std::size_t i = index + 1; i-- > 0;) {
    const auto at = past[i].replaced.find(leaf);
    if (at == past[i].replaced.end()) continue;
    return at->second.node == nullptr ? nullptr : &std::get<LeafNode>(*at->second.node);
  }
  return epoch.tree.leaf(leaf);
}

EpochLineage Group::Impl::lineage_of(const EpochState& next) const {
  EpochLineage out;
  const bool same = next.context.extensions == epoch.context.extensions;
  out.extensions_since = same ? lineage.extensions_since : next.context.epoch;
  for (const NodeIndex node : next.tree.difference(epoch.tree)) {
    const bool was = node.value < node_since.size() && !epoch.tree.is_blank(node);
    const bool is = node.value < node_count(next.tree.leaf_count()) && !next.tree.is_blank(node);
    if (was && !is) out.blanked.push_back(node);
  }
  return out;
}

Outcome<Group> GroupAccess::make(std::unique_ptr<Impl> impl, const Environment& env) {
  if (Status stored = impl->store(env); !stored) return reject(std::move(stored).error());
  return Group(std::move(impl));
}

Group::Group(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

Group Group::copy() const {
  auto impl =
      std::make_unique<Impl>(impl_->suite, impl_->identity.copy(), impl_->config, impl_->epoch.copy());
  for (const PastEpoch& past : impl_->past) impl->past.push_back(past.copy());
  impl->lineage = impl_->lineage;
  impl->node_since = impl_->node_since;
  impl->book = impl_->book.copy();
  for (const auto& [epoch, psk] : impl_->resumption_psks) impl->resumption_psks.emplace(epoch, psk.copy());
  impl->proposals = impl_->proposals;
  for (const auto& [public_key, key] : impl_->update_keys) impl->update_keys.emplace(public_key, key.copy());
  if (impl_->pending) {
    impl->pending = PendingCommit{GroupAccess::copy(impl_->pending->staged), impl_->pending->hash};
  }
  impl->removed = impl_->removed;
  return Group(std::move(impl));
}

Outcome<Group> Group::create(CipherSuite id, ByteView group_id, ClientIdentity identity,
                             ExtensionList extensions, GroupConfig config, const Environment& env) {
  const auto suite = Suite::of(id);
  if (!suite) return reject(suite.error());
  if (identity.signing_key.algorithm() != suite->signature_algorithm()) {
    return reject("The signature key is not of the cipher suite.");
  }
  if (group_id.size() > kMaxIdBytes) return reject("The group id is too long.");
  auto epoch = make_first_epoch(*suite, group_id, identity, std::move(extensions), env);
  if (!epoch) return reject(std::move(epoch).error());
  return GroupAccess::make(std::make_unique<Impl>(*suite, std::move(identity), config, *std::move(epoch)),
                           env);
}

CipherSuite Group::cipher_suite() const { return impl_->suite.id(); }
const GroupContext& Group::context() const { return impl_->epoch.context; }
LeafIndex Group::own_leaf() const { return impl_->epoch.keys.own(); }
bool Group::is_active() const { return !impl_->removed && !impl_->epoch.reinit; }
ByteView Group::epoch_authenticator() const { return impl_->epoch.secrets.epoch_authenticator.view(); }
const std::optional<ReInit>& Group::pending_reinit() const { return impl_->epoch.reinit; }
RatchetTreeNodes Group::ratchet_tree() const { return impl_->epoch.tree.to_nodes(); }

std::vector<Member> Group::members() const {
  std::vector<Member> out;
  impl_->epoch.tree.each_member([&](LeafIndex leaf, const LeafNode& node) {
    out.push_back({leaf, node.credential, node.signature_key});
    return true;
  });
  return out;
}

std::optional<Member> Group::member(LeafIndex leaf) const {
  const LeafNode* node = impl_->epoch.tree.leaf(leaf);
  if (node == nullptr) return std::nullopt;
  return Member{leaf, node->credential, node->signature_key};
}

Result<SecretBytes> Group::export_secret(std::string_view label, ByteView context, std::size_t size) const {
  if (size > 255 * impl_->suite.hash_size()) {
    return fail(ErrorCode::invalid_argument, "More bytes are asked of the exporter than it can give.");
  }
  return sotto::mls::export_secret(impl_->suite, impl_->epoch.secrets.exporter_secret.view(), label, context,
                                   size);
}

std::optional<SecretBytes> Group::resumption_psk(Epoch epoch) const {
  if (epoch == impl_->epoch.context.epoch) return impl_->epoch.secrets.resumption_psk.copy();
  const auto at = impl_->resumption_psks.find(epoch);
  if (at == impl_->resumption_psks.end()) return std::nullopt;
  return at->second.copy();
}

Outcome<GroupInfo> Group::group_info(bool with_tree, bool external_pub) const {
  if (!is_active()) return reject("The group is not active any more.");
  return make_group_info(impl_->suite, impl_->epoch, impl_->identity.signing_key, own_leaf(), with_tree,
                         external_pub);
}

Outcome<MlsMessage> Group::protect(ByteView data, ByteView authenticated_data, const Environment& env) {
  if (!is_active()) return reject("The group is not active any more.");
  const std::size_t limit = std::min(impl_->config.max_message_bytes, kMaxMessageBytes);
  if (data.size() > limit || authenticated_data.size() > limit - data.size()) {
    return reject(fail(ErrorCode::too_large, "The message is larger than this group takes."));
  }
  AuthenticatedContent content;
  content.content.group_id = context().group_id;
  content.content.epoch = epoch();
  content.content.sender = Sender::member(own_leaf());
  content.content.authenticated_data = to_bytes(authenticated_data);
  content.content.body = to_bytes(data);
  sign_content(impl_->suite, impl_->identity.signing_key, context(), content);
  auto keys = impl_->epoch.messages.send(own_leaf(), RatchetType::application);
  if (!keys) return reject(std::move(keys).error());
  auto sealed = protect_private(impl_->suite, impl_->epoch.secrets.sender_data_secret.view(), content, *keys,
                                Padding{impl_->config.padding}, env.random);
  if (!sealed) return reject(std::move(sealed).error());
  if (Status stored = impl_->store(env); !stored) return reject(std::move(stored).error());
  return MlsMessage{*std::move(sealed)};
}

namespace {

// Wraps signed handshake content in the wire format that was signed.
Outcome<MlsMessage> frame_handshake(GroupAccess::Impl& group, AuthenticatedContent content,
                                    const Environment& env) {
  if (content.wire_format == WireFormat::public_message) {
    return MlsMessage{protect_public(group.suite, group.epoch.secrets.membership_key.view(),
                                     group.epoch.context, std::move(content))};
  }
  auto keys = group.epoch.messages.send(group.epoch.keys.own(), RatchetType::handshake);
  if (!keys) return reject(std::move(keys).error());
  auto sealed = protect_private(group.suite, group.epoch.secrets.sender_data_secret.view(), content, *keys,
                                Padding{group.config.padding}, env.random);
  if (!sealed) return reject(std::move(sealed).error());
  return MlsMessage{*std::move(sealed)};
}

WireFormat handshake_format(const GroupConfig& config) {
  return config.encrypt_handshake ? WireFormat::private_message : WireFormat::public_message;
}

}  // namespace

Outcome<MlsMessage> Group::propose(Proposal proposal, const Environment& env) {
  return propose(std::move(proposal), nullptr, env);
}

Outcome<MlsMessage> Group::propose(Proposal proposal, crypto::DhPrivateKey* update_key,
                                   const Environment& env) {
  if (!is_active()) return reject("The group is not active any more.");
  if (impl_->proposals.size() >= impl_->config.max_pending_proposals) {
    return reject(fail(ErrorCode::rate_limited, "Too many proposals wait for a commit."));
  }
  const Sender self = Sender::member(own_leaf());
  const ListContext where{impl_->suite, impl_->config, context(), impl_->epoch.tree,
                          env,          self,          true,      ResumptionPskUsage::application};
  if (Status valid = check_proposal(where, proposal, self); !valid) return reject(std::move(valid).error());
  AuthenticatedContent content;
  content.wire_format = handshake_format(impl_->config);
  content.content.group_id = context().group_id;
  content.content.epoch = epoch();
  content.content.sender = self;
  content.content.body = std::move(proposal);
  sign_content(impl_->suite, impl_->identity.signing_key, context(), content);
  const ProposalRef ref = impl_->suite.proposal_ref(content);
  PendingProposal pending{std::get<Proposal>(content.content.body), self, epoch()};
  auto message = frame_handshake(*impl_, std::move(content), env);
  if (!message) return message;
  impl_->proposals.emplace_back(ref, std::move(pending));
  Bytes public_key;
  if (update_key != nullptr) {
    public_key = update_key->public_key();
    impl_->update_keys.emplace(public_key, std::move(*update_key));
  }
  if (Status stored = impl_->store(env); !stored) {
    impl_->proposals.pop_back();
    impl_->update_keys.erase(public_key);
    return reject(std::move(stored).error());
  }
  return message;
}

Outcome<MlsMessage> Group::propose_update(const Environment& env) {
  crypto::DhPrivateKey key = crypto::DhPrivateKey::generate(impl_->suite.dh_group(), env.random);
  LeafNode leaf = commit_leaf(impl_->identity, key.public_key());
  leaf.source = LeafNodeSource::update;
  leaf.signature = impl_->suite.sign_with_label(impl_->identity.signing_key, "LeafNodeTBS",
                                                leaf.to_be_signed(context().group_id, own_leaf()));
  return propose(Proposal{Update{std::move(leaf)}}, &key, env);
}

Proposal Group::psk_proposal(ByteView external_psk_id, const Environment& env) const {
  PreSharedKeyId id;
  id.psk_id = to_bytes(external_psk_id);
  id.psk_nonce = env.random.bytes(impl_->suite.hash_size());
  return {Psk{std::move(id)}};
}

Proposal Group::resumption_psk_proposal(Epoch epoch, const Environment& env) const {
  PreSharedKeyId id;
  id.type = PskType::resumption;
  id.psk_group_id = context().group_id;
  id.psk_epoch = epoch;
  id.psk_nonce = env.random.bytes(impl_->suite.hash_size());
  return {Psk{std::move(id)}};
}

Outcome<MadeCommit> Group::commit(const CommitOptions& options, const Environment& env) {
  if (!is_active()) return reject("The group is not active any more.");
  if (impl_->pending) {
    return reject(fail(ErrorCode::conflict,
                       "A commit of this member's is pending: it must be merged or discarded first."));
  }
  CommitBuild build{
      *impl_, {}, {}, options.force_path, options.tree_in_welcome, ResumptionPskUsage::application};
  std::vector<std::pair<ProposalRef, PendingProposal>> chosen;
  if (options.only) {
    for (const ProposalRef& ref : *options.only) {
      const auto at =
          std::ranges::find(impl_->proposals, ref, [](const auto& pending) { return pending.first; });
      if (at == impl_->proposals.end()) return reject("A proposal to be committed is not known.");
      chosen.push_back(*at);
    }
  } else if (options.include_pending) {
    const ListContext where{impl_->suite, impl_->config,
                            context(),    impl_->epoch.tree,
                            env,          Sender::member(own_leaf()),
                            true,         ResumptionPskUsage::application};
    chosen = impl_->proposals;
    // A key that this member does not have would stop its commit.
    std::erase_if(chosen, [&](const auto& entry) {
      const auto* psk = entry.second.proposal.template get<Psk>();
      return psk != nullptr && !find_psks(impl_.get(), {psk->psk}, env);
    });
    drop_conflicting(where, chosen);
  }
  for (auto& [ref, pending] : chosen) {
    build.entries.push_back({std::move(ref)});
    build.proposals.push_back(listed_in(epoch(), std::move(pending)));
  }
  for (const Proposal& proposal : options.by_value) {
    build.entries.push_back({proposal});
    build.proposals.push_back({proposal, Sender::member(own_leaf())});
  }
  auto built = build_commit(std::move(build), handshake_format(impl_->config), env);
  if (!built) return reject(std::move(built).error());
  auto message = frame_handshake(*impl_, std::move(built->content), env);
  if (!message) return std::move(message).refusal();
  MadeCommit made{*std::move(message), {}};
  if (built->welcome) made.welcome = MlsMessage{*std::move(built->welcome)};
  impl_->pending = PendingCommit{std::move(built->staged), impl_->suite.hash(made.commit.encode())};
  if (Status stored = impl_->store(env); !stored) {
    impl_->pending.reset();
    return reject(std::move(stored).error());
  }
  return made;
}

bool Group::has_pending_commit() const { return impl_->pending.has_value(); }
const StagedCommit* Group::pending_commit() const {
  return impl_->pending ? &impl_->pending->staged : nullptr;
}
void Group::discard_pending_commit() { impl_->pending.reset(); }
std::vector<ReceivedProposal> Group::proposals() const {
  std::vector<ReceivedProposal> out;
  for (const auto& [ref, pending] : impl_->proposals) out.push_back({ref, pending.proposal, pending.sender});
  return out;
}
void Group::forget_proposals() {
  impl_->proposals.clear();
  impl_->update_keys.clear();
}

void Group::forget_past_epochs(std::size_t keep) {
  while (impl_->past.size() > keep) impl_->past.pop_back();
}

Outcome<Unit> Group::merge_pending_commit() {
  if (!impl_->pending) return reject("There is no pending commit.");
  StagedCommit staged = std::move(impl_->pending->staged);
  impl_->pending.reset();
  return merge(std::move(staged));
}

Outcome<Unit> Group::merge(StagedCommit staged) {
  if (!GroupAccess::merge(*impl_, std::move(staged))) return ignore("The commit belongs to another epoch.");
  return Unit{};
}

}  // namespace sotto::mls
