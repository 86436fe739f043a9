// Writes the TLS presentation language (RFC 8446 section 3) as MLS uses it (RFC 9420 section 2.1); the
// mirror of Reader.
//
//   Writer out;
//   out.u16(version);
//   out.opaque(name);
//   out.vector([&](Writer& w) { for (auto key : keys) w.u32(key); });
//   send(std::move(out).take());
//
// A value that does not fit its length prefix is a caller's bug (limits are checked where values are
// made) and throws std::length_error. A writer made by Writer::secret() wipes the buffers it outgrows and
// the one it dies with. Thread: any one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "sotto/base/bytes.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/wire/reader.hpp"

namespace sotto::wire {

class Writer {
 public:
  Writer() = default;
  // Room for `capacity` bytes at once; a good guess saves copies, a bad one costs nothing else.
  explicit Writer(std::size_t capacity) { out_.reserve(capacity); }
  static Writer secret(std::size_t capacity = 256);

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  Writer(Writer&&) noexcept = default;
  Writer& operator=(Writer&&) = delete;
  ~Writer();

  void u8(std::uint8_t value) { integer<1>(value); }
  void u16(std::uint16_t value) { integer<2>(value); }
  void u32(std::uint32_t value) { integer<4>(value); }
  void u64(std::uint64_t value) { integer<8>(value); }
  void varint(std::size_t value);

  void fixed(ByteView bytes);
  void opaque(ByteView bytes, Prefix prefix = Prefix::varint) {
    length(bytes.size(), prefix);
    fixed(bytes);
  }

  // A vector whose content `write(Writer&)` appends to this same writer; its length is filled in after.
  template <class Write>
  void vector(Write&& write, Prefix prefix = Prefix::varint) {
    const std::size_t start = out_.size();
    std::forward<Write>(write)(*this);
    insert_length(start, prefix);
  }
  template <class Range, class Write>
  void list(const Range& elements, Write&& write, Prefix prefix = Prefix::varint) {
    vector(
        [&](Writer& w) {
          for (const auto& element : elements) write(w, element);
        },
        prefix);
  }

  void presence(bool present) { u8(present ? 1 : 0); }
  template <class T, class Write>
  void optional(const std::optional<T>& value, Write&& write) {
    presence(value.has_value());
    if (value) std::forward<Write>(write)(*this, *value);
  }

  std::size_t size() const { return out_.size(); }
  ByteView view() const { return out_; }
  Bytes take() && { return std::exchange(out_, {}); }
  SecretBytes take_secret() &&;

 private:
  template <int N>
  void integer(std::uint64_t value) {
    grow(N);
    for (int i = N - 1; i >= 0; --i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void grow(std::size_t more) {
    if (wipes_ && out_.capacity() - out_.size() < more) grow_wiping(more);
  }
  void grow_wiping(std::size_t more);
  void length(std::size_t size, Prefix prefix);
  void insert_length(std::size_t start, Prefix prefix);

  Bytes out_;
  bool wipes_ = false;
};

// One T with `void write(Writer&) const`, alone.
template <class T>
Bytes encode(const T& value) {
  Writer out;
  value.write(out);
  return std::move(out).take();
}

}  // namespace sotto::wire
