// Ed25519 and X25519 by libsodium, which takes half and three quarters of OpenSSL 3.0's time. Ed25519: public
// keys and commitments of small order and encodings that are not the shortest are refused, too. Thread: any.
#pragma once

#include "sotto/base/bytes.hpp"

namespace sotto::crypto::sodium {

// `seed`: the 32-byte private key; `public_key` belongs to it.
Bytes ed25519_sign(ByteView seed, ByteView public_key, ByteView message);
bool ed25519_verify(ByteView public_key, ByteView message, ByteView signature);

// Keys have 32 bytes, and so has `out`. False: the peer's key is of small order.
Bytes x25519_public(ByteView private_key);
bool x25519_agree(ByteView private_key, ByteView peer, MutableByteView out);

}  // namespace sotto::crypto::sodium
