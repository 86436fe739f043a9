#include "support/mls_insider/fingerprint.hpp"

namespace sotto::mls::insider {
namespace {

void put(wire::Writer& out, const SecretBytes& secret) { out.opaque(secret.view()); }

void put(wire::Writer& out, const SecretTree& tree) {
  out.u32(tree.leaf_count());
  for (const auto& [node, secret] : tree.nodes()) {
    out.u32(node.value);
    put(out, secret);
  }
  for (const auto& [id, ratchet] : tree.ratchets()) {
    out.u32(id.leaf.value);
    write_enum(out, id.type);
    out.u32(ratchet.next);
    put(out, ratchet.secret);
    for (const auto& [generation, keys] : ratchet.skipped) {
      out.u32(generation);
      put(out, keys.key);
      put(out, keys.nonce);
    }
  }
}

void put(wire::Writer& out, const EpochState& epoch) {
  epoch.context.write(out);
  epoch.tree.to_nodes().write(out);
  out.u32(epoch.keys.own().value);
  for (const auto& [node, key] : epoch.keys.all()) {
    out.u32(node.value);
    put(out, key->bytes());
  }
  const EpochSecrets& secrets = epoch.secrets;
  for (const SecretBytes* secret :
       {&secrets.joiner_secret, &secrets.welcome_secret, &secrets.sender_data_secret,
        &secrets.encryption_secret, &secrets.exporter_secret, &secrets.external_secret,
        &secrets.confirmation_key, &secrets.membership_key, &secrets.resumption_psk,
        &secrets.epoch_authenticator, &secrets.init_secret}) {
    put(out, *secret);
  }
  put(out, epoch.messages);
  out.opaque(epoch.confirmation_tag);
  out.opaque(epoch.interim_transcript_hash);
  out.presence(epoch.reinit.has_value());
  if (epoch.reinit) Proposal{*epoch.reinit}.write(out);
}

}  // namespace

Bytes fingerprint(const Group& group) {
  const GroupAccess::Impl& impl = GroupAccess::impl(group);
  wire::Writer out(4096);
  put(out, impl.epoch);
  for (const PastEpoch& past : impl.past) {
    past.context.write(out);
    out.opaque(past.confirmation_tag);
    for (const auto& [leaf, before] : past.replaced) {
      out.u32(leaf.value);
      out.presence(before.node != nullptr);
      if (before.node != nullptr) std::get<LeafNode>(*before.node).write(out);
    }
    put(out, past.sender_data_secret);
    put(out, past.messages);
  }
  for (const auto& [epoch, psk] : impl.resumption_psks) {
    out.u64(epoch);
    put(out, psk);
  }
  for (const auto& [ref, pending] : impl.proposals) {
    out.opaque(ref);
    pending.proposal.write(out);
    pending.sender.write(out);
  }
  for (const auto& [public_key, key] : impl.update_keys) {
    out.opaque(public_key);
    put(out, key.bytes());
  }
  out.presence(impl.pending.has_value());
  if (impl.pending) {
    out.opaque(impl.pending->hash);
    if (const EpochState* next = GroupAccess::next(impl.pending->staged)) put(out, *next);
  }
  out.presence(impl.removed);
  // And what a database would hold of it.
  RecordBook nothing_stored;
  for (const StateChange& change : state_changes(impl, nothing_stored).list) {
    out.opaque(change.key);
    if (change.value) put(out, *change.value);
  }
  return std::move(out).take();
}

KeyCount count_keys(const SecretTree& tree) {
  KeyCount count;
  count.nodes = tree.nodes().size();
  count.ratchets = tree.ratchets().size();
  for (const auto& [id, ratchet] : tree.ratchets()) count.skipped += ratchet.skipped.size();
  return count;
}

}  // namespace sotto::mls::insider
