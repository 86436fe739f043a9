// JSON text from outside, with limits: size and nesting are checked before anything is built from it.
#pragma once

#include <optional>

#include "json_views.hpp"

namespace sotto::cli {

inline constexpr std::size_t kMaxLineBytes = 1024UL * 1024;  // as large as the largest frame (docs/rpc.md)
inline constexpr int kMaxJsonDepth = 32;                     // chosen: the interface itself nests four deep

// Deepest nesting of arrays and objects, without parsing: brackets inside strings do not count.
int json_depth(std::string_view text);

// Nothing for text that is malformed, not UTF-8, too long or too deep.
std::optional<Json> parse_json(std::string_view text);

}  // namespace sotto::cli
