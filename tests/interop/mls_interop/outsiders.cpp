// Proposals from outside the group: a client that asks to be added, and external senders.
#include <algorithm>

#include "translation.hpp"

namespace sotto::mls::interop {
namespace {

// Section 8.4: as long as the suite's KDF.Nh, which is SHA-256's in all suites that there are here.
constexpr std::size_t kPskNonceBytes = 32;

// Whose leaf to remove, as told by the tree beside or inside the GroupInfo. An external sender that relied on
// it would have to check the GroupInfo's signature; members check the proposal in any case.
Result<std::vector<Member>> members_of(const GroupInfo& info, std::optional<RatchetTreeNodes> tree) {
  if (!tree) {
    const Extension* inside = find_extension(info.extensions, ExtensionType::ratchet_tree);
    if (inside == nullptr) return fail(ErrorCode::invalid_argument, "ratchet_tree: there is none");
    SOTTO_TRY(read, tree_of(inside->data));
    tree = std::move(read);
  }
  std::vector<Member> out;
  if (!tree) return out;
  for (std::uint32_t i = 0; i < tree->nodes.size(); i += 2) {
    const auto& node = tree->nodes[i];
    const LeafNode* leaf = node ? std::get_if<LeafNode>(&*node) : nullptr;
    if (leaf != nullptr) out.push_back({LeafIndex{i / 2}, leaf->credential, leaf->signature_key});
  }
  return out;
}

Result<Proposal> external_proposal_of(const ProposalDescription& description, const GroupInfo& info,
                                      std::optional<RatchetTreeNodes> tree, Random& random) {
  const std::string& type = description.type;
  if (type == "add") return add_of(description.key_package);
  if (type == "remove") {
    SOTTO_TRY(members, members_of(info, std::move(tree)));
    return remove_of(members, description.removed_id);
  }
  if (type == "externalPSK" || type == "resumptionPSK") {
    PreSharedKeyId id;
    id.psk_nonce = random.bytes(kPskNonceBytes);
    if (type == "externalPSK") {
      id.psk_id = description.psk_id;
    } else {
      id.type = PskType::resumption;
      id.psk_group_id = info.group_context.group_id;
      id.psk_epoch = description.epoch_id;
    }
    return Proposal{Psk{std::move(id)}};
  }
  if (type == "groupContextExtensions") return Proposal{GroupContextExtensions{description.extensions}};
  if (type == "reinit")
    return reinit_of(description.group_id, description.cipher_suite, description.extensions);
  return fail(ErrorCode::invalid_argument, "proposal_type: there is no such type");
}

}  // namespace

Result<Json> InteropClient::new_member_add_proposal(Fields& in) {
  const Bytes info_bytes = in.bytes("group_info");
  const Bytes identity = in.bytes("identity");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(info, message_of<GroupInfo>(info_bytes, "group_info"));
  SOTTO_TRY(own, new_key_package(info.group_context.cipher_suite, identity));
  SOTTO_TRY(proposal, propose_own_add(info.group_context, own));
  return key_package_answer(std::move(own), "proposal", proposal);
}

Result<Json> InteropClient::create_external_signer(Fields& in) {
  const auto suite = static_cast<CipherSuite>(in.u16("cipher_suite"));
  const Bytes identity = in.bytes("identity");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(own, make_identity(suite, identity));
  const ExternalSender sender{own.signing_key.public_key(), own.credential};
  SOTTO_TRY(id, new_id());
  signers_.emplace(id, ExternalSigner{suite, std::move(own.signing_key)});
  return Json{{"signer_id", id}, {"external_sender", to_base64(wire::encode(sender))}};
}

Result<Json> InteropClient::add_external_signer(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const Bytes sender_bytes = in.bytes("external_sender");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(sender, wire::decode<ExternalSender>(sender_bytes));
  ExtensionList extensions = at->group.context().extensions;
  std::vector<ExternalSender> senders;
  if (const Extension* present = find_extension(extensions, ExtensionType::external_senders)) {
    SOTTO_TRY(before, external_senders_from(*present));
    senders = std::move(before);
    std::erase_if(extensions,
                  [](const Extension& one) { return one.type == ExtensionType::external_senders; });
  }
  senders.push_back(std::move(sender));
  extensions.push_back(to_extension(senders));
  return propose(*at, Proposal{GroupContextExtensions{std::move(extensions)}});
}

Result<Json> InteropClient::external_signer_proposal(Fields& in) {
  const auto signer = signers_.find(in.u32("signer_id"));
  const std::uint32_t index = in.u32("signer_index");
  const Bytes info_bytes = in.bytes("group_info");
  const Bytes tree_bytes = in.bytes("ratchet_tree");
  const ProposalDescription description = in.object("description", read_description);
  SOTTO_CHECK(in.finish());
  if (signer == signers_.end()) return fail(ErrorCode::not_found, "signer_id: there is no such signer");
  SOTTO_TRY(info, message_of<GroupInfo>(info_bytes, "group_info"));
  if (info.group_context.cipher_suite != signer->second.suite) {
    return fail(ErrorCode::invalid_argument, "signer_id: the signer is of another cipher suite");
  }
  SOTTO_TRY(tree, tree_of(tree_bytes));
  SOTTO_TRY(proposal, external_proposal_of(description, info, std::move(tree), random_));
  SOTTO_TRY(message, propose_externally(info.group_context, index, signer->second.key, std::move(proposal)));
  return Json{{"proposal", to_base64(message.encode())}};
}

}  // namespace sotto::mls::interop
