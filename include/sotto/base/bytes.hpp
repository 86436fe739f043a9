// Byte containers and text encodings used by every module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sotto {

using Bytes = std::vector<std::uint8_t>;
// Borrowed bytes: valid only as long as the owner says, never stored across a call unless said so.
using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;

// Bytes together with the memory they lie in, so that large ones need not be copied to be kept.
struct OwnedView {
  OwnedView() = default;
  explicit OwnedView(Bytes bytes) : memory(std::move(bytes)), view(memory) {}
  OwnedView(Bytes bytes, ByteView part) : memory(std::move(bytes)), view(part) {}  // `part` lies within
  OwnedView(OwnedView&&) = default;  // a vector that is moved keeps its place
  OwnedView& operator=(OwnedView&&) = default;
  Bytes memory;
  ByteView view;
};

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }
inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }
inline std::string to_string(ByteView view) { return std::string(as_text(view)); }

inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

// Not for secrets: returns at the first difference. Secrets compare with constant_time_equal().
bool equal(ByteView a, ByteView b);

// Lower-case hexadecimal. from_hex takes either case and refuses odd lengths and other characters.
std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view text);

// base64url without padding (RFC 4648 section 5). Decoding refuses padding, white space and non-zero
// trailing bits, so that a value has one spelling.
std::string to_base64url(ByteView bytes);
std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace sotto
