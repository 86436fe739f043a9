// The key of a profile's database, and the passphrase before it.
//
// The database key is random and never changes. The file profile.key holds it wrapped by AES-256-GCM under a
// key that Argon2id makes of the passphrase, so a new passphrase rewrites one small file. The file is text:
//
//   sotto profile key 1
//   argon2id BYTES PASSES SALT        memory in bytes, passes, 16 bytes of salt in base64url
//   key WRAPPED                       base64url of nonce (12), wrapped key (32), tag (16)
//   check SUM                         base64url of the first 16 bytes of SHA-256 over the lines above
//
// The first two lines are the wrap's associated data. The sum only tells a damaged file from a wrong
// passphrase. Errors: denied (the wrong passphrase), storage (damaged, or the disk), invalid_argument (an
// empty passphrase). Slow by purpose, and 64 MiB large. Thread: any.
#pragma once

#include <optional>
#include <string>

#include "sotto/base/bytes.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/crypto/password.hpp"

namespace sotto::runtime {

struct WrappedKey {
  crypto::Argon2Params params;
  Bytes salt;     // 16 bytes
  Bytes wrapped;  // nonce, key, tag
};
inline constexpr std::size_t kMaxProfileKeyFile = 1024;

std::string encode(const WrappedKey& key);
Result<WrappedKey> decode_profile_key(ByteView file);

// `path` is where profile.key lies or will lie.
Result<SecretBytes> make_profile_key(const std::string& path, const SecretBytes& passphrase, Random& random,
                                     const crypto::Argon2Params& params = crypto::kLocalDatabaseParams);
Result<SecretBytes> open_profile_key(const std::string& path, const SecretBytes& passphrase);
// The old passphrase opens until the new file is on the disk.
Status change_passphrase(const std::string& path, const SecretBytes& old_passphrase,
                         const SecretBytes& passphrase, Random& random,
                         const crypto::Argon2Params& params = crypto::kLocalDatabaseParams);

// What a program does at its start. With a passphrase: the key of this profile, made if the profile is new.
// Without one: nothing, and the database is plain. A sealed profile is not opened without a passphrase, nor a
// plain one with (denied).
Result<std::optional<SecretBytes>> unlock_profile(const std::string& key_path, const std::string& store_path,
                                                  const std::optional<SecretBytes>& passphrase,
                                                  Random& random);

}  // namespace sotto::runtime
