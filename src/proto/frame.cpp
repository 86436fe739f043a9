#include "sotto/proto/frame.hpp"

#include "channel.pb.h"

namespace sotto::proto {

void FrameReader::feed(ByteView bytes) {
  if (failed_) return;
  compact();
  append(buffer_, bytes);
}

void FrameReader::compact() {
  if (at_ == 0) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
}

std::optional<ByteView> FrameReader::next() {
  if (failed_ || buffer_.size() - at_ < kFrameHeaderBytes) return std::nullopt;
  const std::uint8_t* head = buffer_.data() + at_;
  const std::size_t length = std::size_t{head[0]} << 24 | std::size_t{head[1]} << 16 |
                             std::size_t{head[2]} << 8 | std::size_t{head[3]};
  if (length > max_frame_) {
    failed_ = true;
    buffer_ = {};
    at_ = 0;
    return std::nullopt;
  }
  if (buffer_.size() - at_ - kFrameHeaderBytes < length) {
    // Room for the rest at once, instead of growing with each feed. Untouched, it costs nothing.
    compact();
    buffer_.reserve(kFrameHeaderBytes + length);
    return std::nullopt;
  }
  const ByteView frame{head + kFrameHeaderBytes, length};
  at_ += kFrameHeaderBytes + length;
  return frame;
}

void FrameReader::release_if_empty() {
  if (at_ < buffer_.size()) return;
  buffer_ = {};
  at_ = 0;
}

Status append_frame(const Envelope& envelope, Bytes& out) {
  const std::size_t size = envelope.ByteSizeLong();
  if (size > kMaxFrameBytes) return fail(ErrorCode::too_large, "The request is larger than a frame may be.");
  const std::size_t at = out.size();
  out.resize(at + kFrameHeaderBytes + size);
  for (std::size_t i = 0; i < kFrameHeaderBytes; ++i) {
    out[at + i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
  }
  envelope.SerializeWithCachedSizesToArray(out.data() + at + kFrameHeaderBytes);
  return ok_status();
}

Result<Bytes> to_frame(const Envelope& envelope) {
  Bytes out;
  if (Status status = append_frame(envelope, out); !status) return std::move(status).error();
  return out;
}

Result<Envelope> parse_envelope(ByteView frame) {
  Envelope envelope;
  if (frame.size() > kMaxFrameBytes ||
      !envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size())) ||
      envelope.body_case() == Envelope::BODY_NOT_SET) {
    return fail(ErrorCode::invalid_argument, "The frame is not a message of this protocol.");
  }
  return envelope;
}

}  // namespace sotto::proto
