#include "hpke_sealer.hpp"

#include <algorithm>

#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/hash.hpp"
#include "sotto/crypto/hkdf.hpp"
#include "sotto/crypto/hpke.hpp"

namespace sotto::client {

namespace {

using crypto::HashAlgorithm;

constexpr crypto::HpkeSuite kSuite{crypto::HpkeKem::x25519_sha256, crypto::HpkeAead::aes_128_gcm};
constexpr std::string_view kKeyLabel = "sotto sealed message key v1";
constexpr std::string_view kExportLabel{"sotto export v1\0", 16};
constexpr std::size_t kMessageKeyBytes = 32;
constexpr std::array<std::uint8_t, crypto::kAeadNonceSize> kZeroNonce{};

// Binds each sealed key, and the body, to the place of the message: neither can be moved.
Bytes address_bytes(const MessageAddress& address) {
  Bytes out;
  append(out, address.conversation.bytes());
  append(out, address.message.bytes());
  append(out, address.sender.bytes());
  append(out, address.device.bytes());
  return out;
}
Bytes key_aad(const MessageAddress& address, DeviceId recipient) {
  Bytes out = address_bytes(address);
  append(out, recipient.bytes());
  return out;
}

Opened rejected(const char* reason) {
  Opened opened;
  opened.reason = reason;
  return opened;
}

}  // namespace

HpkeSealer::HpkeSealer(DeviceId device, crypto::SigningKey device_key, crypto::DhPrivateKey sealing_key,
                       Random& random)
    : device_(device),
      device_key_(std::move(device_key)),
      sealing_key_(std::move(sealing_key)),
      random_(random) {}

Result<Sealed> HpkeSealer::seal(const SealRequest& request) {
  if (request.devices.size() > kMaxRecipientDevices || request.members.size() > kMaxSealedMembers) {
    return fail(ErrorCode::too_large, "This conversation has too many devices.");
  }
  PlainBody body;
  body.counter = request.counter;
  body.previous = request.previous;
  body.members = request.members;
  std::ranges::sort(body.members);
  body.content = request.content;
  const Bytes to_sign = signed_part(request.address, body);
  body.signature = device_key_.sign(to_sign);

  SecretBytes message_key(kMessageKeyBytes);
  random_.fill(message_key.mutable_view());
  SealedMessage message;
  for (const store::ClientDeviceRecord& device : request.devices) {
    auto sealed = crypto::hpke_seal(kSuite, device.sealing_key, as_bytes(kKeyLabel),
                                    key_aad(request.address, device.id), message_key.view(), random_);
    if (!sealed) return std::move(sealed).error().with("sealing to a device");
    message.recipients.push_back({device.id, std::move(sealed->kem_output), std::move(sealed->ciphertext)});
  }
  message.body = crypto::aead_seal(crypto::AeadAlgorithm::aes_256_gcm, message_key.view(), kZeroNonce,
                                   address_bytes(request.address), encode_padded(body));
  Sealed out{encode(message), crypto::hash(HashAlgorithm::sha256, to_sign)};
  if (out.payload.size() > kMaxSealedBytes) return fail(ErrorCode::too_large, "The message is too long.");
  return out;
}

Opened HpkeSealer::open(const OpenRequest& request, ByteView payload) {
  const Result<SealedMessage> message = decode_sealed_message(payload);
  if (!message) return rejected("malformed");
  const auto mine = std::ranges::find(message->recipients, device_, &RecipientKey::device);
  if (mine == message->recipients.end()) {
    Opened opened;
    opened.outcome = Opening::not_for_us;
    return opened;
  }
  const Result<SecretBytes> key =
      crypto::hpke_open(kSuite, mine->kem_output, sealing_key_, as_bytes(kKeyLabel),
                        key_aad(request.address, device_), mine->sealed_key);
  if (!key || key->size() != kMessageKeyBytes) return rejected("the message key does not open");
  const Result<Bytes> plain = crypto::aead_open(crypto::AeadAlgorithm::aes_256_gcm, key->view(), kZeroNonce,
                                                address_bytes(request.address), message->body);
  if (!plain) return rejected("the body does not open");
  Result<PlainBody> body = decode_plain_body(*plain);
  if (!body) return rejected("malformed body");

  const Bytes signed_bytes = signed_part(request.address, *body);
  if (!crypto::verify(crypto::SignatureAlgorithm::ed25519, request.sender->device_key, signed_bytes,
                      body->signature)) {
    return rejected("the signature is wrong");
  }
  std::vector<UserId> members = request.members;
  std::ranges::sort(members);
  if (body->members != members) return rejected("sealed for another circle of members");

  Opened opened;
  opened.counter = body->counter;
  opened.hash = crypto::hash(HashAlgorithm::sha256, signed_bytes);
  opened.content = std::move(body->content);
  opened.outcome = Opening::content;
  if (request.chain == nullptr)
    return opened;  // a device that joined later sees the chain from its middle on
  if (body->counter <= request.chain->counter) {
    opened.outcome = Opening::replay;
  } else if (body->counter > request.chain->counter + 1) {
    opened.outcome = Opening::gap;
  } else if (!equal(body->previous, request.chain->hash)) {
    return rejected("the message before it was another one");
  }
  return opened;
}

Result<SecretBytes> HpkeSealer::export_secret(ConversationId conversation, std::string_view label,
                                              ByteView context, const store::ClientDeviceRecord& peer) {
  Result<SecretBytes> shared = sealing_key_.agree(peer.sealing_key);
  if (!shared) return std::move(shared).error();
  Bytes info = to_bytes(kExportLabel);
  append(info, conversation.bytes());
  // Both sides list the two devices in the same order.
  append(info, std::min(device_, peer.id).bytes());
  append(info, std::max(device_, peer.id).bytes());
  append(info, as_bytes(label));
  info.push_back(0);
  append(info, context);
  return crypto::hkdf(HashAlgorithm::sha256, {}, shared->view(), info, 32);
}

}  // namespace sotto::client
