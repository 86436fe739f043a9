#include "sotto/proto/frame.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <utility>

#include "channel.pb.h"

namespace sotto::proto {

void FrameReader::feed(ByteView bytes) {
  assert(fed_.empty() && "settle() ends a round");
  if (!failed_) fed_ = bytes;
}

std::optional<std::size_t> FrameReader::frame_size(ByteView bytes) const {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  return kFrameHeaderBytes + (std::size_t{bytes[0]} << 24 | std::size_t{bytes[1]} << 16 |
                              std::size_t{bytes[2]} << 8 | std::size_t{bytes[3]});
}

void FrameReader::refuse() {
  failed_ = true;
  buffer_ = {};
  at_ = 0;
  fed_ = {};
}

// Moves fed bytes behind the buffered ones until there are `wanted`, if there are so many.
bool FrameReader::top_up(std::size_t wanted) {
  if (buffer_.size() - at_ >= wanted) return true;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
  // Room for all of it at once, instead of growing with each feed. Untouched, it costs nothing.
  buffer_.reserve(wanted);
  const std::size_t more = std::min(wanted - buffer_.size(), fed_.size());
  append(buffer_, fed_.first(more));
  fed_ = fed_.subspan(more);
  return buffer_.size() == wanted;
}

std::optional<ByteView> FrameReader::next() {
  if (failed_) return std::nullopt;
  const bool buffered = at_ < buffer_.size();
  if (buffered && !top_up(kFrameHeaderBytes)) return std::nullopt;
  const auto size = frame_size(buffered ? ByteView(buffer_).subspan(at_) : fed_);
  if (!size) return std::nullopt;
  if (*size > kFrameHeaderBytes + max_frame_) {
    refuse();
    return std::nullopt;
  }
  if (!buffered) {
    if (fed_.size() < *size) return std::nullopt;
    const ByteView frame = fed_.subspan(kFrameHeaderBytes, *size - kFrameHeaderBytes);
    fed_ = fed_.subspan(*size);
    return frame;
  }
  if (!top_up(*size)) return std::nullopt;
  const ByteView frame = ByteView(buffer_).subspan(at_ + kFrameHeaderBytes, *size - kFrameHeaderBytes);
  at_ += *size;
  return frame;
}

void FrameReader::settle() {
  if (at_ == buffer_.size()) {
    buffer_ = {};
    at_ = 0;
  }
  if (fed_.empty()) return;
  const std::optional<std::size_t> size = frame_size(fed_);
  if (buffer_.empty() && size && *size <= kFrameHeaderBytes + max_frame_) {
    buffer_.reserve(std::max(*size, fed_.size()));
  }
  append(buffer_, fed_);
  fed_ = {};
}

OwnedView FrameReader::keep(ByteView part) {
  const std::less_equal<> before;  // pointers into different objects have no other order
  const bool is_ours = !buffer_.empty() && before(buffer_.data(), part.data()) &&
                       before(part.data() + part.size(), buffer_.data() + buffer_.size());
  if (!is_ours || at_ != buffer_.size()) return OwnedView(to_bytes(part));
  at_ = 0;
  return {std::exchange(buffer_, {}), part};
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
