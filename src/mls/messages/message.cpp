#include "sotto/mls_messages/message.hpp"

namespace sotto::mls {
namespace {

constexpr std::uint8_t kLeafNode = 1;
constexpr std::uint8_t kParentNode = 2;

}  // namespace

void GroupInfo::write_unsigned(wire::Writer& out) const {
  group_context.write(out);
  write_extensions(out, extensions);
  out.opaque(confirmation_tag);
  out.u32(signer.value);
}

void GroupInfo::write(wire::Writer& out) const {
  write_unsigned(out);
  out.opaque(signature);
}

GroupInfo GroupInfo::read(wire::Reader& in) {
  GroupInfo info;
  info.group_context = GroupContext::read(in);
  info.extensions = read_extensions(in, kMaxMessageBytes);  // may hold the whole tree
  info.confirmation_tag = to_bytes(in.opaque(kMaxKeyBytes));
  info.signer.value = in.u32();
  info.signature = to_bytes(in.opaque(kMaxKeyBytes));
  return info;
}

Bytes GroupInfo::to_be_signed() const {
  wire::Writer out(1024);
  write_unsigned(out);
  return std::move(out).take();
}

void GroupSecrets::write(wire::Writer& out) const {
  out.opaque(joiner_secret.view());
  out.presence(path_secret.has_value());
  // PathSecret is a struct of one opaque vector.
  if (path_secret) out.opaque(path_secret->view());
  out.list(psks, [](wire::Writer& w, const PreSharedKeyId& id) { id.write(w); });
}

GroupSecrets GroupSecrets::read(wire::Reader& in) {
  GroupSecrets secrets;
  secrets.joiner_secret = SecretBytes(in.opaque(kMaxKeyBytes));
  if (in.presence()) secrets.path_secret = SecretBytes(in.opaque(kMaxKeyBytes));
  secrets.psks =
      in.list(kMaxFieldBytes, kMaxListEntries, [](wire::Reader& r) { return PreSharedKeyId::read(r); });
  return secrets;
}

void EncryptedGroupSecrets::write(wire::Writer& out) const {
  out.opaque(new_member);
  encrypted_group_secrets.write(out);
}

EncryptedGroupSecrets EncryptedGroupSecrets::read(wire::Reader& in) {
  EncryptedGroupSecrets sealed;
  sealed.new_member = to_bytes(in.opaque(kMaxKeyBytes));
  sealed.encrypted_group_secrets = HpkeCiphertext::read(in);
  return sealed;
}

void Welcome::write(wire::Writer& out) const {
  write_enum(out, cipher_suite);
  out.list(secrets, [](wire::Writer& w, const EncryptedGroupSecrets& sealed) { sealed.write(w); });
  out.opaque(encrypted_group_info);
}

Welcome Welcome::read(wire::Reader& in) {
  Welcome welcome;
  welcome.cipher_suite = read_enum<CipherSuite>(in);
  welcome.secrets =
      in.list(kMaxMessageBytes, kMaxMembers, [](wire::Reader& r) { return EncryptedGroupSecrets::read(r); });
  welcome.encrypted_group_info = to_bytes(in.opaque(kMaxMessageBytes));
  return welcome;
}

void RatchetTreeNodes::write(wire::Writer& out) const {
  out.list(nodes, [](wire::Writer& w, const std::optional<TreeNode>& node) {
    w.presence(node.has_value());
    if (!node) return;
    if (const auto* leaf = std::get_if<LeafNode>(&*node)) {
      w.u8(kLeafNode);
      leaf->write(w);
    } else {
      w.u8(kParentNode);
      std::get<ParentNode>(*node).write(w);
    }
  });
}

RatchetTreeNodes RatchetTreeNodes::read(wire::Reader& in) {
  RatchetTreeNodes tree;
  tree.nodes = in.list(kMaxMessageBytes, 2 * kMaxMembers - 1, [](wire::Reader& r) -> std::optional<TreeNode> {
    if (!r.presence()) return std::nullopt;
    switch (r.u8()) {
      case kLeafNode: return LeafNode::read(r);
      case kParentNode: return ParentNode::read(r);
      default: r.fail("the type of a node is unknown"); return std::nullopt;
    }
  });
  return tree;
}

WireFormat MlsMessage::wire_format() const {
  constexpr std::array kFormats{WireFormat::public_message, WireFormat::private_message, WireFormat::welcome,
                                WireFormat::group_info, WireFormat::key_package};
  return kFormats.at(body.index());
}

void MlsMessage::write(wire::Writer& out) const {
  write_enum(out, ProtocolVersion::mls10);
  write_enum(out, wire_format());
  std::visit([&](const auto& message) { message.write(out); }, body);
}

MlsMessage MlsMessage::read(wire::Reader& in) {
  if (read_enum<ProtocolVersion>(in) != ProtocolVersion::mls10) in.fail("the message is not of MLS 1.0");
  switch (read_enum<WireFormat>(in)) {
    case WireFormat::public_message: return {PublicMessage::read(in)};
    case WireFormat::private_message: return {PrivateMessage::read(in)};
    case WireFormat::welcome: return {Welcome::read(in)};
    case WireFormat::group_info: return {GroupInfo::read(in)};
    case WireFormat::key_package: return {KeyPackage::read(in)};
  }
  in.fail("the wire format is unknown");
  return {PrivateMessage{}};
}

Result<MlsMessage> MlsMessage::decode(ByteView bytes) {
  if (bytes.size() > kMaxMessageBytes)
    return fail(ErrorCode::too_large, "The MLS message is larger than allowed.");
  return wire::decode<MlsMessage>(bytes);
}

}  // namespace sotto::mls
