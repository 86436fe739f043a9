// The wire form of a sealed message (docs/protocol.md, Sealing): what the server keeps as an opaque payload,
// and the signed part inside it. Only structure and limits; keys are sealer.hpp's business.
//
//   struct {
//     uint16 version = 1;
//     RecipientKey recipients<V>;        // one for each device
//     opaque body<V>;                    // AES-256-GCM under the message key, nonce zero: a key seals one
//     body
//   } SealedMessage;
//   struct {
//     opaque device[16];
//     opaque kem_output[32];             // HPKE, X25519
//     opaque sealed_key[48];             // the 32-byte message key
//   } RecipientKey;
//
// The plain body:
//   struct {
//     uint64 counter;                    // of this device in this conversation, from 1, no gaps
//     opaque previous<V>;                // hash of the sender's message before; empty for counter 1
//     opaque members[16]<V>;             // user ids of the conversation, ascending
//     opaque content<V>;                 // proto::Content
//     opaque signature<V>;               // Ed25519 by the sender's device over SignedPart
//     opaque padding[rest];              // zeros up to the size bucket
//   } PlainBody;
#pragma once

#include <cstdint>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"

namespace sotto::client {

inline constexpr std::uint16_t kSealingVersion = 1;
inline constexpr std::size_t kMaxRecipientDevices = 64;  // two people's devices, with room
inline constexpr std::size_t kMaxSealedMembers = 64;
inline constexpr std::size_t kMaxSealedBytes = 256UL * 1024;  // proto::kMaxAppendBytes

struct RecipientKey {
  static constexpr std::size_t kKemBytes = 32;
  static constexpr std::size_t kSealedKeyBytes = 32 + 16;
  DeviceId device;
  Bytes kem_output;
  Bytes sealed_key;
};
struct SealedMessage {
  std::vector<RecipientKey> recipients;
  Bytes body;
};
Bytes encode(const SealedMessage& message);
Result<SealedMessage> decode_sealed_message(ByteView bytes);

struct PlainBody {
  std::uint64_t counter = 0;
  Bytes previous;
  std::vector<UserId> members;
  Bytes content;
  Bytes signature;
};
// Padded to the next bucket: a power of two from 256 bytes on, so the server learns one of few sizes.
Bytes encode_padded(const PlainBody& body);
Result<PlainBody> decode_plain_body(ByteView bytes);

// Where a message belongs; all of it is signed, so none of it can be changed.
struct MessageAddress {
  ConversationId conversation;
  MessageId message;
  UserId sender;
  DeviceId device;
};
// What the device signs, and of which the next message carries the hash:
//   label "sotto sealed message v1" || 0x00 || version || conversation || message || sender || device ||
//   members<V> || counter || previous<V> || content<V>
Bytes signed_part(const MessageAddress& address, const PlainBody& body);

}  // namespace sotto::client
