// The few envelopes that come and go for every message and every piece of a file, read and written without
// objects in between. What they mean is the schema's (channel.proto); they are the same bytes as protobuf's.
//
//   if (const auto append = proto::read_append(frame)) use(append->payload);   // views into the frame
//   else parse_envelope(frame)                                                 // any other spelling or
//   request
//
// The readers take exactly what every encoder writes (each field once, in order, nothing else) and leave
// everything else to protobuf. The writers make whole frames with their header.
#pragma once

#include <cstdint>
#include <optional>

#include "sotto/base/bytes.hpp"

namespace sotto::proto {

struct AppendView {
  std::uint64_t id = 0;
  ByteView conversation;
  ByteView message;
  ByteView payload;
};
std::optional<AppendView> read_append(ByteView frame);

struct PutBlobView {
  std::uint64_t id = 0;
  ByteView blob;
  ByteView conversation;
  std::uint64_t offset = 0;
  ByteView data;
};
std::optional<PutBlobView> read_put_blob(ByteView frame);

Bytes append_reply_frame(std::uint64_t id, std::uint64_t seq, std::int64_t time_ms);

struct EntryView {
  ByteView conversation;
  std::uint64_t seq = 0;
  ByteView sender_user;
  ByteView sender_device;
  std::int64_t time_ms = 0;
  ByteView message;
  ByteView payload;  // at most kMaxAppendBytes
};
Bytes entry_push_frame(const EntryView& entry);

Bytes blob_status_frame(std::uint64_t id, std::uint64_t size, bool complete);

// Everything of a frame but the `size` bytes of data that are its end; room for them is reserved.
Bytes put_blob_head(std::uint64_t id, ByteView blob, ByteView conversation, std::uint64_t offset,
                    std::size_t size);
Bytes get_blob_reply_head(std::uint64_t id, std::uint64_t blob_size, std::size_t size);

}  // namespace sotto::proto
