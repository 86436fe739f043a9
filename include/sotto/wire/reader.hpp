// Reads the TLS presentation language (RFC 8446 section 3) as MLS uses it (RFC 9420 section 2.1).
//
//   Reader in(bytes);
//   const auto version = in.u16();
//   const ByteView name = in.opaque(kMaxName);                      // variable-length vector
//   const auto keys = in.list(kMaxKeys, 64, [](Reader& r) { return r.u32(); });
//   if (Status ok = in.finish(); !ok) return std::move(ok).error();   // error, or bytes left over
//
// The first problem sticks: every later read gives zero or empty, and finish() tells what was wrong. So a
// parser reads straight through and asks once, before it uses anything. Nothing is allocated before a
// length was checked against the bytes that are really there. Views point into the input.
// Thread: any one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::wire {

// How the length in bytes of a vector is written before it.
enum class Prefix : std::uint8_t {
  varint,  // RFC 9420 section 2.1.2: 1, 2 or 4 bytes, shortest form only, at most kMaxVarint
  u8,
  u16,
  u32,
};

inline constexpr std::uint32_t kMaxVarint = (1U << 30) - 1;

class Reader {
 public:
  explicit Reader(ByteView input)
      : begin_(input.data()), next_(input.data()), end_(input.data() + input.size()) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer<1>()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer<2>()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer<4>()); }
  std::uint64_t u64() { return integer<8>(); }
  std::uint32_t varint();

  // Exactly `size` bytes.
  ByteView fixed(std::size_t size) {
    if (size > remaining()) {
      fail("the data ends too early");
      return {};
    }
    const ByteView view(next_, size);
    next_ += size;
    return view;
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    const ByteView view = fixed(N);
    if (!view.empty()) std::memcpy(out.data(), view.data(), N);
    return out;
  }
  ByteView rest() { return fixed(remaining()); }

  // A vector of bytes; one longer than `max` is refused.
  ByteView opaque(std::size_t max, Prefix prefix = Prefix::varint) {
    const std::size_t size = length(prefix);
    if (size > max) {
      fail("a vector is longer than allowed");
      return {};
    }
    return fixed(size);
  }

  // A vector whose content `read(Reader&)` must consume to its last byte.
  template <class Read>
  void vector(std::size_t max_bytes, Read&& read, Prefix prefix = Prefix::varint) {
    Reader inner(opaque(max_bytes, prefix));
    if (!ok()) return;
    std::forward<Read>(read)(inner);
    absorb(inner);
  }

  // A vector of elements, each read by `read(Reader&) -> T`.
  template <class Read>
  auto list(std::size_t max_bytes, std::size_t max_count, Read&& read, Prefix prefix = Prefix::varint) {
    std::vector<std::invoke_result_t<Read&, Reader&>> out;
    vector(
        max_bytes,
        [&](Reader& inner) {
          while (!inner.at_end()) {
            if (out.size() == max_count) return inner.fail("a vector has more elements than allowed");
            const std::size_t before = inner.offset();
            out.push_back(read(inner));
            // An element of no bytes would make the loop run for as long as the limit allows.
            if (inner.ok() && inner.offset() == before) return inner.fail("an empty element in a vector");
          }
        },
        prefix);
    if (!ok()) out.clear();
    return out;
  }

  // optional<T>: a byte 0 or 1, then perhaps the value.
  bool presence() {
    const std::uint8_t flag = u8();
    if (flag > 1) fail("an optional value is marked neither absent nor present");
    return ok() && flag == 1;
  }
  template <class Read>
  auto optional(Read&& read) {
    std::optional<std::invoke_result_t<Read&, Reader&>> out;
    if (presence()) out = std::forward<Read>(read)(*this);
    return out;
  }

  bool ok() const { return problem_ == nullptr; }
  bool at_end() const { return next_ == end_; }  // also after a failure, so that loops end
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - next_); }

  // For bytes that are signed or hashed as they came: note the offset, read, then take since(offset).
  std::size_t offset() const { return static_cast<std::size_t>(next_ - begin_); }
  ByteView since(std::size_t offset) const {
    if (!ok()) return {};
    return {begin_ + offset, next_};
  }

  // For the parser's own checks, too. `why` is a plain sentence that outlives the reader (a literal).
  // The first problem is kept.
  void fail(const char* why) {
    if (problem_ == nullptr) problem_ = why;
    next_ = end_;
  }
  Status status() const;
  Status finish();  // also refuses bytes left over

 private:
  template <int N>
  std::uint64_t integer() {
    if (remaining() < N) {
      fail("the data ends too early");
      return 0;
    }
    std::uint64_t value = 0;
    for (int i = 0; i < N; ++i) value = (value << 8) | next_[i];
    next_ += N;
    return value;
  }
  std::size_t length(Prefix prefix) {
    switch (prefix) {
      case Prefix::varint: return varint();
      case Prefix::u8: return u8();
      case Prefix::u16: return u16();
      case Prefix::u32: return u32();
    }
    return 0;
  }
  void absorb(const Reader& inner) {
    if (!inner.ok()) {
      fail(inner.problem_);
    } else if (!inner.at_end()) {
      fail("bytes are left over inside a vector");
    }
  }

  const std::uint8_t* begin_;
  const std::uint8_t* next_;
  const std::uint8_t* end_;
  const char* problem_ = nullptr;
};

// The whole of `input` as one T with `static T read(Reader&)`.
template <class T>
Result<T> decode(ByteView input) {
  Reader in(input);
  T value = T::read(in);
  if (Status done = in.finish(); !done) return std::move(done).error();
  return value;
}

}  // namespace sotto::wire
