// The operating system's randomness, through the crypto library's generator.
#pragma once

#include "sotto/base/random.hpp"

namespace sotto::crypto {

// One for the whole process; thread-safe. Running dry throws std::runtime_error: nothing can go on.
Random& system_random();

}  // namespace sotto::crypto
