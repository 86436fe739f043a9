#include "translation.hpp"

#include <algorithm>

namespace sotto::mls::interop {

Result<std::optional<RatchetTreeNodes>> tree_of(ByteView bytes) {
  if (bytes.empty()) return std::optional<RatchetTreeNodes>{};
  auto nodes = wire::decode<RatchetTreeNodes>(bytes);
  if (!nodes) return std::move(nodes).error().with("ratchet_tree");
  return std::optional<RatchetTreeNodes>{*std::move(nodes)};
}

ExtensionList read_extension_list(Fields& in, const char* name) {
  return in.object_list(name, [](Fields& one) {
    return Extension{static_cast<ExtensionType>(one.u16("extension_type")), one.bytes("extension_data")};
  });
}

ProposalDescription read_description(Fields& in) {
  ProposalDescription out;
  out.type = to_string(ByteView(in.bytes("proposal_type")));
  out.key_package = in.bytes("key_package");
  out.removed_id = in.bytes("removed_id");
  out.psk_id = in.bytes("psk_id");
  out.epoch_id = in.u64("epoch_id");
  out.extensions = read_extension_list(in, "extensions");
  out.group_id = in.bytes("group_id");
  out.cipher_suite = static_cast<CipherSuite>(in.u16("cipher_suite"));
  return out;
}

Result<Proposal> add_of(ByteView key_package) {
  SOTTO_TRY(package, message_of<KeyPackage>(key_package, "key_package"));
  return Proposal{Add{std::move(package)}};
}

Result<Proposal> remove_of(const std::vector<Member>& members, ByteView identity) {
  const auto at = std::ranges::find_if(
      members, [&](const Member& member) { return equal(member.credential.identity, identity); });
  if (at == members.end())
    return fail(ErrorCode::not_found, "removed_id: nobody in the group has this identity");
  return Proposal{Remove{at->leaf}};
}

Result<Proposal> reinit_of(Bytes group_id, CipherSuite suite, ExtensionList extensions) {
  return Proposal{ReInit{std::move(group_id), ProtocolVersion::mls10, suite, std::move(extensions)}};
}

Result<Proposal> proposal_of(const ProposalDescription& description, const Group& group,
                             const Environment& env) {
  const std::string& type = description.type;
  if (type == "add") return add_of(description.key_package);
  if (type == "remove") return remove_of(group.members(), description.removed_id);
  if (type == "externalPSK") return group.psk_proposal(description.psk_id, env);
  if (type == "resumptionPSK") return group.resumption_psk_proposal(description.epoch_id, env);
  if (type == "groupContextExtensions") return Proposal{GroupContextExtensions{description.extensions}};
  if (type == "reinit")
    return reinit_of(description.group_id, description.cipher_suite, description.extensions);
  return fail(ErrorCode::invalid_argument, "proposal_type: there is no such type");
}

}  // namespace sotto::mls::interop
