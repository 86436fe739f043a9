// The parsed form behind SigningKey and VerifyKey.
#pragma once

#include "openssl/support.hpp"
#include "sotto/crypto/signature.hpp"

namespace sotto::crypto {

struct KeyHandle {
  openssl::Pkey pkey;
};

}  // namespace sotto::crypto
