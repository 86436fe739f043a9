// Argon2id (RFC 9106): passwords of accounts as stored on the server, and keys from passphrases.
//
// Slow and memory-hungry by purpose (14 ms at the defaults): run it off the loop threads and bound how many
// run at once. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::crypto {

// Parallelism is always 1.
struct Argon2Params {
  std::size_t memory_bytes = 19U << 20;  // 8 KiB .. 1 GiB
  std::uint32_t passes = 2;              // 1 .. 16
  friend bool operator==(const Argon2Params&, const Argon2Params&) = default;
};
inline constexpr Argon2Params kAccountPasswordParams{19U << 20, 2};
inline constexpr Argon2Params kLocalDatabaseParams{64U << 20, 3};
// As fast as the algorithm goes; for tests only.
inline constexpr Argon2Params kWeakTestParams{8U << 10, 1};

inline constexpr std::size_t kMaxPasswordSize = 1024;  // bytes
inline constexpr std::size_t kArgon2SaltSize = 16;

// PHC string ("$argon2id$v=19$m=..."), with a fresh salt in it. Errors: too_large (password), unavailable
// (memory).
Result<std::string> hash_password(ByteView password, const Argon2Params& params = kAccountPasswordParams);

// False for a wrong password and for a string that hash_password() did not make.
bool verify_password(ByteView password, std::string_view phc);

// Whether `phc` was made with other parameters: then hash again at the next login.
bool password_needs_rehash(std::string_view phc, const Argon2Params& params = kAccountPasswordParams);

// The same inputs give the same key. `size` is 16 .. 64.
Result<SecretBytes> derive_key_from_password(ByteView password, ByteView salt, const Argon2Params& params,
                                             std::size_t size = 32);

}  // namespace sotto::crypto
