// Where a caret may stand and where words begin, by Unicode's rules (through Pango, without a font).
// Positions are byte offsets into valid UTF-8. Line breaks '\n' separate paragraphs.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace sotto::desktop {

std::size_t next_grapheme(std::string_view text, std::size_t at);
std::size_t previous_grapheme(std::string_view text, std::size_t at);
// What Backspace removes: one code point of a cluster in scripts that want it, else the cluster.
std::size_t backspace_start(std::string_view text, std::size_t at);

// Ctrl+Right stops after the word, Ctrl+Left before it.
std::size_t next_word_end(std::string_view text, std::size_t at);
std::size_t previous_word_start(std::string_view text, std::size_t at);
// The word (or the run of other characters) around `at`: double click.
std::pair<std::size_t, std::size_t> word_around(std::string_view text, std::size_t at);

std::size_t paragraph_start(std::string_view text, std::size_t at);
std::size_t paragraph_end(std::string_view text, std::size_t at);

}  // namespace sotto::desktop
