// What names and passwords may be. Each refusal is the sentence that the user reads.
#pragma once

#include <string>
#include <string_view>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::server {

Status check_username(std::string_view username);
Status check_password(ByteView password);
// Trimmed; 1 to 64 characters without control characters. `empty_is`: what an empty one becomes.
Result<std::string> clean_name(std::string_view name, std::string_view empty_is);

}  // namespace sotto::server
