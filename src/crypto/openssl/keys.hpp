// The parsed form behind SigningKey, VerifyKey and DhPrivateKey.
#pragma once

#include "openssl/support.hpp"
#include "sotto/crypto/signature.hpp"

namespace sotto::crypto {

struct KeyHandle {
  openssl::Pkey pkey;
};

}  // namespace sotto::crypto
