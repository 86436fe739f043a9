// Reads the fields of one request in protobuf's JSON mapping: bytes as base64, uint64 as a decimal string,
// an absent field or null as its default.
//
//   Fields in(request);
//   const Bytes id = in.bytes("group_id");
//   const auto suite = in.u32("cipher_suite");
//   if (Status ok = in.finish(); !ok) return std::move(ok).error();
//
// The first problem sticks: later reads give defaults, and finish() names the field that was wrong.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::mls::interop {

using Json = nlohmann::json;

// Bounds of one request; chosen well above what a group of a thousand members needs.
inline constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxListEntries = 4096;  // of one array in a request
inline constexpr std::size_t kMaxTextBytes = 4096;

class Fields {
 public:
  // Borrowed. Anything but an object sticks as a problem.
  explicit Fields(const Json& object);

  Bytes bytes(const char* name);
  std::uint32_t u32(const char* name);
  std::uint16_t u16(const char* name);  // a uint32 that MLS knows as 16 bits
  std::uint64_t u64(const char* name);
  std::string text(const char* name);
  bool flag(const char* name);
  std::vector<Bytes> bytes_list(const char* name);
  // Each element, an object, is read by `read(Fields&) -> T`.
  template <class Read>
  auto object_list(const char* name, Read&& read) {
    std::vector<std::invoke_result_t<Read&, Fields&>> out;
    for (const Json& element : elements(name)) {
      Fields inner(element);
      out.push_back(read(inner));
      if (Status ok = inner.finish(); !ok) fail(name, ok.error().message.c_str());
    }
    return out;
  }
  // An object; absent: one whose fields all are.
  template <class Read>
  auto object(const char* name, Read&& read) {
    static const Json kEmpty = Json::object();
    const Json* value = find(name);
    Fields inner(value == nullptr ? kEmpty : *value);
    auto out = read(inner);
    if (Status ok = inner.finish(); !ok) fail(name, ok.error().message.c_str());
    return out;
  }

  void fail(const char* name, const char* why);
  Status finish() const;

 private:
  const Json* find(const char* name) const;  // null: absent or null
  const std::vector<Json>& elements(const char* name);
  std::uint64_t integer(const char* name, std::uint64_t max);
  Bytes decoded(const char* name, const Json& value);

  const Json& object_;
  std::string problem_;
};

// RFC 4648 section 4, with padding. Decoding takes the URL alphabet and missing padding too, as the mapping
// asks.
std::string to_base64(ByteView bytes);
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace sotto::mls::interop
