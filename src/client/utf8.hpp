// UTF-8 (RFC 3629): shortest form only, no surrogates, nothing above U+10FFFF. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sotto::client {

// The code point that begins at `at`, which is moved behind it; none if the bytes are not UTF-8.
std::optional<char32_t> next_code_point(std::string_view text, std::size_t& at);
void append_code_point(std::string& out, char32_t code_point);
bool is_utf8(std::string_view text);
// At most `max` bytes, cut between code points. `text` is UTF-8.
std::string_view utf8_prefix(std::string_view text, std::size_t max);

}  // namespace sotto::client
