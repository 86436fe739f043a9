// Framing of the text channel: a 4-byte big-endian length, then one serialised Envelope.
//
//   FrameReader reader;
//   reader.feed(bytes_from_tls);
//   while (auto frame = reader.next()) { ... }        // std::optional<ByteView>, valid until the next call
//   if (reader.failed()) close("protocol");
//
// The length is checked before anything is allocated for it. A failed reader stays failed.
#pragma once

#include <cstdint>
#include <optional>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::proto {

class Envelope;

inline constexpr std::size_t kFrameHeaderBytes = 4;
inline constexpr std::size_t kMaxFrameBytes = 1024 * 1024;  // body, by docs/protocol.md
// Largest data of one blob chunk request or reply: a compromise between throughput and how long a
// message may wait behind one (105 ms at 10 Mbit/s).
inline constexpr std::size_t kBlobChunkBytes = 128 * 1024 + 16;
inline constexpr std::size_t kMaxAppendBytes = 256 * 1024;

class FrameReader {
 public:
  explicit FrameReader(std::size_t max_frame = kMaxFrameBytes) : max_frame_(max_frame) {}

  void feed(ByteView bytes);
  std::optional<ByteView> next();
  bool failed() const { return failed_; }
  // Bytes of a frame that has begun and not ended: a connection that ends now was cut.
  bool mid_frame() const { return buffer_.size() > at_; }
  // Gives memory back once everything was consumed; called when a connection goes idle.
  void release_if_empty();

 private:
  void compact();
  std::size_t max_frame_;
  Bytes buffer_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

// Appends header and serialised envelope to `out`. Fails (too_large) over kMaxFrameBytes.
Status append_frame(const Envelope& envelope, Bytes& out);
Result<Bytes> to_frame(const Envelope& envelope);
// Parses a frame body. Unknown bodies are an error (invalid_argument), never skipped.
Result<Envelope> parse_envelope(ByteView frame);

}  // namespace sotto::proto
