// Welcome, GroupInfo, the ratchet tree extension, and MLSMessage around everything
// (RFC 9420 sections 6, 12.4.3, 12.4.3.3).
#pragma once

#include <variant>

#include "sotto/base/secret_bytes.hpp"

#include "sotto/mls_messages/framing.hpp"

namespace sotto::mls {

// struct { GroupContext group_context; Extension extensions<V>; MAC confirmation_tag; uint32 signer;
//          opaque signature<V>; } GroupInfo;
struct GroupInfo {
  GroupContext group_context;
  ExtensionList extensions;
  Bytes confirmation_tag;
  LeafIndex signer;
  Bytes signature;

  void write(wire::Writer& out) const;
  static GroupInfo read(wire::Reader& in);
  Bytes to_be_signed() const;
  friend bool operator==(const GroupInfo&, const GroupInfo&) = default;

 private:
  void write_unsigned(wire::Writer& out) const;
};

// struct { opaque joiner_secret<V>; optional<PathSecret> path_secret; PreSharedKeyID psks<V>; } GroupSecrets;
struct GroupSecrets {
  SecretBytes joiner_secret;
  std::optional<SecretBytes> path_secret;
  std::vector<PreSharedKeyId> psks;

  void write(wire::Writer& out) const;  // into a Writer::secret()
  static GroupSecrets read(wire::Reader& in);
};

// struct { KeyPackageRef new_member; HPKECiphertext encrypted_group_secrets; } EncryptedGroupSecrets;
struct EncryptedGroupSecrets {
  Bytes new_member;
  HpkeCiphertext encrypted_group_secrets;

  void write(wire::Writer& out) const;
  static EncryptedGroupSecrets read(wire::Reader& in);
  friend bool operator==(const EncryptedGroupSecrets&, const EncryptedGroupSecrets&) = default;
};

// struct { CipherSuite cipher_suite; EncryptedGroupSecrets secrets<V>; opaque encrypted_group_info<V>; }
// Welcome;
struct Welcome {
  CipherSuite cipher_suite{};
  std::vector<EncryptedGroupSecrets> secrets;
  Bytes encrypted_group_info;

  void write(wire::Writer& out) const;
  static Welcome read(wire::Reader& in);
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

// struct { NodeType node_type; select (node_type) { case leaf: LeafNode; case parent: ParentNode; }; } Node;
// optional<Node> ratchet_tree<V>;
using TreeNode = std::variant<LeafNode, ParentNode>;
struct RatchetTreeNodes {
  std::vector<std::optional<TreeNode>> nodes;  // in array order; never ends with a blank

  void write(wire::Writer& out) const;
  static RatchetTreeNodes read(wire::Reader& in);
  friend bool operator==(const RatchetTreeNodes&, const RatchetTreeNodes&) = default;
};

// struct { ProtocolVersion version = mls10; WireFormat wire_format; select (wire_format) { ... }; }
// MLSMessage;
struct MlsMessage {
  std::variant<PublicMessage, PrivateMessage, Welcome, GroupInfo, KeyPackage> body;

  WireFormat wire_format() const;
  template <class T>
  const T* get() const {
    return std::get_if<T>(&body);
  }

  void write(wire::Writer& out) const;
  static MlsMessage read(wire::Reader& in);
  Bytes encode() const { return wire::encode(*this); }
  // The whole of `bytes`, at most kMaxMessageBytes; anything left over is refused.
  static Result<MlsMessage> decode(ByteView bytes);
  friend bool operator==(const MlsMessage&, const MlsMessage&) = default;
};

}  // namespace sotto::mls
