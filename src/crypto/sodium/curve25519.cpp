#include "sodium/curve25519.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "sotto/base/secret_bytes.hpp"

namespace sotto::crypto::sodium {
namespace {

void initialise() {
  static const int done = sodium_init();
  if (done < 0) throw std::runtime_error("crypto: libsodium does not start");
}

}  // namespace

Bytes ed25519_sign(ByteView seed, ByteView public_key, ByteView message) {
  initialise();
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> key{};  // as libsodium has it: both halves
  std::ranges::copy(public_key, std::ranges::copy(seed, key.begin()).out);
  Bytes signature(crypto_sign_BYTES);
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), key.data());
  secure_wipe(key.data(), key.size());
  return signature;
}

bool ed25519_verify(ByteView public_key, ByteView message, ByteView signature) {
  initialise();
  return public_key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) ==
             0;
}

Bytes x25519_public(ByteView private_key) {
  initialise();
  Bytes out(crypto_scalarmult_curve25519_BYTES);
  crypto_scalarmult_curve25519_base(out.data(), private_key.data());
  return out;
}

bool x25519_agree(ByteView private_key, ByteView peer, MutableByteView out) {
  initialise();
  return crypto_scalarmult_curve25519(out.data(), private_key.data(), peer.data()) == 0;
}

}  // namespace sotto::crypto::sodium
