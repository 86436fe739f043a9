// File names from other people, made safe to show and to use as the name of a new file (docs/security.md,
// F-02).
//
// The last path component only; control, bidirectional-override and other invisible characters and what file
// systems refuse removed; no leading dot, dash or space; no name that a system gives a meaning; at most 120
// bytes, shortened in the middle so that the extension stays. Never empty. Ordinary Unicode is kept as it is:
// the characters are not recomposed (no Unicode tables here), which no supported file system needs.
// Idempotent. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace sotto::client {

inline constexpr std::size_t kMaxFileName = 120;  // bytes, as ui.md says; file systems allow 255

std::string neutral_file_name(std::string_view raw);

// The MIME type that the extension suggests, for display only; "application/octet-stream" if unknown.
std::string file_type_of(std::string_view name);

}  // namespace sotto::client
