// Pre-shared key ids, proposals, commits (RFC 9420 sections 8.4, 12.1, 12.4).
#pragma once

#include <variant>

#include "sotto/mls_messages/key_package.hpp"

namespace sotto::mls {

enum class PskType : std::uint8_t { external = 1, resumption = 2 };
enum class ResumptionPskUsage : std::uint8_t { application = 1, reinit = 2, branch = 3 };

// struct {
//   PSKType psktype;
//   select (psktype) { case external: opaque psk_id<V>;
//                      case resumption: ResumptionPSKUsage usage; opaque psk_group_id<V>; uint64 psk_epoch;
//                      };
//   opaque psk_nonce<V>;
// } PreSharedKeyID;
struct PreSharedKeyId {
  PskType type = PskType::external;
  Bytes psk_id;                                                // external
  ResumptionPskUsage usage = ResumptionPskUsage::application;  // resumption
  Bytes psk_group_id;                                          // resumption
  Epoch psk_epoch = 0;                                         // resumption
  Bytes psk_nonce;

  void write(wire::Writer& out) const;
  static PreSharedKeyId read(wire::Reader& in);
  // The same key whatever the nonce.
  bool names_same_key(const PreSharedKeyId& other) const;
  friend bool operator==(const PreSharedKeyId&, const PreSharedKeyId&) = default;
};

struct Add {
  KeyPackage key_package;
  friend bool operator==(const Add&, const Add&) = default;
};
struct Update {
  LeafNode leaf_node;
  friend bool operator==(const Update&, const Update&) = default;
};
struct Remove {
  LeafIndex removed;
  friend bool operator==(const Remove&, const Remove&) = default;
};
struct Psk {
  PreSharedKeyId psk;
  friend bool operator==(const Psk&, const Psk&) = default;
};
struct ReInit {
  Bytes group_id;
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite{};
  ExtensionList extensions;
  friend bool operator==(const ReInit&, const ReInit&) = default;
};
struct ExternalInit {
  Bytes kem_output;
  friend bool operator==(const ExternalInit&, const ExternalInit&) = default;
};
struct GroupContextExtensions {
  ExtensionList extensions;
  friend bool operator==(const GroupContextExtensions&, const GroupContextExtensions&) = default;
};
// A type that is not in the RFC: an application's own, carried as opaque data<V>.
struct CustomProposal {
  ProposalType type{};
  Bytes data;
  friend bool operator==(const CustomProposal&, const CustomProposal&) = default;
};

// struct { ProposalType proposal_type; select (proposal_type) { ... }; } Proposal;
struct Proposal {
  std::variant<Add, Update, Remove, Psk, ReInit, ExternalInit, GroupContextExtensions, CustomProposal> body;

  ProposalType type() const;
  template <class T>
  const T* get() const {
    return std::get_if<T>(&body);
  }

  void write(wire::Writer& out) const;
  static Proposal read(wire::Reader& in);
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

// opaque HashReference<V>;  ProposalRef = RefHash("MLS 1.0 Proposal Reference", AuthenticatedContent)
using ProposalRef = Bytes;

// struct { ProposalOrRefType type; select (type) { case proposal: Proposal; case reference: ProposalRef; }; }
struct ProposalOrRef {
  std::variant<Proposal, ProposalRef> body;

  void write(wire::Writer& out) const;
  static ProposalOrRef read(wire::Reader& in);
  friend bool operator==(const ProposalOrRef&, const ProposalOrRef&) = default;
};

// struct { HPKEPublicKey encryption_key; HPKECiphertext encrypted_path_secret<V>; } UpdatePathNode;
struct UpdatePathNode {
  Bytes encryption_key;
  std::vector<HpkeCiphertext> encrypted_path_secrets;

  void write(wire::Writer& out) const;
  static UpdatePathNode read(wire::Reader& in);
  friend bool operator==(const UpdatePathNode&, const UpdatePathNode&) = default;
};

// struct { LeafNode leaf_node; UpdatePathNode nodes<V>; } UpdatePath;
struct UpdatePath {
  LeafNode leaf_node;
  std::vector<UpdatePathNode> nodes;

  void write(wire::Writer& out) const;
  static UpdatePath read(wire::Reader& in);
  friend bool operator==(const UpdatePath&, const UpdatePath&) = default;
};

// struct { ProposalOrRef proposals<V>; optional<UpdatePath> path; } Commit;
struct Commit {
  std::vector<ProposalOrRef> proposals;
  std::optional<UpdatePath> path;

  void write(wire::Writer& out) const;
  static Commit read(wire::Reader& in);
  friend bool operator==(const Commit&, const Commit&) = default;
};

}  // namespace sotto::mls
