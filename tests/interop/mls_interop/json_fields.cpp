#include "json_fields.hpp"

#include <charconv>

namespace sotto::mls::interop {

Fields::Fields(const Json& object) : object_(object) {
  if (!object.is_object()) problem_ = "a JSON object is expected";
}

void Fields::fail(const char* name, const char* why) {
  if (problem_.empty()) problem_ = std::string(name) + ": " + why;
}

Status Fields::finish() const {
  if (!problem_.empty()) return sotto::fail(ErrorCode::invalid_argument, problem_);
  return ok_status();
}

const Json* Fields::find(const char* name) const {
  if (!object_.is_object()) return nullptr;
  const auto at = object_.find(name);
  return at == object_.end() || at->is_null() ? nullptr : &*at;
}

Bytes Fields::decoded(const char* name, const Json& value) {
  if (!value.is_string()) {
    fail(name, "base64 text is expected");
    return {};
  }
  auto bytes = from_base64(value.get_ref<const std::string&>());
  if (!bytes) fail(name, "this is not base64");
  return std::move(bytes).value_or(Bytes{});
}

Bytes Fields::bytes(const char* name) {
  const Json* value = find(name);
  return value == nullptr ? Bytes{} : decoded(name, *value);
}

std::uint64_t Fields::integer(const char* name, std::uint64_t max) {
  const Json* value = find(name);
  if (value == nullptr) return 0;
  std::uint64_t number = 0;
  if (value->is_number_unsigned()) {
    number = value->get<std::uint64_t>();
  } else if (value->is_string()) {
    // The mapping lets every integer be a string.
    const auto& text = value->get_ref<const std::string&>();
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) {
      fail(name, "this is no unsigned integer");
      return 0;
    }
  } else {
    fail(name, "an unsigned integer is expected");
    return 0;
  }
  if (number > max) {
    fail(name, "the number is too large");
    return 0;
  }
  return number;
}

std::uint32_t Fields::u32(const char* name) { return static_cast<std::uint32_t>(integer(name, UINT32_MAX)); }
std::uint16_t Fields::u16(const char* name) { return static_cast<std::uint16_t>(integer(name, UINT16_MAX)); }
std::uint64_t Fields::u64(const char* name) { return integer(name, UINT64_MAX); }

std::string Fields::text(const char* name) {
  const Json* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_string() || value->get_ref<const std::string&>().size() > kMaxTextBytes) {
    fail(name, "a short text is expected");
    return {};
  }
  return value->get<std::string>();
}

bool Fields::flag(const char* name) {
  const Json* value = find(name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) {
    fail(name, "true or false is expected");
    return false;
  }
  return value->get<bool>();
}

const std::vector<Json>& Fields::elements(const char* name) {
  static const std::vector<Json> kNone;
  const Json* value = find(name);
  if (value == nullptr) return kNone;
  if (!value->is_array() || value->size() > kMaxListEntries) {
    fail(name, "an array is expected, and not a huge one");
    return kNone;
  }
  return value->get_ref<const std::vector<Json>&>();
}

std::vector<Bytes> Fields::bytes_list(const char* name) {
  std::vector<Bytes> out;
  for (const Json& element : elements(name)) out.push_back(decoded(name, element));
  return out;
}

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < left ? bytes[i + j] : 0);
    for (std::size_t j = 0; j < 4; ++j) out += j <= left ? kAlphabet[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(group >> bits));
      group &= (1U << bits) - 1;
    }
  }
  if (group != 0) return std::nullopt;
  return out;
}

}  // namespace sotto::mls::interop
