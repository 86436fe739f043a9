#include "sotto/proto/hot_frames.hpp"

#include "sotto/proto/frame.hpp"

namespace sotto::proto {
namespace {

// Protobuf's wire format: a tag is field number * 8 + type.
constexpr std::uint64_t varint_tag(std::uint32_t field) { return std::uint64_t{field} << 3; }
constexpr std::uint64_t bytes_tag(std::uint32_t field) { return std::uint64_t{field} << 3 | 2; }

// ---- Reading ----

class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : left_(bytes) {}

  bool tag(std::uint64_t expected) {
    const FieldReader before = *this;
    std::uint64_t found = 0;
    if (raw_varint(found) && found == expected) return true;
    *this = before;
    return false;
  }
  bool varint(std::uint32_t field, std::uint64_t& value) {
    return tag(varint_tag(field)) && raw_varint(value);
  }
  // A missing field has its default: encoders leave out zeros and empty strings.
  bool varint_or_zero(std::uint32_t field, std::uint64_t& value) {
    return !tag(varint_tag(field)) || raw_varint(value);
  }
  bool bytes(std::uint32_t field, ByteView& value) {
    std::uint64_t size = 0;
    if (!tag(bytes_tag(field)) || !raw_varint(size) || size > left_.size()) return false;
    value = left_.first(static_cast<std::size_t>(size));
    left_ = left_.subspan(value.size());
    return true;
  }
  bool done() const { return left_.empty(); }

 private:
  bool raw_varint(std::uint64_t& value) {
    value = 0;
    for (std::size_t i = 0; i < left_.size() && i < 9; ++i) {
      value |= std::uint64_t{left_[i] & 0x7fU} << (7 * i);
      if (left_[i] < 0x80) {
        if (left_[i] == 0 && i > 0) return false;  // longer than need be
        left_ = left_.subspan(i + 1);
        return true;
      }
    }
    return false;
  }
  ByteView left_;
};

// The request's fields, if the envelope is nothing but this one.
bool read_body(ByteView frame, std::uint32_t field, std::uint64_t& id, ByteView& body) {
  FieldReader envelope(frame);
  return envelope.varint(1, id) && envelope.bytes(field, body) && envelope.done();
}

// ---- Writing ----

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// Counts first, then writes: fields are given once, to either.
class Counter {
 public:
  void varint(std::uint32_t field, std::uint64_t value) {
    if (value != 0) size += varint_size(varint_tag(field)) + varint_size(value);
  }
  void bytes(std::uint32_t field, ByteView value) {
    if (!value.empty()) head(field, value.size()), size += value.size();
  }
  void head(std::uint32_t field, std::size_t length) {
    size += varint_size(bytes_tag(field)) + varint_size(length);
  }
  std::size_t size = 0;
};

class Writer {
 public:
  explicit Writer(std::size_t body) {
    out.reserve(kFrameHeaderBytes + body);
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(body >> shift));
  }
  void varint(std::uint32_t field, std::uint64_t value) {
    if (value != 0) raw(varint_tag(field)), raw(value);
  }
  void bytes(std::uint32_t field, ByteView value) {
    if (!value.empty()) head(field, value.size()), append(out, value);
  }
  void head(std::uint32_t field, std::size_t length) { raw(bytes_tag(field)), raw(length); }
  Bytes out;

 private:
  void raw(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
    out.push_back(static_cast<std::uint8_t>(value));
  }
};

// An envelope with this id and a body of these fields, whose last `rest` bytes the caller appends.
template <class Fields>
Bytes head(std::uint64_t id, std::uint32_t body_field, std::size_t rest, const Fields& fields) {
  Counter body;
  fields(body);
  Counter all;
  all.varint(1, id);
  all.head(body_field, body.size + rest);
  Writer writer(all.size + body.size + rest);
  writer.varint(1, id);
  writer.head(body_field, body.size + rest);
  fields(writer);
  return std::move(writer.out);
}

template <class Fields>
Bytes frame(std::uint64_t id, std::uint32_t body_field, const Fields& fields) {
  return head(id, body_field, 0, fields);
}

}  // namespace

std::optional<AppendView> read_append(ByteView frame) {
  AppendView view;
  ByteView body;
  if (!read_body(frame, 24, view.id, body)) return std::nullopt;
  FieldReader fields(body);
  if (!fields.bytes(1, view.conversation) || !fields.bytes(2, view.message) ||
      !fields.bytes(3, view.payload) || !fields.done()) {
    return std::nullopt;
  }
  return view;
}

std::optional<PutBlobView> read_put_blob(ByteView frame) {
  PutBlobView view;
  ByteView body;
  if (!read_body(frame, 27, view.id, body)) return std::nullopt;
  FieldReader fields(body);
  if (!fields.bytes(1, view.blob) || !fields.bytes(2, view.conversation) ||
      !fields.varint_or_zero(3, view.offset) || !fields.bytes(4, view.data) || !fields.done()) {
    return std::nullopt;
  }
  return view;
}

Bytes append_reply_frame(std::uint64_t id, std::uint64_t seq, std::int64_t time_ms) {
  return frame(id, 124, [&](auto& out) {
    out.varint(1, seq);
    out.varint(2, static_cast<std::uint64_t>(time_ms));
  });
}

Bytes entry_push_frame(const EntryView& entry) {
  const auto fields = [&](auto& out) {
    out.bytes(1, entry.conversation);
    out.varint(2, entry.seq);
    out.bytes(3, entry.sender_user);
    out.bytes(4, entry.sender_device);
    out.varint(5, static_cast<std::uint64_t>(entry.time_ms));
    out.bytes(6, entry.message);
    out.bytes(7, entry.payload);
  };
  Counter inner;
  fields(inner);
  return frame(0, 200, [&](auto& out) {
    out.head(1, inner.size);
    fields(out);
  });
}

Bytes blob_status_frame(std::uint64_t id, std::uint64_t size, bool complete) {
  return frame(id, 128, [&](auto& out) {
    out.varint(1, size);
    out.varint(2, complete ? 1 : 0);
  });
}

Bytes put_blob_head(std::uint64_t id, ByteView blob, ByteView conversation, std::uint64_t offset,
                    std::size_t size) {
  return head(id, 27, size, [&](auto& out) {
    out.bytes(1, blob);
    out.bytes(2, conversation);
    out.varint(3, offset);
    if (size != 0) out.head(4, size);
  });
}

// The data is the first field for every encoder, but fields may come in any order, and so it can be last
// here.
Bytes get_blob_reply_head(std::uint64_t id, std::uint64_t blob_size, std::size_t size) {
  return head(id, 130, size, [&](auto& out) {
    out.varint(2, blob_size);
    if (size != 0) out.head(1, size);
  });
}

}  // namespace sotto::proto
