// The buffers that all streams of a thread share. Private to net.
#pragma once

#include <array>

#include "sotto/net/tls_stream.hpp"
#include "tls_internal.hpp"

namespace sotto::net {

inline constexpr std::size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;  // 16 KiB, RFC 8446 section 5.1
inline constexpr std::size_t kReadBytes = 64 * 1024;                   // a recv

// One set a thread: an idle connection holds none. Streams of a thread take turns, and no stream uses them across a
// callback except `in` and `plain` while it receives, which no other stream then does.
struct Scratch {
  std::array<std::uint8_t, kReadBytes + kRecordHeaderBytes + kMaxRecordBody> in;  // a begun record, and what follows
  std::array<std::uint8_t, 64 * 1024> plain;
  std::array<std::uint8_t, kRecordBytes> gather;
  // A batch, whose last record may begin just before its end.
  std::array<std::uint8_t, kBatchBytes + kRecordBytes + (kBatchBytes / kRecordBytes + 1) * kRecordOverhead> sealed;
  Bytes out;  // of OpenSSL
};
inline Scratch& scratch() {
  thread_local const auto buffers = std::make_unique<Scratch>();
  return *buffers;
}

}  // namespace sotto::net
