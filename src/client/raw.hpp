// Bytes as protobuf wants them: in a std::string.
#pragma once

#include <string>

#include "sotto/base/bytes.hpp"

namespace sotto::client {

inline std::string raw(ByteView bytes) { return std::string(as_text(bytes)); }

}  // namespace sotto::client
