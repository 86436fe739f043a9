// Identifiers that cannot be mixed up: each is its own type around 128 random bits.
//
// Text form: 32 lower-case hexadecimal digits. Made by Random::id<T>() or received.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include "sotto/base/bytes.hpp"

namespace sotto {

template <class Tag>
class Id {
 public:
  static constexpr std::size_t kSize = 16;

  constexpr Id() = default;  // all zero: "none"
  static std::optional<Id> from_bytes(ByteView bytes) {
    if (bytes.size() != kSize) return std::nullopt;
    Id id;
    std::ranges::copy(bytes, id.bytes_.begin());
    return id;
  }
  static std::optional<Id> from_string(std::string_view text) {
    const auto bytes = from_hex(text);
    return bytes ? from_bytes(*bytes) : std::nullopt;
  }

  ByteView bytes() const { return bytes_; }
  MutableByteView mutable_bytes() { return bytes_; }
  std::string str() const { return to_hex(bytes_); }
  bool is_zero() const { return *this == Id{}; }

  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

using UserId = Id<struct UserTag>;
using DeviceId = Id<struct DeviceTag>;
using ConversationId = Id<struct ConversationTag>;
using MessageId = Id<struct MessageTag>;
using CallId = Id<struct CallTag>;
using BlobId = Id<struct BlobTag>;
using TransferId = Id<struct TransferTag>;

}  // namespace sotto

template <class Tag>
struct std::hash<sotto::Id<Tag>> {
  std::size_t operator()(const sotto::Id<Tag>& id) const noexcept {
    // Ids are random, so any eight bytes spread well.
    std::uint64_t value = 0;
    std::memcpy(&value, id.bytes().data(), sizeof value);
    return static_cast<std::size_t>(value);
  }
};
