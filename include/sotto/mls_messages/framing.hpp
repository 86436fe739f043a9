// Framing (RFC 9420 section 6): content, who sent it, and its public and private wrappings.
#pragma once

#include <array>
#include <variant>

#include "sotto/mls_messages/proposal.hpp"

namespace sotto::mls {

// struct {
//   ProtocolVersion version = mls10; CipherSuite cipher_suite; opaque group_id<V>; uint64 epoch;
//   opaque tree_hash<V>; opaque confirmed_transcript_hash<V>; Extension extensions<V>;
// } GroupContext;  (section 8.1)
struct GroupContext {
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite{};
  Bytes group_id;
  Epoch epoch = 0;
  Bytes tree_hash;
  Bytes confirmed_transcript_hash;
  ExtensionList extensions;

  void write(wire::Writer& out) const;
  static GroupContext read(wire::Reader& in);
  friend bool operator==(const GroupContext&, const GroupContext&) = default;
};

// struct { SenderType sender_type; select (sender_type) { case member: uint32 leaf_index;
//          case external: uint32 sender_index; case new_member_*: struct{}; }; } Sender;
struct Sender {
  SenderType type = SenderType::member;
  LeafIndex leaf;           // member
  std::uint32_t index = 0;  // external: into external_senders

  static Sender member(LeafIndex leaf) { return {SenderType::member, leaf, 0}; }
  static Sender external(std::uint32_t index) { return {SenderType::external, {}, index}; }
  void write(wire::Writer& out) const;
  static Sender read(wire::Reader& in);
  friend bool operator==(const Sender&, const Sender&) = default;
};

// struct { opaque group_id<V>; uint64 epoch; Sender sender; opaque authenticated_data<V>;
//          ContentType content_type; select (content_type) { ... }; } FramedContent;
struct FramedContent {
  Bytes group_id;
  Epoch epoch = 0;
  Sender sender;
  Bytes authenticated_data;
  std::variant<Bytes, Proposal, Commit> body;  // application, proposal, commit

  ContentType content_type() const;
  void write(wire::Writer& out) const;
  static FramedContent read(wire::Reader& in);
  void write_body(wire::Writer& out) const;
  static std::variant<Bytes, Proposal, Commit> read_body(wire::Reader& in, ContentType type);
  friend bool operator==(const FramedContent&, const FramedContent&) = default;
};

// struct { opaque signature<V>; select (content_type) { case commit: MAC confirmation_tag; ... }; }
// FramedContentAuthData;
struct FramedContentAuthData {
  Bytes signature;
  Bytes confirmation_tag;  // commit only

  void write(wire::Writer& out, ContentType type) const;
  static FramedContentAuthData read(wire::Reader& in, ContentType type);
  friend bool operator==(const FramedContentAuthData&, const FramedContentAuthData&) = default;
};

// struct { WireFormat wire_format; FramedContent content; FramedContentAuthData auth; } AuthenticatedContent;
struct AuthenticatedContent {
  WireFormat wire_format = WireFormat::private_message;
  FramedContent content;
  FramedContentAuthData auth;

  void write(wire::Writer& out) const;
  static AuthenticatedContent read(wire::Reader& in);
  // FramedContentTBS (section 6.1). `context` is the sender's GroupContext, written for members and
  // new_member_commit only.
  Bytes to_be_signed(const GroupContext& context) const;
  friend bool operator==(const AuthenticatedContent&, const AuthenticatedContent&) = default;
};

// struct { FramedContent content; FramedContentAuthData auth;
//          select (content.sender.sender_type) { case member: MAC membership_tag; ... }; } PublicMessage;
struct PublicMessage {
  FramedContent content;
  FramedContentAuthData auth;
  Bytes membership_tag;  // member senders only

  void write(wire::Writer& out) const;
  static PublicMessage read(wire::Reader& in);
  friend bool operator==(const PublicMessage&, const PublicMessage&) = default;
};

// struct { opaque group_id<V>; uint64 epoch; ContentType content_type; opaque authenticated_data<V>;
//          opaque encrypted_sender_data<V>; opaque ciphertext<V>; } PrivateMessage;
struct PrivateMessage {
  Bytes group_id;
  Epoch epoch = 0;
  ContentType content_type{};
  Bytes authenticated_data;
  Bytes encrypted_sender_data;
  Bytes ciphertext;

  void write(wire::Writer& out) const;
  static PrivateMessage read(wire::Reader& in);
  Bytes content_aad() const;      // PrivateContentAAD, section 6.3.1
  Bytes sender_data_aad() const;  // SenderDataAAD, section 6.3.2
  friend bool operator==(const PrivateMessage&, const PrivateMessage&) = default;
};

// struct { uint32 leaf_index; uint32 generation; opaque reuse_guard[4]; } SenderData;
struct SenderData {
  LeafIndex leaf;
  std::uint32_t generation = 0;
  std::array<std::uint8_t, 4> reuse_guard{};

  void write(wire::Writer& out) const;
  static SenderData read(wire::Reader& in);
};

}  // namespace sotto::mls
