#include "fuzz/mls_mutations.hpp"

#include <algorithm>
#include <cstdlib>

namespace sotto::mls::fuzzing {

std::uint8_t Input::u8() {
  const ByteView one = take(1);
  return one.empty() ? 0 : one[0];
}
std::uint16_t Input::u16() {
  const unsigned high = u8();
  return static_cast<std::uint16_t>(high << 8 | u8());
}
std::uint32_t Input::u32() {
  const std::uint32_t high = u16();
  return high << 16 | u16();
}
ByteView Input::take(std::size_t size) {
  const ByteView out = bytes_.first(std::min(size, bytes_.size()));
  bytes_ = bytes_.subspan(out.size());
  return out;
}

void demand(bool condition) {
  if (!condition) std::abort();
}

void Known::take(const RatchetTreeNodes& tree) {
  for (const auto& node : tree.nodes) {
    if (!node) continue;
    if (const auto* leaf = std::get_if<LeafNode>(&*node)) {
      leaves.push_back(*leaf);
      keys.push_back(leaf->encryption_key);
      keys.push_back(leaf->signature_key);
    } else {
      keys.push_back(std::get<ParentNode>(*node).encryption_key);
    }
  }
}

Bytes edited(ByteView genuine, Input& in) {
  Bytes bytes = to_bytes(genuine);
  for (int edits = 0; edits < 8 && !in.empty(); ++edits) {
    const std::uint8_t op = in.u8();
    const std::size_t at = bytes.empty() ? 0 : in.u16() % bytes.size();
    const auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t left = bytes.size() - at;
    switch (op % 6) {
      case 0:
        if (left > 0) *here = in.u8();
        break;
      case 1:
        if (left > 0) *here = static_cast<std::uint8_t>(*here ^ (1U << in.below(8)));
        break;
      case 2:
        bytes.erase(here, here + static_cast<std::ptrdiff_t>(std::min<std::size_t>(in.u8(), left)));
        break;
      case 3: {
        const ByteView more = in.take(in.u8());
        bytes.insert(here, more.begin(), more.end());
        break;
      }
      case 4: {
        const Bytes twice(here, here + static_cast<std::ptrdiff_t>(std::min<std::size_t>(in.u8(), left)));
        bytes.insert(here, twice.begin(), twice.end());
        break;
      }
      default: {
        const ByteView over = in.take(std::min<std::size_t>(in.u8(), left));
        std::ranges::copy(over, here);
      }
    }
  }
  return bytes;
}

void change_bytes(Bytes& bytes, Input& in, const Known& known) {
  switch (in.below(6)) {
    case 0: bytes.clear(); break;
    case 1:
      if (!known.keys.empty()) bytes = known.keys[in.below(known.keys.size())];
      break;
    case 2: bytes = to_bytes(in.take(in.u8() % 64)); break;
    case 3: bytes.push_back(in.u8()); break;
    case 4: std::ranges::fill(bytes, in.u8()); break;
    default:
      if (!bytes.empty()) bytes[in.u8() % bytes.size()] ^= static_cast<std::uint8_t>(1U << in.below(8));
  }
}

void change(Extension& extension, Input& in, const Known& known) {
  if (in.flag()) {
    extension.type = static_cast<ExtensionType>(in.below(4) == 0 ? 0x0A0A : in.below(8));
  } else if (in.flag()) {
    extension.data = to_bytes(in.take(in.u8() % 32));
  } else {
    change_bytes(extension.data, in, known);
  }
}

void change(ExtensionList& extensions, Input& in, const Known& known) {
  const std::size_t what = in.below(3);
  if (what == 0 || extensions.empty()) {
    Extension fresh;
    const std::size_t kind = in.below(5);
    if (kind == 0) {
      fresh = to_extension(RequiredCapabilities{{static_cast<ExtensionType>(in.u8())},
                                                {static_cast<ProposalType>(in.u8())},
                                                {static_cast<CredentialType>(in.below(4))}});
    } else if (kind == 1) {
      ExternalSender sender;
      if (!known.keys.empty()) sender.signature_key = known.keys[in.below(known.keys.size())];
      fresh = to_extension(std::vector{sender});
    } else {
      change(fresh, in, known);
    }
    if (find_extension(extensions, fresh.type) == nullptr) extensions.push_back(std::move(fresh));
  } else if (what == 1) {
    extensions.erase(extensions.begin() + static_cast<std::ptrdiff_t>(in.below(extensions.size())));
  } else {
    Extension& one = extensions[in.below(extensions.size())];
    const ExtensionType before = one.type;
    change(one, in, known);
    // A type twice cannot even be written and read back.
    if (std::ranges::count(extensions, one.type, &Extension::type) > 1) one.type = before;
  }
}

void change(LeafNode& leaf, Input& in, const Known& known) {
  switch (in.below(11)) {
    case 0: change_bytes(leaf.encryption_key, in, known); break;
    case 1: change_bytes(leaf.signature_key, in, known); break;
    case 2: leaf.credential = Credential::basic(in.take(in.u8() % 16)); break;
    case 3:
      leaf.credential = {};
      leaf.credential.type = CredentialType::x509;
      leaf.credential.certificates.push_back(to_bytes(in.take(in.u8() % 16)));
      break;
    case 4:
      if (!known.leaves.empty()) leaf.credential = known.leaves[in.below(known.leaves.size())].credential;
      break;
    case 5:
      switch (in.below(5)) {
        case 0: leaf.capabilities.versions.clear(); break;
        case 1: leaf.capabilities.cipher_suites.clear(); break;
        case 2: leaf.capabilities.credentials.clear(); break;
        case 3: leaf.capabilities.extensions.push_back(static_cast<ExtensionType>(in.u16())); break;
        default: leaf.capabilities.proposals.push_back(static_cast<ProposalType>(in.u16()));
      }
      break;
    case 6: leaf.source = static_cast<LeafNodeSource>(1 + in.below(3)); break;
    case 7: leaf.lifetime = {in.u32(), in.u32()}; break;
    case 8: change_bytes(leaf.parent_hash, in, known); break;
    case 9: change(leaf.extensions, in, known); break;
    default:
      if (!known.leaves.empty()) leaf = known.leaves[in.below(known.leaves.size())];
  }
}

void change(ParentNode& parent, Input& in, const Known& known) {
  switch (in.below(4)) {
    case 0: change_bytes(parent.encryption_key, in, known); break;
    case 1: change_bytes(parent.parent_hash, in, known); break;
    case 2: {
      const LeafIndex leaf{in.u8()};
      auto& list = parent.unmerged_leaves;
      const auto at = std::ranges::lower_bound(list, leaf);
      if (at == list.end() || *at != leaf) list.insert(at, leaf);
      break;
    }
    default:
      if (!parent.unmerged_leaves.empty()) {
        parent.unmerged_leaves.erase(parent.unmerged_leaves.begin() +
                                     static_cast<std::ptrdiff_t>(in.below(parent.unmerged_leaves.size())));
      }
  }
}

void change(KeyPackage& package, Input& in, const Known& known) {
  switch (in.below(6)) {
    case 0: package.version = static_cast<ProtocolVersion>(in.u16()); break;
    case 1: package.cipher_suite = static_cast<CipherSuite>(in.below(8)); break;
    case 2: change_bytes(package.init_key, in, known); break;
    case 3: change(package.extensions, in, known); break;
    case 4: package.init_key = package.leaf_node.encryption_key; break;
    default: change(package.leaf_node, in, known);
  }
}

void change(PreSharedKeyId& id, Input& in, const Known& known) {
  switch (in.below(6)) {
    case 0: change_bytes(id.psk_id, in, known); break;
    case 1: change_bytes(id.psk_nonce, in, known); break;
    case 2: change_bytes(id.psk_group_id, in, known); break;
    case 3: id.psk_epoch = in.u8(); break;
    case 4: id.usage = static_cast<ResumptionPskUsage>(1 + in.below(3)); break;
    default: id.type = static_cast<PskType>(1 + in.below(2));
  }
  // The fields of the other kind are not on the wire.
  if (id.type == PskType::external) {
    id = {PskType::external,      std::move(id.psk_id), ResumptionPskUsage::application, {}, 0,
          std::move(id.psk_nonce)};
  } else {
    id.psk_id.clear();
  }
}

void change(UpdatePath& path, Input& in, const Known& known) {
  if (path.nodes.empty()) return;
  const auto at = static_cast<std::ptrdiff_t>(in.below(path.nodes.size()));
  UpdatePathNode& node = path.nodes[static_cast<std::size_t>(at)];
  switch (in.below(7)) {
    case 0: path.nodes.erase(path.nodes.begin() + at); break;
    case 1: path.nodes.push_back(UpdatePathNode(node)); break;
    case 2: change_bytes(node.encryption_key, in, known); break;
    case 3:
      if (!node.encrypted_path_secrets.empty()) node.encrypted_path_secrets.pop_back();
      break;
    case 4: node.encrypted_path_secrets.push_back({to_bytes(in.take(32)), to_bytes(in.take(48))}); break;
    case 5:
      if (!node.encrypted_path_secrets.empty()) {
        change_bytes(node.encrypted_path_secrets[in.below(node.encrypted_path_secrets.size())].kem_output, in,
                     known);
      }
      break;
    default:
      if (!node.encrypted_path_secrets.empty()) {
        change_bytes(node.encrypted_path_secrets[in.below(node.encrypted_path_secrets.size())].ciphertext, in,
                     known);
      }
  }
}

void change(GroupContext& context, Input& in, const Known& known) {
  switch (in.below(7)) {
    case 0: context.version = static_cast<ProtocolVersion>(in.u16()); break;
    case 1: context.cipher_suite = static_cast<CipherSuite>(in.below(8)); break;
    case 2: change_bytes(context.group_id, in, known); break;
    case 3: context.epoch = in.flag() ? UINT64_MAX : in.u8(); break;
    case 4: change_bytes(context.tree_hash, in, known); break;
    case 5: change_bytes(context.confirmed_transcript_hash, in, known); break;
    default: change(context.extensions, in, known);
  }
}

void change(RatchetTreeNodes& tree, Input& in, const Known& known) {
  const std::size_t at = tree.nodes.empty() ? 0 : in.u8() % tree.nodes.size();
  switch (in.below(6)) {
    case 0:
      if (!tree.nodes.empty()) tree.nodes[at].reset();
      break;
    case 1: tree.nodes.emplace_back(std::nullopt); break;
    case 2:
      if (!tree.nodes.empty()) tree.nodes.pop_back();
      break;
    case 3: {
      ParentNode fresh;
      change(fresh, in, known);
      change(fresh, in, known);
      if (in.flag() || tree.nodes.empty()) {
        tree.nodes.emplace_back(std::move(fresh));
      } else {
        tree.nodes[at] = std::move(fresh);
      }
      break;
    }
    case 4:
      if (!known.leaves.empty()) {
        const LeafNode& leaf = known.leaves[in.below(known.leaves.size())];
        if (in.flag() || tree.nodes.empty()) {
          tree.nodes.emplace_back(leaf);
        } else {
          tree.nodes[at] = leaf;
        }
      }
      break;
    default:
      if (tree.nodes.empty() || !tree.nodes[at]) break;
      if (auto* leaf = std::get_if<LeafNode>(&*tree.nodes[at])) {
        change(*leaf, in, known);
      } else {
        change(std::get<ParentNode>(*tree.nodes[at]), in, known);
      }
  }
}

Proposal make_proposal(Input& in, const Known& known, std::uint32_t leaves) {
  switch (in.below(8)) {
    case 0:
      if (!known.packages.empty()) return {Add{known.packages[in.below(known.packages.size())]}};
      break;
    case 1:
      if (!known.leaves.empty()) return {Update{known.leaves[in.below(known.leaves.size())]}};
      break;
    case 2: return {Remove{LeafIndex{static_cast<std::uint32_t>(in.below(leaves + 2))}}};
    case 3: {
      PreSharedKeyId id;
      id.psk_id = to_bytes(std::string_view(in.flag() ? "one" : "two"));
      id.psk_nonce = Bytes(32, in.u8());
      while (in.flag()) change(id, in, known);
      return {Psk{std::move(id)}};
    }
    case 4: {
      ReInit reinit;
      reinit.group_id = to_bytes(in.take(in.u8() % 8));
      reinit.version = static_cast<ProtocolVersion>(in.below(3));
      reinit.cipher_suite = static_cast<CipherSuite>(in.below(5));
      return {std::move(reinit)};
    }
    case 5: return {ExternalInit{to_bytes(in.take(in.u8() % 40))}};
    case 6: {
      GroupContextExtensions extensions;
      while (in.flag()) change(extensions.extensions, in, known);
      return {std::move(extensions)};
    }
    default: break;
  }
  return {CustomProposal{static_cast<ProposalType>(0x0A00 + in.u8()), to_bytes(in.take(in.u8() % 8))}};
}

}  // namespace sotto::mls::fuzzing
