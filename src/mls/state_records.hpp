// Keys and values of a group's stored records. docs/mls.md has them as a table.
#pragma once

#include "epoch.hpp"

namespace sotto::mls {

// The first byte of a key.
enum class RecordKind : std::uint8_t {
  head = 'H',           // which epochs count; writing it is what moves the group on
  identity = 'I',       //
  epoch = 'C',          // epoch: the public description, kept for past epochs too
  sender_data = 'D',    // epoch: kept as long
  extensions = 'X',     // epoch: the group's extensions from then on
  secrets = 'S',        // epoch: key schedule and private keys
  resumption = 'R',     // epoch: resumption PSK
  node = 'N',           // epoch, node: a tree node from then on
  tree_secret = 'T',    // epoch, node: secret tree
  ratchet = 'A',        // epoch, leaf, type
  skipped_key = 'K',    // epoch, leaf, type, generation
  proposal = 'Q',       // epoch, number
  update_key = 'U',     // epoch, public key
  pending_commit = 'W'  //
};

struct RecordKey {
  RecordKind kind{};
  Epoch epoch = 0;
  std::uint32_t index = 0;  // node, leaf or number
  RatchetType type{};
  std::uint32_t generation = 0;
  Bytes public_key;

  Bytes encode() const;
  static Result<RecordKey> decode(ByteView key);
};

struct HeadRecord {
  CipherSuite suite{};
  LeafIndex own;
  Epoch epoch = 0;
  bool removed = false;
  std::vector<Epoch> past;             // newest first
  std::vector<Epoch> resumption_psks;  // of past epochs, ascending

  static HeadRecord of(const GroupAccess::Impl& group);
  void write(wire::Writer& out) const;
  static HeadRecord read(wire::Reader& in);
};

// What is public of an epoch, without its extensions.
struct EpochRecord {
  GroupContext context;
  EpochLineage lineage;
  Bytes confirmation_tag;
  std::uint32_t leaf_count = 0;

  void write(wire::Writer& out) const;
  static EpochRecord read(wire::Reader& in);
};

struct SecretsRecord {
  EpochSecrets secrets;  // without sender_data_secret and resumption_psk, which have records of their own
  Bytes interim_transcript_hash;
  std::optional<ReInit> reinit;
  std::vector<std::pair<NodeIndex, SecretBytes>> keys;

  static SecretBytes encode(const EpochState& epoch);
  static SecretsRecord read(wire::Reader& in);
};

struct RatchetRecord {
  std::uint32_t next = 0;
  SecretBytes secret;

  static SecretBytes encode(const SecretTree::Ratchet& ratchet);
  static RatchetRecord read(wire::Reader& in);
};

struct PendingRecord {
  CommitSummary summary;
  Epoch epoch = 0;
  Bytes hash;

  static SecretBytes encode(const PendingCommit& pending, Epoch epoch);
  static PendingRecord read(wire::Reader& in);
};

SecretBytes encode_identity(const ClientIdentity& identity);
Result<ClientIdentity> decode_identity(ByteView record);

SecretBytes encode_keys(const MessageKeys& keys);
MessageKeys read_keys(wire::Reader& in);

SecretBytes encode_proposal(const ProposalRef& ref, const PendingProposal& pending);
std::pair<ProposalRef, PendingProposal> read_proposal(wire::Reader& in);

// Where there is a write() or a static read() to go by.
template <class T>
SecretBytes encode_record(const T& value) {
  wire::Writer out = wire::Writer::secret();
  value.write(out);
  return std::move(out).take_secret();
}

}  // namespace sotto::mls
