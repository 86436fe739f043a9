#include "sotto/mls_messages/framing.hpp"

namespace sotto::mls {

void GroupContext::write(wire::Writer& out) const {
  write_enum(out, version);
  write_enum(out, cipher_suite);
  out.opaque(group_id);
  out.u64(epoch);
  out.opaque(tree_hash);
  out.opaque(confirmed_transcript_hash);
  write_extensions(out, extensions);
}

GroupContext GroupContext::read(wire::Reader& in) {
  GroupContext context;
  context.version = read_enum<ProtocolVersion>(in);
  context.cipher_suite = read_enum<CipherSuite>(in);
  context.group_id = to_bytes(in.opaque(kMaxIdBytes));
  context.epoch = in.u64();
  context.tree_hash = to_bytes(in.opaque(kMaxKeyBytes));
  context.confirmed_transcript_hash = to_bytes(in.opaque(kMaxKeyBytes));
  context.extensions = read_extensions(in);
  return context;
}

void Sender::write(wire::Writer& out) const {
  write_enum(out, type);
  if (type == SenderType::member) out.u32(leaf.value);
  if (type == SenderType::external) out.u32(index);
}

Sender Sender::read(wire::Reader& in) {
  Sender sender;
  sender.type = read_enum<SenderType>(in);
  switch (sender.type) {
    case SenderType::member: sender.leaf.value = in.u32(); break;
    case SenderType::external: sender.index = in.u32(); break;
    case SenderType::new_member_proposal:
    case SenderType::new_member_commit: break;
    default: in.fail("the sender type is unknown");
  }
  return sender;
}

ContentType FramedContent::content_type() const {
  constexpr std::array kTypes{ContentType::application, ContentType::proposal, ContentType::commit};
  return kTypes.at(body.index());
}

void FramedContent::write_body(wire::Writer& out) const {
  if (const auto* data = std::get_if<Bytes>(&body)) out.opaque(*data);
  if (const auto* proposal = std::get_if<Proposal>(&body)) proposal->write(out);
  if (const auto* commit = std::get_if<Commit>(&body)) commit->write(out);
}

std::variant<Bytes, Proposal, Commit> FramedContent::read_body(wire::Reader& in, ContentType type) {
  switch (type) {
    case ContentType::application: return to_bytes(in.opaque(kMaxMessageBytes));
    case ContentType::proposal: return Proposal::read(in);
    case ContentType::commit: return Commit::read(in);
  }
  in.fail("the content type is unknown");
  return Bytes{};
}

void FramedContent::write(wire::Writer& out) const {
  out.opaque(group_id);
  out.u64(epoch);
  sender.write(out);
  out.opaque(authenticated_data);
  write_enum(out, content_type());
  write_body(out);
}

FramedContent FramedContent::read(wire::Reader& in) {
  FramedContent content;
  content.group_id = to_bytes(in.opaque(kMaxIdBytes));
  content.epoch = in.u64();
  content.sender = Sender::read(in);
  content.authenticated_data = to_bytes(in.opaque(kMaxFieldBytes));
  const auto type = read_enum<ContentType>(in);
  content.body = read_body(in, type);
  return content;
}

void FramedContentAuthData::write(wire::Writer& out, ContentType type) const {
  out.opaque(signature);
  if (type == ContentType::commit) out.opaque(confirmation_tag);
}

FramedContentAuthData FramedContentAuthData::read(wire::Reader& in, ContentType type) {
  FramedContentAuthData auth;
  auth.signature = to_bytes(in.opaque(kMaxKeyBytes));
  if (type == ContentType::commit) auth.confirmation_tag = to_bytes(in.opaque(kMaxKeyBytes));
  return auth;
}

void AuthenticatedContent::write(wire::Writer& out) const {
  write_enum(out, wire_format);
  content.write(out);
  auth.write(out, content.content_type());
}

AuthenticatedContent AuthenticatedContent::read(wire::Reader& in) {
  AuthenticatedContent message;
  message.wire_format = read_enum<WireFormat>(in);
  message.content = FramedContent::read(in);
  message.auth = FramedContentAuthData::read(in, message.content.content_type());
  return message;
}

Bytes AuthenticatedContent::to_be_signed(const GroupContext& context) const {
  wire::Writer out(1024);
  write_enum(out, ProtocolVersion::mls10);
  write_enum(out, wire_format);
  content.write(out);
  if (content.sender.type == SenderType::member || content.sender.type == SenderType::new_member_commit) {
    context.write(out);
  }
  return std::move(out).take();
}

void PublicMessage::write(wire::Writer& out) const {
  content.write(out);
  auth.write(out, content.content_type());
  if (content.sender.type == SenderType::member) out.opaque(membership_tag);
}

PublicMessage PublicMessage::read(wire::Reader& in) {
  PublicMessage message;
  message.content = FramedContent::read(in);
  message.auth = FramedContentAuthData::read(in, message.content.content_type());
  if (message.content.sender.type == SenderType::member)
    message.membership_tag = to_bytes(in.opaque(kMaxKeyBytes));
  return message;
}

void PrivateMessage::write(wire::Writer& out) const {
  out.opaque(group_id);
  out.u64(epoch);
  write_enum(out, content_type);
  out.opaque(authenticated_data);
  out.opaque(encrypted_sender_data);
  out.opaque(ciphertext);
}

PrivateMessage PrivateMessage::read(wire::Reader& in) {
  PrivateMessage message;
  message.group_id = to_bytes(in.opaque(kMaxIdBytes));
  message.epoch = in.u64();
  message.content_type = read_enum<ContentType>(in);
  if (message.content_type < ContentType::application || message.content_type > ContentType::commit) {
    in.fail("the content type is unknown");
  }
  message.authenticated_data = to_bytes(in.opaque(kMaxFieldBytes));
  message.encrypted_sender_data = to_bytes(in.opaque(kMaxKeyBytes));
  message.ciphertext = to_bytes(in.opaque(kMaxMessageBytes));
  return message;
}

Bytes PrivateMessage::content_aad() const {
  wire::Writer out(64 + group_id.size() + authenticated_data.size());
  out.opaque(group_id);
  out.u64(epoch);
  write_enum(out, content_type);
  out.opaque(authenticated_data);
  return std::move(out).take();
}

Bytes PrivateMessage::sender_data_aad() const {
  wire::Writer out(32 + group_id.size());
  out.opaque(group_id);
  out.u64(epoch);
  write_enum(out, content_type);
  return std::move(out).take();
}

void SenderData::write(wire::Writer& out) const {
  out.u32(leaf.value);
  out.u32(generation);
  out.fixed(reuse_guard);
}

SenderData SenderData::read(wire::Reader& in) {
  SenderData data;
  data.leaf.value = in.u32();
  data.generation = in.u32();
  data.reuse_guard = in.array<4>();
  return data;
}

}  // namespace sotto::mls
