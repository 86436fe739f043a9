// Every structure of MLS, read from any bytes: what is accepted is written back byte for byte, and what is
// refused says why. First byte: the structure.
#include <cstdlib>

#include "mls/ratchet_tree.hpp"
#include "mls/suite.hpp"
#include "sotto/mls_messages/message.hpp"

namespace {

using namespace sotto;
using namespace sotto::mls;

template <class T>
void round_trip(ByteView input) {
  const auto value = wire::decode<T>(input);
  if (!value) {
    if (value.error().message.empty()) std::abort();
    return;
  }
  if (!equal(wire::encode(*value), input)) std::abort();
}

struct Extensions {
  ExtensionList list;
  static Extensions read(wire::Reader& in) { return {read_extensions(in)}; }
  void write(wire::Writer& out) const { write_extensions(out, list); }
};

void tree(ByteView input) {
  round_trip<RatchetTreeNodes>(input);
  const auto nodes = wire::decode<RatchetTreeNodes>(input);
  if (!nodes) return;
  const auto tree = RatchetTree::from_nodes(*Suite::of(CipherSuite::x25519_aes128gcm_sha256_ed25519), *nodes);
  if (tree && tree->to_nodes() != *nodes) std::abort();
}

void message(ByteView input) {
  const auto value = MlsMessage::decode(input);
  if (value && !equal(value->encode(), input)) std::abort();
  if (value.ok() != wire::decode<MlsMessage>(input).ok()) std::abort();
}

void extension_content(ByteView input) {
  if (const auto senders = external_senders_from({ExtensionType::external_senders, to_bytes(input)})) {
    if (!equal(to_extension(*senders).data, input)) std::abort();
  }
  if (const auto required =
          required_capabilities_from({ExtensionType::required_capabilities, to_bytes(input)})) {
    if (!equal(to_extension(*required).data, input)) std::abort();
  }
}

using Target = void (*)(ByteView);
constexpr Target kTargets[] = {
    message,
    round_trip<PublicMessage>,
    round_trip<PrivateMessage>,
    round_trip<Welcome>,
    round_trip<GroupInfo>,
    round_trip<KeyPackage>,
    round_trip<GroupSecrets>,
    tree,
    round_trip<LeafNode>,
    round_trip<ParentNode>,
    round_trip<Proposal>,
    round_trip<Commit>,
    round_trip<UpdatePath>,
    round_trip<GroupContext>,
    round_trip<PreSharedKeyId>,
    round_trip<Credential>,
    round_trip<Capabilities>,
    round_trip<AuthenticatedContent>,
    round_trip<SenderData>,
    round_trip<Extensions>,
    round_trip<ProposalOrRef>,
    extension_content,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  kTargets[data[0] % std::size(kTargets)](ByteView(data + 1, size - 1));
  return 0;
}
