// Text from other people made safe to lay out and to mix with our own sentences. The stored text is never
// changed; these make what is shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sotto::desktop {

// Invalid UTF-8 becomes U+FFFD.
std::string valid_utf8(std::string_view text);

// What a text field accepts from paste: valid UTF-8, \r\n and \r as \n, no NUL or other C0 except \n and \t.
std::string clean_input(std::string_view text);

// A message body: control characters as their pictures (U+2400..), at most kMarksShown combining marks
// on one base (more would stall shaping and paint over other lines), no runs that cannot be broken.
std::string message_text(std::string_view text);

// One line without formatting controls, isolated (FSI..PDI), at most `max_chars` characters: names and
// previews inside our own sentences.
std::string isolated(std::string_view text, std::size_t max_chars = 120);
// The same without the isolates, for initials, window titles and file names.
std::string one_line(std::string_view text, std::size_t max_chars = 120);

// Only emoji (1..6 graphemes, no text)? Returns their number, else 0.
int emoji_count(std::string_view text);

// First grapheme of the first and the last word, upper-cased; "?" when there is none.
std::string initials(std::string_view name);

std::size_t utf8_length(std::string_view text);
// Byte offset of the n-th code point (or the end).
std::size_t utf8_offset(std::string_view text, std::size_t code_points);

inline constexpr int kMarksShown = 8;  // chosen: more than any orthography stacks
inline constexpr std::size_t kLongestRun =
    400;  // code points without a place to break; chosen, see sanitize.cpp

}  // namespace sotto::desktop
