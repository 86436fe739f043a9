#include "state_records.hpp"

namespace sotto::mls {
namespace {

constexpr std::uint8_t kVersion = 1;  // of the records' layout

SecretBytes read_secret(wire::Reader& in) { return SecretBytes(in.opaque(kMaxKeyBytes)); }

void write_reinit(wire::Writer& out, const std::optional<ReInit>& reinit) {
  out.optional(reinit, [](wire::Writer& w, const ReInit& value) { Proposal{value}.write(w); });
}

std::optional<ReInit> read_reinit(wire::Reader& in) {
  const auto proposal = in.optional([](wire::Reader& r) { return Proposal::read(r); });
  if (!proposal) return std::nullopt;
  if (const auto* reinit = proposal->get<ReInit>()) return *reinit;
  in.fail("a re-initialisation was expected");
  return std::nullopt;
}

void write_epochs(wire::Writer& out, const std::vector<Epoch>& epochs) {
  out.list(epochs, [](wire::Writer& w, Epoch epoch) { w.u64(epoch); });
}

std::vector<Epoch> read_epochs(wire::Reader& in) {
  return in.list(kMaxFieldBytes, kMaxFieldBytes, [](wire::Reader& r) -> Epoch { return r.u64(); });
}

}  // namespace

Bytes RecordKey::encode() const {
  wire::Writer out(24);
  out.u8(static_cast<std::uint8_t>(kind));
  switch (kind) {
    case RecordKind::head:
    case RecordKind::identity:
    case RecordKind::pending_commit: break;
    case RecordKind::epoch:
    case RecordKind::sender_data:
    case RecordKind::extensions:
    case RecordKind::secrets:
    case RecordKind::resumption: out.u64(epoch); break;
    case RecordKind::node:
    case RecordKind::tree_secret:
    case RecordKind::proposal:
      out.u64(epoch);
      out.u32(index);
      break;
    case RecordKind::ratchet:
    case RecordKind::skipped_key:
      out.u64(epoch);
      out.u32(index);
      out.u8(static_cast<std::uint8_t>(type));
      if (kind == RecordKind::skipped_key) out.u32(generation);
      break;
    case RecordKind::update_key:
      out.u64(epoch);
      out.fixed(public_key);
      break;
  }
  return std::move(out).take();
}

Result<RecordKey> RecordKey::decode(ByteView key) {
  if (key.size() > kMaxStateKeyBytes)
    return fail(ErrorCode::too_large, "The key of a group record is too long.");
  wire::Reader in(key);
  RecordKey out;
  out.kind = static_cast<RecordKind>(in.u8());
  switch (out.kind) {
    case RecordKind::head:
    case RecordKind::identity:
    case RecordKind::pending_commit: break;
    case RecordKind::epoch:
    case RecordKind::sender_data:
    case RecordKind::extensions:
    case RecordKind::secrets:
    case RecordKind::resumption: out.epoch = in.u64(); break;
    case RecordKind::node:
    case RecordKind::tree_secret:
    case RecordKind::proposal:
      out.epoch = in.u64();
      out.index = in.u32();
      break;
    case RecordKind::ratchet:
    case RecordKind::skipped_key: {
      out.epoch = in.u64();
      out.index = in.u32();
      const std::uint8_t type = in.u8();
      if (type > 1) in.fail("the type of a ratchet is unknown");
      out.type = static_cast<RatchetType>(type);
      if (out.kind == RecordKind::skipped_key) out.generation = in.u32();
      break;
    }
    case RecordKind::update_key:
      out.epoch = in.u64();
      out.public_key = to_bytes(in.rest());
      break;
    default: in.fail("the kind of a group record is unknown");
  }
  if (Status done = in.finish(); !done)
    return std::move(done).error().with("reading the key of a group record");
  return out;
}

HeadRecord HeadRecord::of(const GroupAccess::Impl& group) {
  HeadRecord head;
  head.suite = group.suite.id();
  head.own = group.epoch.keys.own();
  head.epoch = group.epoch.context.epoch;
  head.removed = group.removed;
  for (const PastEpoch& past : group.past) head.past.push_back(past.context.epoch);
  for (const auto& [epoch, psk] : group.resumption_psks) head.resumption_psks.push_back(epoch);
  return head;
}

void HeadRecord::write(wire::Writer& out) const {
  out.u8(kVersion);
  write_enum(out, suite);
  out.u32(own.value);
  out.u64(epoch);
  out.presence(removed);
  write_epochs(out, past);
  write_epochs(out, resumption_psks);
}

HeadRecord HeadRecord::read(wire::Reader& in) {
  HeadRecord head;
  if (in.u8() != kVersion) in.fail("the group was stored by another version of this program");
  head.suite = read_enum<CipherSuite>(in);
  head.own.value = in.u32();
  head.epoch = in.u64();
  head.removed = in.presence();
  head.past = read_epochs(in);
  head.resumption_psks = read_epochs(in);
  Epoch newer = head.epoch;
  for (const Epoch epoch : head.past) {
    // Without gaps: each epoch's leaves are told from those of the one after it.
    if (newer == 0 || epoch != newer - 1) in.fail("the past epochs of a group do not follow each other");
    newer = epoch;
  }
  for (std::size_t i = 0; i < head.resumption_psks.size(); ++i) {
    const Epoch next = i + 1 < head.resumption_psks.size() ? head.resumption_psks[i + 1] : head.epoch;
    if (head.resumption_psks[i] >= next) in.fail("the resumption keys of a group are out of order");
  }
  return head;
}

void EpochRecord::write(wire::Writer& out) const {
  GroupContext bare = context;
  bare.extensions.clear();
  bare.write(out);
  out.u64(lineage.extensions_since);
  out.list(lineage.blanked, [](wire::Writer& w, NodeIndex node) { w.u32(node.value); });
  out.opaque(confirmation_tag);
  out.u32(leaf_count);
}

EpochRecord EpochRecord::read(wire::Reader& in) {
  EpochRecord record;
  record.context = GroupContext::read(in);
  record.lineage.extensions_since = in.u64();
  record.lineage.blanked =
      in.list(kMaxFieldBytes, 2 * kMaxMembers, [](wire::Reader& r) { return NodeIndex{r.u32()}; });
  record.confirmation_tag = to_bytes(in.opaque(kMaxKeyBytes));
  record.leaf_count = in.u32();
  if (!std::has_single_bit(record.leaf_count) || record.leaf_count > kMaxMembers) {
    in.fail("the size of a group's tree is impossible");
  }
  return record;
}

SecretBytes SecretsRecord::encode(const EpochState& epoch) {
  wire::Writer out = wire::Writer::secret(1024);
  const EpochSecrets& secrets = epoch.secrets;
  for (const SecretBytes* value :
       {&secrets.exporter_secret, &secrets.external_secret, &secrets.confirmation_key,
        &secrets.membership_key, &secrets.epoch_authenticator, &secrets.init_secret}) {
    out.opaque(value->view());
  }
  out.opaque(epoch.interim_transcript_hash);
  write_reinit(out, epoch.reinit);
  out.list(epoch.keys.all(), [](wire::Writer& w, const auto& entry) {
    w.u32(entry.first.value);
    w.opaque(entry.second->bytes().view());
  });
  return std::move(out).take_secret();
}

SecretsRecord SecretsRecord::read(wire::Reader& in) {
  SecretsRecord record;
  EpochSecrets& secrets = record.secrets;
  for (SecretBytes* value : {&secrets.exporter_secret, &secrets.external_secret, &secrets.confirmation_key,
                             &secrets.membership_key, &secrets.epoch_authenticator, &secrets.init_secret}) {
    *value = read_secret(in);
  }
  record.interim_transcript_hash = to_bytes(in.opaque(kMaxKeyBytes));
  record.reinit = read_reinit(in);
  in.vector(kMaxFieldBytes, [&](wire::Reader& r) {
    while (!r.at_end()) {
      if (record.keys.size() == 64) return r.fail("a member has more private keys than a path has nodes");
      const NodeIndex node{r.u32()};
      record.keys.emplace_back(node, read_secret(r));
    }
  });
  return record;
}

SecretBytes RatchetRecord::encode(const SecretTree::Ratchet& ratchet) {
  wire::Writer out = wire::Writer::secret(64);
  out.u32(ratchet.next);
  out.opaque(ratchet.secret.view());
  return std::move(out).take_secret();
}

RatchetRecord RatchetRecord::read(wire::Reader& in) {
  RatchetRecord record;
  record.next = in.u32();
  record.secret = read_secret(in);
  return record;
}

SecretBytes PendingRecord::encode(const PendingCommit& pending, Epoch epoch) {
  wire::Writer out = wire::Writer::secret(1024);
  const CommitSummary& summary = pending.staged.summary();
  out.u64(epoch);
  out.opaque(pending.hash);
  summary.committer.write(out);
  // Not a vector: the list may be longer than a length of the wire format can say.
  out.u32(static_cast<std::uint32_t>(summary.changes.size()));
  for (const CommitSummary::Change& change : summary.changes) {
    change.proposal.write(out);
    change.proposer.write(out);
    out.u32(change.leaf.value);
    out.optional(change.credential, [](wire::Writer& w, const Credential& value) { value.write(w); });
  }
  write_reinit(out, summary.reinit);
  return std::move(out).take_secret();
}

PendingRecord PendingRecord::read(wire::Reader& in) {
  PendingRecord record;
  record.epoch = in.u64();
  record.summary.epoch = record.epoch;
  record.hash = to_bytes(in.opaque(kMaxKeyBytes));
  record.summary.committer = Sender::read(in);
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    CommitSummary::Change change;
    change.proposal = Proposal::read(in);
    change.proposer = Sender::read(in);
    change.leaf.value = in.u32();
    change.credential = in.optional([](wire::Reader& r) { return Credential::read(r); });
    record.summary.changes.push_back(std::move(change));
  }
  record.summary.reinit = read_reinit(in);
  return record;
}

