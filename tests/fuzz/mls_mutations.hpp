// What the MLS fuzz targets do with the fuzzer's bytes: cut up, edit what is genuine, and change single
// fields of parsed structures, so that the result still decodes and can be signed again.
#pragma once

#include "sotto/mls_messages/message.hpp"

namespace sotto::mls::fuzzing {

// Bytes that end give zeros for ever.
class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : u8() % bound; }
  bool flag() { return (u8() & 1) != 0; }
  ByteView take(std::size_t size);
  ByteView rest() { return take(bytes_.size()); }

 private:
  ByteView bytes_;
};

// Values that mean something where they are put: keys of members, known ids.
struct Known {
  std::vector<Bytes> keys;
  std::vector<KeyPackage> packages;
  std::vector<LeafNode> leaves;
  std::vector<ProposalRef> refs;

  void take(const RatchetTreeNodes& tree);  // its leaves, and the keys of all its nodes
};

// What must hold whatever the input is.
void demand(bool condition);

// A few edits: bytes set, cut out, put in, doubled.
Bytes edited(ByteView genuine, Input& in);

void change_bytes(Bytes& bytes, Input& in, const Known& known);
void change(Extension& extension, Input& in, const Known& known);
void change(ExtensionList& extensions, Input& in, const Known& known);
void change(LeafNode& leaf, Input& in, const Known& known);
void change(ParentNode& parent, Input& in, const Known& known);
void change(KeyPackage& package, Input& in, const Known& known);
void change(PreSharedKeyId& id, Input& in, const Known& known);
void change(UpdatePath& path, Input& in, const Known& known);
void change(GroupContext& context, Input& in, const Known& known);
void change(RatchetTreeNodes& tree, Input& in, const Known& known);
// Any proposal, with members' leaves up to `leaves`.
Proposal make_proposal(Input& in, const Known& known, std::uint32_t leaves);

}  // namespace sotto::mls::fuzzing
