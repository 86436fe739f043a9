// HKDF (RFC 5869) over SHA-2. Thread: any.
#pragma once

#include <cstddef>

#include "sotto/base/bytes.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/crypto/hash.hpp"

namespace sotto::crypto {

constexpr std::size_t hkdf_max_size(HashAlgorithm algorithm) { return 255 * hash_size(algorithm); }

// An empty salt counts as hash_size() zero bytes, as the RFC says.
SecretBytes hkdf_extract(HashAlgorithm algorithm, ByteView salt, ByteView input_key);

// `size` is at most hkdf_max_size(); more is a caller's bug and throws std::length_error.
SecretBytes hkdf_expand(HashAlgorithm algorithm, ByteView pseudo_random_key, ByteView info, std::size_t size);

// Extract, then expand.
SecretBytes hkdf(HashAlgorithm algorithm, ByteView salt, ByteView input_key, ByteView info, std::size_t size);

}  // namespace sotto::crypto