SecretBytes encode_identity(const ClientIdentity& identity) {
  wire::Writer out = wire::Writer::secret(512);
  identity.credential.write(out);
  write_enum(out, identity.signing_key.algorithm());
  out.opaque(identity.signing_key.private_key().view());
  identity.capabilities.write(out);
  write_extensions(out, identity.leaf_extensions);
  return std::move(out).take_secret();
}

Result<ClientIdentity> decode_identity(ByteView record) {
  wire::Reader in(record);
  Credential credential = Credential::read(in);
  const auto algorithm = read_enum<crypto::SignatureAlgorithm>(in);
  if (algorithm != crypto::SignatureAlgorithm::ed25519 &&
      algorithm != crypto::SignatureAlgorithm::ecdsa_p256_sha256) {
    in.fail("the signature algorithm is unknown");
  }
  const SecretBytes key = read_secret(in);
  Capabilities capabilities = Capabilities::read(in);
  ExtensionList extensions = read_extensions(in);
  if (Status done = in.finish(); !done) return std::move(done).error();
  auto signing_key = crypto::SigningKey::from_private(algorithm, key.view());
  if (!signing_key) return std::move(signing_key).error();
  return ClientIdentity{std::move(credential), *std::move(signing_key), std::move(capabilities),
                        std::move(extensions)};
}

SecretBytes encode_keys(const MessageKeys& keys) {
  wire::Writer out = wire::Writer::secret(64);
  out.opaque(keys.key.view());
  out.opaque(keys.nonce.view());
  return std::move(out).take_secret();
}

MessageKeys read_keys(wire::Reader& in) {
  MessageKeys keys;
  keys.key = read_secret(in);
  keys.nonce = read_secret(in);
  return keys;
}

SecretBytes encode_proposal(const ProposalRef& ref, const PendingProposal& pending) {
  wire::Writer out = wire::Writer::secret(512);
  out.opaque(ref);
  pending.sender.write(out);
  pending.proposal.write(out);
  return std::move(out).take_secret();
}

std::pair<ProposalRef, PendingProposal> read_proposal(wire::Reader& in) {
  ProposalRef ref = to_bytes(in.opaque(kMaxKeyBytes));
  const Sender sender = Sender::read(in);
  return {std::move(ref), PendingProposal{Proposal::read(in), sender, {}}};
}

}  // namespace sotto::mls
