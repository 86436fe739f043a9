#include "protection.hpp"

#include <algorithm>

namespace sotto::mls {
namespace {

// AuthenticatedContentTBM (section 6.2): FramedContentTBS || FramedContentAuthData.
Bytes to_be_maced(const AuthenticatedContent& message, const GroupContext& context) {
  wire::Writer out(1024);
  out.fixed(message.to_be_signed(context));
  message.auth.write(out, message.content.content_type());
  return std::move(out).take();
}

Bytes guarded_nonce(const MessageKeys& keys, const std::array<std::uint8_t, 4>& reuse_guard) {
  Bytes nonce = to_bytes(keys.nonce.view());
  for (std::size_t i = 0; i < reuse_guard.size(); ++i) nonce[i] ^= reuse_guard[i];
  return nonce;
}

}  // namespace

void sign_content(const Suite& suite, const crypto::SigningKey& key, const GroupContext& context,
                  AuthenticatedContent& message) {
  message.auth.signature = suite.sign_with_label(key, "FramedContentTBS", message.to_be_signed(context));
}

bool signature_is_valid(const Suite& suite, ByteView public_key, const GroupContext& context,
                        const AuthenticatedContent& message) {
  return suite.verify_with_label(public_key, "FramedContentTBS", message.to_be_signed(context),
                                 message.auth.signature);
}

PublicMessage protect_public(const Suite& suite, ByteView membership_key, const GroupContext& context,
                             AuthenticatedContent message) {
  PublicMessage out;
  if (message.content.sender.type == SenderType::member) {
    out.membership_tag = suite.mac(membership_key, to_be_maced(message, context));
  }
  out.content = std::move(message.content);
  out.auth = std::move(message.auth);
  return out;
}

Result<AuthenticatedContent> open_public(const Suite& suite, ByteView membership_key,
                                         const GroupContext& context, PublicMessage message) {
  AuthenticatedContent out{WireFormat::public_message, std::move(message.content), std::move(message.auth)};
  if (out.content.content_type() == ContentType::application) {
    return fail(ErrorCode::untrusted, "Application data may not travel unencrypted.");
  }
  if (out.content.sender.type == SenderType::member &&
      !suite.mac_is(membership_key, to_be_maced(out, context), message.membership_tag)) {
    return fail(ErrorCode::untrusted, "The membership tag does not verify.");
  }
  return out;
}

Result<PrivateMessage> protect_private(const Suite& suite, ByteView sender_data_secret,
                                       const AuthenticatedContent& message, const SecretTree::Sending& keys,
                                       Padding padding, Random& random) {
  const ContentType type = message.content.content_type();
  PrivateMessage out;
  out.group_id = message.content.group_id;
  out.epoch = message.content.epoch;
  out.content_type = type;
  out.authenticated_data = message.content.authenticated_data;

  // struct { body; FramedContentAuthData auth; opaque padding[length_of_padding]; } PrivateMessageContent;
  wire::Writer plain = wire::Writer::secret(1024);
  message.content.write_body(plain);
  message.auth.write(plain, type);
  if (padding.to_multiple_of > 1) {
    const std::size_t over = plain.size() % padding.to_multiple_of;
    if (over != 0) plain.fixed(Bytes(padding.to_multiple_of - over, 0));
  }

  SenderData sender;
  sender.leaf = message.content.sender.leaf;
  sender.generation = keys.generation;
  random.fill(sender.reuse_guard);
  out.ciphertext =
      crypto::aead_seal(suite.aead_algorithm(), keys.keys.key.view(),
                        guarded_nonce(keys.keys, sender.reuse_guard), out.content_aad(), plain.view());

  const MessageKeys data_keys = sender_data_keys(suite, sender_data_secret, out.ciphertext);
  out.encrypted_sender_data =
      crypto::aead_seal(suite.aead_algorithm(), data_keys.key.view(), data_keys.nonce.view(),
                        out.sender_data_aad(), wire::encode(sender));
  if (out.ciphertext.size() > kMaxMessageBytes)
    return fail(ErrorCode::too_large, "The message is too large.");
  return out;
}

Result<SenderData> open_sender_data(const Suite& suite, ByteView sender_data_secret,
                                    const PrivateMessage& message) {
  const MessageKeys keys = sender_data_keys(suite, sender_data_secret, message.ciphertext);
  const auto plain = crypto::aead_open(suite.aead_algorithm(), keys.key.view(), keys.nonce.view(),
                                       message.sender_data_aad(), message.encrypted_sender_data);
  if (!plain) return fail(ErrorCode::untrusted, "The sender data does not decrypt.");
  return wire::decode<SenderData>(*plain);
}

Result<AuthenticatedContent> open_private(const Suite& suite, const SenderData& sender,
                                          const MessageKeys& keys, const PrivateMessage& message) {
  crypto::AeadKey key(suite.aead_algorithm(), keys.key.view());
  const auto plain =
      key.open_secret(guarded_nonce(keys, sender.reuse_guard), message.content_aad(), message.ciphertext);
  if (!plain) return fail(ErrorCode::untrusted, "The message does not decrypt.");

  AuthenticatedContent out;
  out.wire_format = WireFormat::private_message;
  out.content.group_id = message.group_id;
  out.content.epoch = message.epoch;
  out.content.sender = Sender::member(sender.leaf);
  out.content.authenticated_data = message.authenticated_data;
  wire::Reader in(plain->view());
  out.content.body = FramedContent::read_body(in, message.content_type);
  out.auth = FramedContentAuthData::read(in, message.content_type);
  const ByteView padding = in.rest();
  if (Status done = in.finish(); !done) return std::move(done).error().with("reading a private message");
  if (std::ranges::any_of(padding, [](std::uint8_t byte) { return byte != 0; })) {
    return fail(ErrorCode::invalid_argument, "The padding of the message is not zero.");
  }
  return out;
}

}  // namespace sotto::mls
