// Leaf nodes, parent nodes, key packages (RFC 9420 sections 7.1, 7.2, 10).
#pragma once

#include <optional>
#include <vector>

#include "sotto/mls_messages/credential.hpp"

namespace sotto::mls {

// struct { opaque kem_output<V>; opaque ciphertext<V>; } HPKECiphertext;
struct HpkeCiphertext {
  Bytes kem_output;
  Bytes ciphertext;

  void write(wire::Writer& out) const;
  static HpkeCiphertext read(wire::Reader& in);
  friend bool operator==(const HpkeCiphertext&, const HpkeCiphertext&) = default;
};

// struct { uint64 not_before; uint64 not_after; } Lifetime;  seconds since 1970
struct Lifetime {
  std::uint64_t not_before = 0;
  std::uint64_t not_after = 0;
  friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

enum class LeafNodeSource : std::uint8_t { key_package = 1, update = 2, commit = 3 };

// struct {
//   HPKEPublicKey encryption_key; SignaturePublicKey signature_key; Credential credential;
//   Capabilities capabilities; LeafNodeSource leaf_node_source;
//   select (leaf_node_source) { case key_package: Lifetime lifetime; case update: struct{};
//                               case commit: opaque parent_hash<V>; };
//   Extension extensions<V>; opaque signature<V>;
// } LeafNode;
struct LeafNode {
  Bytes encryption_key;
  Bytes signature_key;
  Credential credential;
  Capabilities capabilities;
  LeafNodeSource source = LeafNodeSource::key_package;
  Lifetime lifetime;  // source key_package
  Bytes parent_hash;  // source commit
  ExtensionList extensions;
  Bytes signature;

  void write(wire::Writer& out) const;
  static LeafNode read(wire::Reader& in);
  // LeafNodeTBS: everything but the signature, and for update and commit the place in the group.
  Bytes to_be_signed(ByteView group_id, LeafIndex leaf) const;
  friend bool operator==(const LeafNode&, const LeafNode&) = default;

 private:
  void write_unsigned(wire::Writer& out) const;
};

// struct { HPKEPublicKey encryption_key; opaque parent_hash<V>; uint32 unmerged_leaves<V>; } ParentNode;
struct ParentNode {
  Bytes encryption_key;
  Bytes parent_hash;
  std::vector<LeafIndex> unmerged_leaves;  // ascending

  void write(wire::Writer& out) const;
  static ParentNode read(wire::Reader& in);
  friend bool operator==(const ParentNode&, const ParentNode&) = default;
};

// struct { ProtocolVersion version; CipherSuite cipher_suite; HPKEPublicKey init_key; LeafNode leaf_node;
//          Extension extensions<V>; opaque signature<V>; } KeyPackage;
struct KeyPackage {
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite{};
  Bytes init_key;
  LeafNode leaf_node;
  ExtensionList extensions;
  Bytes signature;

  void write(wire::Writer& out) const;
  static KeyPackage read(wire::Reader& in);
  Bytes to_be_signed() const;
  friend bool operator==(const KeyPackage&, const KeyPackage&) = default;

 private:
  void write_unsigned(wire::Writer& out) const;
};

}  // namespace sotto::mls
