// The chain that says who a device is, and the certificate of the server.
//
//   server CA (self-signed)
//    |- account identity: CN = user id, SAN URI sotto:user:<user>, CA, path length 0, only for client use
//    |   '- device: SAN URI sotto:device:<user>/<device>, not a CA, clientAuth
//    '- server: SAN DNS "sotto-server", not a CA, serverAuth; directly below the CA
//
// The same device chain is the TLS client certificate and the MLS credential. The CA is necessary, never
// sufficient: whoever relies on a device also compares identity_key with the key pinned for that user.
// The holder of an identity certificate can issue devices of its own user and nothing else that passes here:
// another user's name, a server's, a second intermediate are all refused.
// All keys are Ed25519 (32-byte public keys). Thread: any.
#pragma once

#include <cstdint>
#include <string_view>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"
#include "sotto/crypto/certificate.hpp"
#include "sotto/crypto/signature.hpp"

namespace sotto::crypto {

inline constexpr std::string_view kServerName = "sotto-server";
inline constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

// From `back_dated` before `now` (clocks of others may be late) until `days` after it.
Validity validity_from(WallTime now, int days, std::int64_t back_dated_ms = 60LL * 60 * 1000);

Result<Certificate> issue_server_ca(const SigningKey& ca_key, Validity validity, Random& random);
Result<Certificate> issue_server_certificate(const SigningKey& ca_key, const Certificate& ca,
                                             ByteView server_public_key, Validity validity, Random& random);
Result<Certificate> issue_identity_certificate(const SigningKey& ca_key, const Certificate& ca, UserId user,
                                               ByteView identity_public_key, Validity validity,
                                               Random& random);
// By the identity key's holder, for a device of this very user.
Result<Certificate> issue_device_certificate(const SigningKey& identity_key, const Certificate& identity,
                                             UserId user, DeviceId device, ByteView device_public_key,
                                             Validity validity, Random& random);

struct AccountIdentity {
  UserId user;
  Bytes identity_key;
};
struct DeviceIdentity {
  UserId user;
  DeviceId device;
  Bytes identity_key;
  Bytes device_key;
};

// Error untrusted with the reason; never an exception, whatever the bytes are.
Result<AccountIdentity> verify_identity_certificate(const Certificate& identity, const Certificate& ca,
                                                    WallTime now);
Result<DeviceIdentity> verify_device_chain(const Certificate& device, const Certificate& identity,
                                           const Certificate& ca, WallTime now);
Result<DeviceIdentity> verify_device_chain(ByteView device_der, ByteView identity_der, ByteView ca_der,
                                           WallTime now);
Status verify_server_certificate(const Certificate& server, const Certificate& ca, WallTime now);

// What a device certificate claims, without any check: for showing and for looking up the chain.
Result<DeviceIdentity> claimed_device(const Certificate& device, const Certificate& identity);

}  // namespace sotto::crypto
