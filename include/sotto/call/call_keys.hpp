// Key agreement of a call (docs/protocol.md, Calls): commitment, X25519, HKDF-SHA256, one master key and
// salt per direction, and the six-digit security code.
//
//   call_secret = HKDF-Extract(salt = binding, ikm = X25519(own, other))
//   per direction: HKDF-Expand(call_secret, "sotto call v1 srtp " || "caller" or "callee" || transcript, 44)
//   code = first 8 bytes of HKDF-Expand(call_secret, "sotto call v1 code" || transcript) mod 10^6
//   transcript = call id || caller's public key || callee's public key
//
// The commitment in the offer fixes the caller's key before the callee's is seen, so a man in the middle
// has one guess at the code instead of many (the idea of RFC 6189 section 4.4.1.1).
#pragma once

#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/call/media_session.hpp"

namespace sotto::call {

inline constexpr std::size_t kCallPublicKeyBytes = 32;
inline constexpr std::size_t kSrtpKeyBytes = 32;
inline constexpr std::size_t kSrtpSaltBytes = 12;

enum class Role { caller, callee };

// SHA-256("sotto call commitment v1" || 0x00 || call || public_key)
Bytes commitment_to(const CallId& call, ByteView caller_public_key);

// `binding`: 32 bytes that both sides derive from their conversation (the MLS exporter, or its stand-in).
// Fails (untrusted) for a public key of wrong size or low order.
Result<CallKeys> derive_call_keys(Role own_role, const CallId& call, ByteView binding,
                                  const SecretBytes& own_private_key, ByteView caller_public_key,
                                  ByteView callee_public_key);

}  // namespace sotto::call
