// Whether the crypto back end left anything in OpenSSL's per-thread error queue, where the TLS code would
// find it and take it for its own.
#pragma once

#include <openssl/err.h>

namespace sotto::crypto {

inline bool error_queue_is_empty() { return ERR_peek_error() == 0; }

}  // namespace sotto::crypto
