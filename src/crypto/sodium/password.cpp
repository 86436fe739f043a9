#include "sotto/crypto/password.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace sotto::crypto {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMinMemory = 8 * kKiB;
constexpr std::size_t kMaxMemory = std::size_t{1} << 30;
constexpr std::uint32_t kMaxPasses = 16;
constexpr std::string_view kPrefix = "$argon2id$v=19$";

void initialise() {
  static const int done = sodium_init();
  if (done < 0) throw std::runtime_error("crypto: libsodium does not start");
}

bool in_range(const Argon2Params& params) {
  return params.memory_bytes >= kMinMemory && params.memory_bytes <= kMaxMemory && params.passes >= 1 &&
         params.passes <= kMaxPasses;
}

Status check(ByteView password, const Argon2Params& params) {
  if (!in_range(params)) return fail(ErrorCode::invalid_argument, "Argon2 parameters out of range");
  if (password.size() > kMaxPasswordSize)
    return fail(ErrorCode::too_large, "a password is longer than 1024 bytes");
  return ok_status();
}

Error no_memory() { return fail(ErrorCode::unavailable, "not enough memory to hash a password now"); }

// libsodium wants a pointer even to nothing.
const char* chars(ByteView bytes) { return bytes.empty() ? "" : as_text(bytes).data(); }

// "m=19456,t=2,p=1" of a PHC string; none if it was not made here.
std::optional<Argon2Params> params_of(std::string_view phc) {
  if (!phc.starts_with(kPrefix)) return std::nullopt;
  phc.remove_prefix(kPrefix.size());

  const auto number = [&phc](std::string_view label) -> std::optional<std::uint32_t> {
    if (!phc.starts_with(label)) return std::nullopt;
    phc.remove_prefix(label.size());
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(phc.data(), phc.data() + phc.size(), value);
    if (error != std::errc{}) return std::nullopt;
    phc.remove_prefix(static_cast<std::size_t>(end - phc.data()));
    return value;
  };
  const auto memory = number("m=");
  const auto passes = number(",t=");
  const auto lanes = number(",p=");
  if (!memory || !passes || lanes != 1U || !phc.starts_with('$')) return std::nullopt;
  const Argon2Params params{*memory * kKiB, *passes};
  return in_range(params) ? std::optional(params) : std::nullopt;
}

}  // namespace

Result<std::string> hash_password(ByteView password, const Argon2Params& params) {
  initialise();
  if (Status right = check(password, params); !right) return std::move(right).error();
  std::string out(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str_alg(out.data(), chars(password), password.size(), params.passes, params.memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return no_memory();
  }
  out.resize(out.find('\0'));
  return out;
}

bool verify_password(ByteView password, std::string_view phc) {
  initialise();
  // The parameters are checked before the work that they ask for is done.
  if (password.size() > kMaxPasswordSize || phc.size() >= crypto_pwhash_STRBYTES || !params_of(phc))
    return false;
  std::string padded(phc);
  padded.resize(crypto_pwhash_STRBYTES, '\0');
  return crypto_pwhash_str_verify(padded.c_str(), chars(password), password.size()) == 0;
}

bool password_needs_rehash(std::string_view phc, const Argon2Params& params) {
  const auto made_with = params_of(phc);
  return !made_with || made_with->passes != params.passes ||
         made_with->memory_bytes / kKiB != params.memory_bytes / kKiB;
}

Result<SecretBytes> derive_key_from_password(ByteView password, ByteView salt, const Argon2Params& params,
                                             std::size_t size) {
  initialise();
  if (Status right = check(password, params); !right) return std::move(right).error();
  if (salt.size() != kArgon2SaltSize || size < 16 || size > 64) {
    return fail(ErrorCode::invalid_argument, "a key derivation needs a salt of 16 bytes and gives 16 to 64");
  }
  SecretBytes key(size);
  if (crypto_pwhash(key.data(), key.size(), chars(password), password.size(), salt.data(), params.passes,
                    params.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return no_memory();
  }
  return key;
}

}  // namespace sotto::crypto
