#include "sotto/mls_messages/key_package.hpp"

namespace sotto::mls {

void HpkeCiphertext::write(wire::Writer& out) const {
  out.opaque(kem_output);
  out.opaque(ciphertext);
}

HpkeCiphertext HpkeCiphertext::read(wire::Reader& in) {
  HpkeCiphertext sealed;
  sealed.kem_output = to_bytes(in.opaque(kMaxKeyBytes));
  sealed.ciphertext = to_bytes(in.opaque(kMaxFieldBytes));
  return sealed;
}

void LeafNode::write_unsigned(wire::Writer& out) const {
  out.opaque(encryption_key);
  out.opaque(signature_key);
  credential.write(out);
  capabilities.write(out);
  write_enum(out, source);
  if (source == LeafNodeSource::key_package) {
    out.u64(lifetime.not_before);
    out.u64(lifetime.not_after);
  } else if (source == LeafNodeSource::commit) {
    out.opaque(parent_hash);
  }
  write_extensions(out, extensions);
}

void LeafNode::write(wire::Writer& out) const {
  write_unsigned(out);
  out.opaque(signature);
}

LeafNode LeafNode::read(wire::Reader& in) {
  LeafNode leaf;
  leaf.encryption_key = to_bytes(in.opaque(kMaxKeyBytes));
  leaf.signature_key = to_bytes(in.opaque(kMaxKeyBytes));
  leaf.credential = Credential::read(in);
  leaf.capabilities = Capabilities::read(in);
  leaf.source = read_enum<LeafNodeSource>(in);
  switch (leaf.source) {
    case LeafNodeSource::key_package:
      leaf.lifetime.not_before = in.u64();
      leaf.lifetime.not_after = in.u64();
      break;
    case LeafNodeSource::update: break;
    case LeafNodeSource::commit: leaf.parent_hash = to_bytes(in.opaque(kMaxKeyBytes)); break;
    default: in.fail("the source of a leaf node is unknown");
  }
  leaf.extensions = read_extensions(in);
  leaf.signature = to_bytes(in.opaque(kMaxKeyBytes));
  return leaf;
}

Bytes LeafNode::to_be_signed(ByteView group_id, LeafIndex leaf) const {
  wire::Writer out(512);
  write_unsigned(out);
  if (source != LeafNodeSource::key_package) {
    out.opaque(group_id);
    out.u32(leaf.value);
  }
  return std::move(out).take();
}

void ParentNode::write(wire::Writer& out) const {
  out.opaque(encryption_key);
  out.opaque(parent_hash);
  out.list(unmerged_leaves, [](wire::Writer& w, LeafIndex leaf) { w.u32(leaf.value); });
}

ParentNode ParentNode::read(wire::Reader& in) {
  ParentNode parent;
  parent.encryption_key = to_bytes(in.opaque(kMaxKeyBytes));
  parent.parent_hash = to_bytes(in.opaque(kMaxKeyBytes));
  parent.unmerged_leaves =
      in.list(kMaxMembers * 4, kMaxMembers, [](wire::Reader& r) { return LeafIndex{r.u32()}; });
  for (std::size_t i = 1; i < parent.unmerged_leaves.size(); ++i) {
    if (parent.unmerged_leaves[i - 1] >= parent.unmerged_leaves[i])
      in.fail("unmerged leaves are not in order");
  }
  return parent;
}

void KeyPackage::write_unsigned(wire::Writer& out) const {
  write_enum(out, version);
  write_enum(out, cipher_suite);
  out.opaque(init_key);
  leaf_node.write(out);
  write_extensions(out, extensions);
}

void KeyPackage::write(wire::Writer& out) const {
  write_unsigned(out);
  out.opaque(signature);
}

KeyPackage KeyPackage::read(wire::Reader& in) {
  KeyPackage package;
  package.version = read_enum<ProtocolVersion>(in);
  package.cipher_suite = read_enum<CipherSuite>(in);
  package.init_key = to_bytes(in.opaque(kMaxKeyBytes));
  package.leaf_node = LeafNode::read(in);
  package.extensions = read_extensions(in);
  package.signature = to_bytes(in.opaque(kMaxKeyBytes));
  return package;
}

Bytes KeyPackage::to_be_signed() const {
  wire::Writer out(512);
  write_unsigned(out);
  return std::move(out).take();
}

}  // namespace sotto::mls
