#include "sotto/crypto/dh.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "openssl/p256.hpp"
#include "openssl/support.hpp"
#include "sodium/curve25519.hpp"

namespace sotto::crypto {
namespace {

Error not_a_public_key() { return fail(ErrorCode::invalid_argument, "a public key is not valid"); }

Result<SecretBytes> x25519_agree(ByteView own, ByteView peer) {
  if (peer.size() != 32) return not_a_public_key();
  SecretBytes out(kDhSharedSize);
  // A point of small order gives zero whatever our key is: the peer would choose the secret (RFC 7748
  // section 6.1).
  if (!sodium::x25519_agree(own, peer, out.mutable_view()) ||
      constant_time_equal(out.view(), SecretBytes(kDhSharedSize).view())) {
    return not_a_public_key();
  }
  return out;
}

// The u coordinates that give zero with every private key, low byte first, as X25519 reads them: without the
// top bit. Of the values from p on only p and p + 1 fit into 255 bits, so the list is complete.
bool is_low_order_x25519(ByteView public_key) {
  static constexpr std::array<std::uint8_t, 32> kOrderEight[] = {
      {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
       0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
      {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
       0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57}};
  Bytes u = to_bytes(public_key);
  u.back() &= 0x7F;
  for (const auto& point : kOrderEight) {
    if (equal(u, point)) return true;
  }
  const auto middle = ByteView(u).subspan(1, 30);
  if (u.back() == 0 && u.front() <= 1) {  // 0 and 1
    return std::ranges::all_of(middle, [](std::uint8_t byte) { return byte == 0; });
  }
  // p - 1, p and p + 1
  return u.back() == 0x7F && u.front() >= 0xEC && u.front() <= 0xEE &&
         std::ranges::all_of(middle, [](std::uint8_t byte) { return byte == 0xFF; });
}

}  // namespace

DhPrivateKey DhPrivateKey::generate(DhGroup group, Random& random) {
  // For P-256 one in 2^32 draws is not below the order.
  while (true) {
    SecretBytes candidate(kDhPrivateSize);
    random.fill(candidate.mutable_view());
    if (auto key = from_bytes(group, candidate.view())) return std::move(key).value();
  }
}

Result<DhPrivateKey> DhPrivateKey::from_bytes(DhGroup group, ByteView private_key) {
  if (private_key.size() != kDhPrivateSize)
    return fail(ErrorCode::invalid_argument, "a private key has the wrong size");
  if (group == DhGroup::x25519) {
    return DhPrivateKey(group, SecretBytes(private_key), sodium::x25519_public(private_key));
  }

  const openssl::Bignum scalar = openssl::p256_scalar(private_key);
  if (!scalar) return fail(ErrorCode::invalid_argument, "a private key is out of range");
  return DhPrivateKey(group, SecretBytes(private_key), openssl::p256_public(scalar.get()));
}

Result<SecretBytes> DhPrivateKey::agree(ByteView peer_public_key) const {
  if (group_ == DhGroup::x25519) return x25519_agree(private_key_.view(), peer_public_key);

  const openssl::Point point = openssl::p256_point(peer_public_key);
  if (!point) return not_a_public_key();
  const openssl::Bignum scalar = openssl::p256_scalar(private_key_.view());
  return openssl::p256_agree(scalar.get(), point.get());
}

bool is_valid_dh_public_key(DhGroup group, ByteView public_key) {
  if (group == DhGroup::x25519) return public_key.size() == 32 && !is_low_order_x25519(public_key);
  return openssl::p256_point(public_key) != nullptr;
}

}  // namespace sotto::crypto
