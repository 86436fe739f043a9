#include "rules.hpp"

#include <optional>

#include "limits.hpp"
#include "sotto/crypto/password.hpp"

namespace sotto::server {
namespace {

// The next code point of valid UTF-8 (RFC 3629), or nothing.
std::optional<char32_t> next_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xc2 && first < 0xe0 ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  char32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    point = point << 6 | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  if (overlong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

// Controls, line and paragraph separators, and what turns the direction of the text around it.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

Status check_username(std::string_view username) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool good = username.size() >= kMinUsername && username.size() <= kMaxUsername && plain(username[0]);
  for (const char c : username) good = good && (plain(c) || c == '.' || c == '_' || c == '-');
  if (good) return ok_status();
  return fail(
      ErrorCode::invalid_argument,
      "Use 2 to 32 letters, digits, dots, dashes or underscores, in lower case and beginning with a letter "
      "or digit.");
}

Status check_password(ByteView password) {
  if (password.size() > crypto::kMaxPasswordSize) {
    return fail(ErrorCode::too_large, "The password is too long. Use at most 1024 bytes.");
  }
  std::size_t characters = 0;
  for (const std::uint8_t byte : password) characters += (byte & 0xc0) != 0x80 ? 1 : 0;  // UTF-8
  if (characters >= kMinPasswordCharacters) return ok_status();
  return fail(ErrorCode::invalid_argument, "Use at least 10 characters.");
}

Result<std::string> clean_name(std::string_view name, std::string_view empty_is) {
  name = trimmed(name);
  if (name.empty()) name = empty_is;
  std::size_t characters = 0;
  for (std::string_view rest = name; !rest.empty();) {
    const std::optional<char32_t> point = next_code_point(rest);
    if (!point || is_control(*point)) {
      return fail(ErrorCode::invalid_argument, "A name can't contain control characters.");
    }
    if (++characters > kMaxNameCharacters) {
      return fail(ErrorCode::too_large, "A name has at most 64 characters.");
    }
  }
  return std::string(name);
}

}  // namespace sotto::server
