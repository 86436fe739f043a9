// Where a password comes from: never from the command line, which other users of the machine can read.
#pragma once

#include <string>

#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::cli {

struct PasswordSource {
  bool from_stdin = false;  // --password-stdin: its first line
  bool repeat = false;      // at the terminal: ask twice, for a new password
};

// --password-stdin, else SOTTO_PASSWORD (removed from the environment), else the terminal without echo.
// invalid_argument when there is none of them, or the two differ.
Result<SecretBytes> obtain_password(const PasswordSource& source, const std::string& prompt);

}  // namespace sotto::cli
