// Diffie-Hellman over X25519 (RFC 7748) and P-256.
//
// Public keys are bytes: 32 for X25519, the 65-byte uncompressed point for P-256 (compressed points and the
// point at infinity are refused). Private keys are 32 bytes each (P-256: big-endian scalar in [1, order)).
// Thread: any; a private key does not change once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sotto/base/bytes.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::crypto {

enum class DhGroup : std::uint8_t { x25519, p256 };

inline constexpr std::size_t kDhPrivateSize = 32;
inline constexpr std::size_t kDhSharedSize = 32;
constexpr std::size_t dh_public_size(DhGroup group) { return group == DhGroup::x25519 ? 32 : 65; }

class DhPrivateKey {
 public:
  static DhPrivateKey generate(DhGroup group, Random& random);
  static Result<DhPrivateKey> from_bytes(DhGroup group, ByteView private_key);

  DhGroup group() const { return group_; }
  const Bytes& public_key() const { return public_key_; }
  const SecretBytes& bytes() const { return private_key_; }
  DhPrivateKey copy() const { return {group_, private_key_.copy(), public_key_}; }

  // The raw shared secret: 32 bytes, the x coordinate for P-256. An all-zero result, a point that is not
  // on the curve and a key of the wrong size are refused.
  Result<SecretBytes> agree(ByteView peer_public_key) const;

 private:
  DhPrivateKey(DhGroup group, SecretBytes private_key, Bytes public_key)
      : group_(group), private_key_(std::move(private_key)), public_key_(std::move(public_key)) {}

  DhGroup group_;
  SecretBytes private_key_;
  Bytes public_key_;
};

// Whether these bytes are a public key one can agree with: size, on the curve for P-256, not one of the
// X25519 points with which every agreement is refused. Cheap.
bool is_valid_dh_public_key(DhGroup group, ByteView public_key);

}  // namespace sotto::crypto
