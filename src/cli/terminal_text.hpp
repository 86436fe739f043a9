// Text of others on a terminal: nothing that somebody wrote may move the cursor, recolour, rename the window
// or turn the reading direction around.
#pragma once

#include <string>
#include <string_view>

#include "sotto/client/view.hpp"

namespace sotto::cli {

// Control characters, bidirectional overrides and bytes that are not UTF-8 become U+FFFD; a tab becomes a
// space. Line breaks stay only if `lines` is set.
std::string printable(std::string_view text, bool lines = false);

std::string human_size(std::uint64_t bytes);         // "1.5 MB"
std::string human_time(WallTime time);               // local, "14:03", with the date when it was not today
std::string human_duration(int seconds);             // "1:05", "1:00:00"
std::string human_reason(client::EndReason reason);  // a sentence

// One message as a few lines: "[14:03] alice: text", further lines indented.
std::string human_message(const client::MessageView& message);

}  // namespace sotto::cli
