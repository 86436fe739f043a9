// P-256 by OpenSSL's curve arithmetic (constant time for this curve): scalars, points, agreement.
// Building an EVP_PKEY for each peer key would cost more than the multiplication.
#pragma once

#include <optional>

#include "openssl/support.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::crypto::openssl {

inline constexpr std::size_t kP256ScalarSize = 32;
inline constexpr std::size_t kP256PointSize = 65;

// Null unless the 32 bytes are a scalar in [1, order).
Bignum p256_scalar(ByteView bytes);
// The uncompressed point of a scalar's public key.
Bytes p256_public(const BIGNUM* scalar);
// Null unless the bytes are an uncompressed point on the curve.
Point p256_point(ByteView bytes);
// The x coordinate of scalar * point.
SecretBytes p256_agree(const BIGNUM* scalar, const EC_POINT* point);

}  // namespace sotto::crypto::openssl
