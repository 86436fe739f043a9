// wire: a structure that uses every construct is read from any bytes; what is accepted must be written back
// byte for byte, and what is refused must not have read outside the input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "sotto/wire/reader.hpp"
#include "sotto/wire/writer.hpp"

namespace {

using sotto::Bytes;
using sotto::ByteView;
using sotto::to_bytes;
using sotto::wire::Prefix;
using sotto::wire::Reader;
using sotto::wire::Writer;

struct Node {
  std::uint16_t kind = 0;
  Bytes content;
  std::optional<std::uint64_t> number;
  std::vector<Bytes> parts;

  static Node read(Reader& in) {
    Node node;
    node.kind = in.u16();
    node.content = to_bytes(in.opaque(300));
    node.number = in.optional([](Reader& r) { return r.u64(); });
    node.parts = in.list(1000, 20, [](Reader& r) { return to_bytes(r.opaque(100, Prefix::u8)); });
    return node;
  }
  void write(Writer& out) const {
    out.u16(kind);
    out.opaque(content);
    out.optional(number, [](Writer& w, std::uint64_t value) { w.u64(value); });
    out.list(parts, [](Writer& w, const Bytes& part) { w.opaque(part, Prefix::u8); });
  }
};

struct Tree {
  std::uint8_t version = 0;
  std::vector<std::optional<Node>> nodes;
  std::uint32_t length = 0;
  Bytes fixed;
  Bytes middle;
  Bytes tail;

  static Tree read(Reader& in) {
    Tree tree;
    tree.version = in.u8();
    tree.nodes = in.list(100'000, 1000, [](Reader& r) { return r.optional(&Node::read); });
    tree.length = in.varint();
    tree.fixed = to_bytes(in.fixed(3));
    tree.middle = to_bytes(in.opaque(5000, Prefix::u16));
    in.vector(
        5000, [&](Reader& r) { tree.tail = to_bytes(r.rest()); }, Prefix::u32);
    return tree;
  }
  void write(Writer& out) const {
    out.u8(version);
    out.list(nodes, [](Writer& w, const std::optional<Node>& node) {
      w.optional(node, [](Writer& inner, const Node& value) { value.write(inner); });
    });
    out.varint(length);
    out.fixed(fixed);
    out.opaque(middle, Prefix::u16);
    out.vector([&](Writer& w) { w.fixed(tail); }, Prefix::u32);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto tree = sotto::wire::decode<Tree>(input);
  if (!tree) {
    if (tree.error().message.empty()) std::abort();
    return 0;
  }
  if (!sotto::equal(sotto::wire::encode(*tree), input)) std::abort();
  Writer secret = Writer::secret(1);
  tree->write(secret);
  if (!sotto::equal(std::move(secret).take_secret().view(), input)) std::abort();
  return 0;
}
