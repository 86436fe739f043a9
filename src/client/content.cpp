#include "content.hpp"

#include <algorithm>

#include "utf8.hpp"

namespace sotto::client {

namespace {

Error wrong(const char* what) { return fail(ErrorCode::invalid_argument, what); }

Status check(const proto::Text& text) {
  if (text.text().size() > kMaxTextBytes) return wrong("the text is too long");
  if (!is_utf8(text.text())) return wrong("the text is not UTF-8");
  if (!text.reply_to().empty() && text.reply_to().size() != MessageId::kSize)
    return wrong("a message id is malformed");
  return ok_status();
}

Status check(const proto::File& file) {
  if (file.blob().size() != BlobId::kSize) return wrong("the blob id is malformed");
  if (file.key().size() != 32) return wrong("the file key is malformed");
  if (file.sha256().size() != 32) return wrong("the file hash is malformed");
  if (file.size() > kMaxFileBytes) return wrong("the file is too large");
  if (file.chunk_bytes() == 0 || file.chunk_bytes() > proto::kBlobChunkBytes - 16)
    return wrong("the chunk size is wrong");
  if (file.name().size() > kMaxRawFileName || !is_utf8(file.name()))
    return wrong("the file name is malformed");
  if (file.type().size() > kMaxFileType || !is_utf8(file.type())) return wrong("the file type is malformed");
  if (file.text().size() > kMaxCaptionBytes || !is_utf8(file.text()))
    return wrong("the caption is malformed");
  return ok_status();
}

Status check(const proto::Receipt& receipt) {
  if (receipt.messages_size() == 0 ||
      static_cast<std::size_t>(receipt.messages_size()) > kMaxReceiptMessages) {
    return wrong("the receipt covers too many messages");
  }
  for (const auto& id : receipt.messages()) {
    if (id.size() != MessageId::kSize) return wrong("a message id is malformed");
  }
  if (receipt.kind() != proto::Receipt::DELIVERED && receipt.kind() != proto::Receipt::READ) {
    return wrong("the receipt's kind is unknown");
  }
  return ok_status();
}

Status check(const proto::IceParameters& ice) {
  // RFC 8839 section 5.4: 4 to 256 and 22 to 256 characters.
  if (ice.ufrag().size() < 4 || ice.ufrag().size() > kMaxIceText)
    return wrong("the ICE user fragment is malformed");
  if (ice.password().size() < 22 || ice.password().size() > kMaxIceText)
    return wrong("the ICE password is malformed");
  return ok_status();
}

Status check(const proto::CallSignal& signal) {
  if (signal.call().size() != CallId::kSize) return wrong("the call id is malformed");
  switch (signal.body_case()) {
    case proto::CallSignal::kOffer:
      if (signal.offer().key_commitment().size() != 32) return wrong("the key commitment is malformed");
      if (static_cast<std::size_t>(signal.offer().video_codecs_size()) > kMaxCodecs)
        return wrong("too many codecs");
      for (const auto& codec : signal.offer().video_codecs()) {
        if (codec.size() > 32) return wrong("a codec name is too long");
      }
      return check(signal.offer().ice());
    case proto::CallSignal::kAnswer:
      if (signal.answer().public_key().size() != 32) return wrong("the call key is malformed");
      return check(signal.answer().ice());
    case proto::CallSignal::kReveal:
      if (signal.reveal().public_key().size() != 32) return wrong("the call key is malformed");
      return ok_status();
    case proto::CallSignal::kCandidates:
      if (static_cast<std::size_t>(signal.candidates().candidates_size()) > kMaxCandidates) {
        return wrong("too many candidates");
      }
      for (const auto& candidate : signal.candidates().candidates()) {
        if (candidate.size() > kMaxCandidateBytes) return wrong("a candidate is too long");
      }
      return ok_status();
    default: return ok_status();
  }
}

}  // namespace

Result<proto::Content> parse_content(ByteView bytes) {
  if (bytes.size() > kMaxContentBytes) return wrong("the content is too large");
  proto::Content content;
  if (!content.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return wrong("the content is malformed");
  Status valid = ok_status();
  switch (content.body_case()) {
    case proto::Content::kText: valid = check(content.text()); break;
    case proto::Content::kFile: valid = check(content.file()); break;
    case proto::Content::kReceipt: valid = check(content.receipt()); break;
    case proto::Content::kCall: valid = check(content.call()); break;
    case proto::Content::BODY_NOT_SET: break;
  }
  if (!valid) return std::move(valid).error();
  return content;
}

Bytes serialise(const proto::Content& content) { return to_bytes(content.SerializeAsString()); }

std::int64_t plausible_time_ms(std::int64_t server_ms) {
  constexpr std::int64_t kEndOf9999 = 253'402'300'799'999;
  return std::clamp<std::int64_t>(server_ms, 0, kEndOf9999);
}

}  // namespace sotto::client
