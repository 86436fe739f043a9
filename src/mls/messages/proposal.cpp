#include "sotto/mls_messages/proposal.hpp"

namespace sotto::mls {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

constexpr std::uint8_t kByValue = 1;
constexpr std::uint8_t kByReference = 2;

}  // namespace

void PreSharedKeyId::write(wire::Writer& out) const {
  write_enum(out, type);
  if (type == PskType::external) {
    out.opaque(psk_id);
  } else {
    write_enum(out, usage);
    out.opaque(psk_group_id);
    out.u64(psk_epoch);
  }
  out.opaque(psk_nonce);
}

PreSharedKeyId PreSharedKeyId::read(wire::Reader& in) {
  PreSharedKeyId id;
  id.type = read_enum<PskType>(in);
  switch (id.type) {
    case PskType::external: id.psk_id = to_bytes(in.opaque(kMaxIdBytes)); break;
    case PskType::resumption:
      id.usage = read_enum<ResumptionPskUsage>(in);
      if (id.usage < ResumptionPskUsage::application || id.usage > ResumptionPskUsage::branch) {
        in.fail("the usage of a resumption PSK is unknown");
      }
      id.psk_group_id = to_bytes(in.opaque(kMaxIdBytes));
      id.psk_epoch = in.u64();
      break;
    default: in.fail("the type of a PSK is unknown");
  }
  id.psk_nonce = to_bytes(in.opaque(kMaxKeyBytes));
  return id;
}

bool PreSharedKeyId::names_same_key(const PreSharedKeyId& other) const {
  return type == other.type && psk_id == other.psk_id && usage == other.usage &&
         psk_group_id == other.psk_group_id && psk_epoch == other.psk_epoch;
}

ProposalType Proposal::type() const {
  return std::visit(Overloaded{
                        [](const Add&) { return ProposalType::add; },
                        [](const Update&) { return ProposalType::update; },
                        [](const Remove&) { return ProposalType::remove; },
                        [](const Psk&) { return ProposalType::psk; },
                        [](const ReInit&) { return ProposalType::reinit; },
                        [](const ExternalInit&) { return ProposalType::external_init; },
                        [](const GroupContextExtensions&) { return ProposalType::group_context_extensions; },
                        [](const CustomProposal& custom) { return custom.type; },
                    },
                    body);
}

void Proposal::write(wire::Writer& out) const {
  write_enum(out, type());
  std::visit(Overloaded{
                 [&](const Add& add) { add.key_package.write(out); },
                 [&](const Update& update) { update.leaf_node.write(out); },
                 [&](const Remove& remove) { out.u32(remove.removed.value); },
                 [&](const Psk& psk) { psk.psk.write(out); },
                 [&](const ReInit& reinit) {
                   out.opaque(reinit.group_id);
                   write_enum(out, reinit.version);
                   write_enum(out, reinit.cipher_suite);
                   write_extensions(out, reinit.extensions);
                 },
                 [&](const ExternalInit& init) { out.opaque(init.kem_output); },
                 [&](const GroupContextExtensions& change) { write_extensions(out, change.extensions); },
                 [&](const CustomProposal& custom) { out.opaque(custom.data); },
             },
             body);
}

Proposal Proposal::read(wire::Reader& in) {
  const auto type = read_enum<ProposalType>(in);
  switch (type) {
    case ProposalType::add: return {Add{KeyPackage::read(in)}};
    case ProposalType::update: return {Update{LeafNode::read(in)}};
    case ProposalType::remove: return {Remove{LeafIndex{in.u32()}}};
    case ProposalType::psk: return {Psk{PreSharedKeyId::read(in)}};
    case ProposalType::reinit: {
      ReInit reinit;
      reinit.group_id = to_bytes(in.opaque(kMaxIdBytes));
      reinit.version = read_enum<ProtocolVersion>(in);
      reinit.cipher_suite = read_enum<CipherSuite>(in);
      reinit.extensions = read_extensions(in);
      return {std::move(reinit)};
    }
    case ProposalType::external_init: return {ExternalInit{to_bytes(in.opaque(kMaxKeyBytes))}};
    case ProposalType::group_context_extensions: return {GroupContextExtensions{read_extensions(in)}};
    default:
      if (type == ProposalType{0}) in.fail("the proposal type 0 is reserved");
      return {CustomProposal{type, to_bytes(in.opaque(kMaxFieldBytes))}};
  }
}

void ProposalOrRef::write(wire::Writer& out) const {
  if (const auto* proposal = std::get_if<Proposal>(&body)) {
    out.u8(kByValue);
    proposal->write(out);
  } else {
    out.u8(kByReference);
    out.opaque(std::get<ProposalRef>(body));
  }
}

ProposalOrRef ProposalOrRef::read(wire::Reader& in) {
  switch (in.u8()) {
    case kByValue: return {Proposal::read(in)};
    case kByReference: return {to_bytes(in.opaque(kMaxKeyBytes))};
    default: in.fail("neither a proposal nor a reference to one"); return {ProposalRef{}};
  }
}

void UpdatePathNode::write(wire::Writer& out) const {
  out.opaque(encryption_key);
  out.list(encrypted_path_secrets, [](wire::Writer& w, const HpkeCiphertext& sealed) { sealed.write(w); });
}

UpdatePathNode UpdatePathNode::read(wire::Reader& in) {
  UpdatePathNode node;
  node.encryption_key = to_bytes(in.opaque(kMaxKeyBytes));
  node.encrypted_path_secrets =
      in.list(kMaxMessageBytes, kMaxMembers, [](wire::Reader& r) { return HpkeCiphertext::read(r); });
  return node;
}

void UpdatePath::write(wire::Writer& out) const {
  leaf_node.write(out);
  out.list(nodes, [](wire::Writer& w, const UpdatePathNode& node) { node.write(w); });
}

UpdatePath UpdatePath::read(wire::Reader& in) {
  constexpr std::size_t kMaxDepth = 32;  // a tree of 2^32 leaves
  UpdatePath path;
  path.leaf_node = LeafNode::read(in);
  path.nodes = in.list(kMaxMessageBytes, kMaxDepth, [](wire::Reader& r) { return UpdatePathNode::read(r); });
  return path;
}

void Commit::write(wire::Writer& out) const {
  out.list(proposals, [](wire::Writer& w, const ProposalOrRef& proposal) { proposal.write(w); });
  out.optional(path, [](wire::Writer& w, const UpdatePath& update) { update.write(w); });
}

Commit Commit::read(wire::Reader& in) {
  Commit commit;
  commit.proposals =
      in.list(kMaxMessageBytes, kMaxMembers, [](wire::Reader& r) { return ProposalOrRef::read(r); });
  commit.path = in.optional([](wire::Reader& r) { return UpdatePath::read(r); });
  return commit;
}

}  // namespace sotto::mls
