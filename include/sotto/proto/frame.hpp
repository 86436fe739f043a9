// Framing of the text channel: a 4-byte big-endian length, then one serialised Envelope.
//
//   FrameReader reader;
//   reader.feed(bytes_from_tls);                      // borrowed until settle()
//   while (auto frame = reader.next()) { ... }        // std::optional<ByteView>, valid until the next call
//   reader.settle();                                  // keeps what is left for the next feed
//   if (reader.failed()) close("protocol");
//
// A frame that came whole is read where it lies; only what is left over is copied. The length is checked
// before anything is allocated for it. A failed reader stays failed.
#pragma once

#include <cstdint>
#include <optional>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::proto {

class Envelope;

inline constexpr std::size_t kFrameHeaderBytes = 4;
inline constexpr std::size_t kMaxFrameBytes = 1024UL * 1024;  // body, by docs/protocol.md
// Largest data of one blob chunk request or reply: a compromise between throughput and how long a
// message may wait behind one (105 ms at 10 Mbit/s).
inline constexpr std::size_t kBlobChunkBytes = 128UL * 1024 + 16;
inline constexpr std::size_t kMaxAppendBytes = 256UL * 1024;

class FrameReader {
 public:
  explicit FrameReader(std::size_t max_frame = kMaxFrameBytes) : max_frame_(max_frame) {}

  void feed(ByteView bytes);
  std::optional<ByteView> next();
  // What was not taken is copied, and memory is given back if that is nothing. next() goes on afterwards.
  void settle();
  bool failed() const { return failed_; }
  // Bytes of a frame that has begun and not ended, or was not taken: a connection that ends now was cut.
  bool mid_frame() const { return at_ < buffer_.size() || !fed_.empty(); }

  // A part of the frame that next() returned last, to be kept: with the reader's memory if the frame has that
  // for itself, else as a copy.
  OwnedView keep(ByteView part);

 private:
  // Of the frame that `bytes` begin with, header included; nullopt: the header is not complete.
  std::optional<std::size_t> frame_size(ByteView bytes) const;
  void refuse();
  bool top_up(std::size_t wanted);

  std::size_t max_frame_;
  Bytes buffer_;  // before what is fed
  std::size_t at_ = 0;
  ByteView fed_;
  bool failed_ = false;
};

// Appends header and serialised envelope to `out`. Fails (too_large) over kMaxFrameBytes.
Status append_frame(const Envelope& envelope, Bytes& out);
Result<Bytes> to_frame(const Envelope& envelope);
// Parses a frame body. Unknown bodies are an error (invalid_argument), never skipped.
Result<Envelope> parse_envelope(ByteView frame);

}  // namespace sotto::proto
