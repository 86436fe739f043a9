#include "sealed_message.hpp"

#include <algorithm>
#include <bit>

#include "content.hpp"
#include "sotto/wire/reader.hpp"
#include "sotto/wire/writer.hpp"

namespace sotto::client {

namespace {

constexpr std::size_t kSmallestBucket = 256;
constexpr std::string_view kLabel{"sotto sealed message v1\0", 24};

template <class IdType>
IdType read_id(wire::Reader& in) {
  return IdType::from_bytes(in.fixed(IdType::kSize)).value_or(IdType{});
}

void write_members(wire::Writer& out, const std::vector<UserId>& members) {
  out.list(members, [](wire::Writer& w, const UserId& member) { w.fixed(member.bytes()); });
}

}  // namespace

Bytes encode(const SealedMessage& message) {
  wire::Writer out(message.body.size() + 64 + message.recipients.size() * 96);
  out.u16(kSealingVersion);
  out.list(message.recipients, [](wire::Writer& w, const RecipientKey& key) {
    w.fixed(key.device.bytes());
    w.fixed(key.kem_output);
    w.fixed(key.sealed_key);
  });
  out.opaque(message.body);
  return std::move(out).take();
}

Result<SealedMessage> decode_sealed_message(ByteView bytes) {
  if (bytes.size() > kMaxSealedBytes) return fail(ErrorCode::too_large, "the sealed message is too large");
  wire::Reader in(bytes);
  SealedMessage message;
  if (in.u16() != kSealingVersion) in.fail("the message is of an unknown version");
  message.recipients = in.list(kMaxRecipientDevices * 96, kMaxRecipientDevices, [](wire::Reader& r) {
    RecipientKey key;
    key.device = read_id<DeviceId>(r);
    key.kem_output = to_bytes(r.fixed(RecipientKey::kKemBytes));
    key.sealed_key = to_bytes(r.fixed(RecipientKey::kSealedKeyBytes));
    return key;
  });
  message.body = to_bytes(in.opaque(kMaxSealedBytes));
  if (Status done = in.finish(); !done) return std::move(done).error();
  return message;
}

Bytes encode_padded(const PlainBody& body) {
  wire::Writer out(body.content.size() + 512);
  out.u64(body.counter);
  out.opaque(body.previous);
  write_members(out, body.members);
  out.opaque(body.content);
  out.opaque(body.signature);
  Bytes bytes = std::move(out).take();
  bytes.resize(std::max(kSmallestBucket, std::bit_ceil(bytes.size())));
  return bytes;
}

Result<PlainBody> decode_plain_body(ByteView bytes) {
  wire::Reader in(bytes);
  PlainBody body;
  body.counter = in.u64();
  body.previous = to_bytes(in.opaque(32));
  body.members = in.list(kMaxSealedMembers * UserId::kSize, kMaxSealedMembers,
                         [](wire::Reader& r) { return read_id<UserId>(r); });
  body.content = to_bytes(in.opaque(kMaxContentBytes));
  body.signature = to_bytes(in.opaque(64));
  for (const std::uint8_t byte : in.rest()) {
    if (byte != 0) in.fail("the padding is not zero");
  }
  if (Status done = in.finish(); !done) return std::move(done).error();
  if (body.counter == 0) return fail(ErrorCode::invalid_argument, "the message counter is zero");
  if (!body.previous.empty() && body.previous.size() != 32) {
    return fail(ErrorCode::invalid_argument, "the hash of the message before is malformed");
  }
  return body;
}

Bytes signed_part(const MessageAddress& address, const PlainBody& body) {
  wire::Writer out(body.content.size() + 512);
  out.fixed(as_bytes(kLabel));
  out.u16(kSealingVersion);
  out.fixed(address.conversation.bytes());
  out.fixed(address.message.bytes());
  out.fixed(address.sender.bytes());
  out.fixed(address.device.bytes());
  write_members(out, body.members);
  out.u64(body.counter);
  out.opaque(body.previous);
  out.opaque(body.content);
  return std::move(out).take();
}

}  // namespace sotto::client
