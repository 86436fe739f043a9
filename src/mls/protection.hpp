// Signing, protecting and opening messages (RFC 9420 sections 6.1-6.3). Stateless: keys come as arguments.
#pragma once

#include "secret_tree.hpp"
#include "suite.hpp"

namespace sotto::mls {

// Signs; a commit's confirmation tag is added by the caller, as it needs the next epoch's keys.
void sign_content(const Suite& suite, const crypto::SigningKey& key, const GroupContext& context,
                  AuthenticatedContent& message);
bool signature_is_valid(const Suite& suite, ByteView public_key, const GroupContext& context,
                        const AuthenticatedContent& message);

PublicMessage protect_public(const Suite& suite, ByteView membership_key, const GroupContext& context,
                             AuthenticatedContent message);
// Checks the membership tag of a member's message; the signature is the caller's to check, as it needs the
// sender's key. Application data is refused.
Result<AuthenticatedContent> open_public(const Suite& suite, ByteView membership_key,
                                         const GroupContext& context, PublicMessage message);

// Padding (section 6.3.1): zero bytes at the end of the plaintext.
struct Padding {
  std::size_t to_multiple_of = 0;  // 0: none
};
Result<PrivateMessage> protect_private(const Suite& suite, ByteView sender_data_secret,
                                       const AuthenticatedContent& message, const SecretTree::Sending& keys,
                                       Padding padding, Random& random);

Result<SenderData> open_sender_data(const Suite& suite, ByteView sender_data_secret,
                                    const PrivateMessage& message);
// With the keys of the generation that the sender data names.
Result<AuthenticatedContent> open_private(const Suite& suite, const SenderData& sender,
                                          const MessageKeys& keys, const PrivateMessage& message);

constexpr RatchetType ratchet_of(ContentType type) {
  return type == ContentType::application ? RatchetType::application : RatchetType::handshake;
}

}  // namespace sotto::mls
