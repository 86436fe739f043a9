#include "sotto/crypto/identity_chain.hpp"

#include <algorithm>
#include <string>

namespace sotto::crypto {
namespace {

constexpr std::string_view kCaName = "Sotto server CA";
constexpr std::string_view kUserPrefix = "sotto:user:";
constexpr std::string_view kDevicePrefix = "sotto:device:";

Error untrusted(std::string why) { return fail(ErrorCode::untrusted, std::move(why)); }

std::string user_uri(UserId user) { return std::string(kUserPrefix) + user.str(); }
std::string device_uri(UserId user, DeviceId device) {
  return std::string(kDevicePrefix) + user.str() + "/" + device.str();
}

// Exactly one alternative name of any kind, and that a URI. A second name would be read by someone else.
bool has_single_uri(const Certificate& certificate) {
  return certificate.uri_names().size() == 1 && certificate.dns_names().empty() &&
         certificate.other_name_count() == 0;
}

struct DeviceName {
  UserId user;
  DeviceId device;
};

// Ids are spelled in lower case only, so that the text of a name is as unique as the id.
std::optional<UserId> parse_user_uri(std::string_view uri) {
  if (!uri.starts_with(kUserPrefix)) return std::nullopt;
  const auto user = UserId::from_string(uri.substr(kUserPrefix.size()));
  if (!user || user->is_zero() || uri != user_uri(*user)) return std::nullopt;
  return user;
}

std::optional<DeviceName> parse_device_uri(std::string_view uri) {
  constexpr std::size_t kIdText = 2 * UserId::kSize;
  if (!uri.starts_with(kDevicePrefix) || uri.size() != kDevicePrefix.size() + 2 * kIdText + 1)
    return std::nullopt;
  const std::string_view ids = uri.substr(kDevicePrefix.size());
  const auto user = UserId::from_string(ids.substr(0, kIdText));
  const auto device = DeviceId::from_string(ids.substr(kIdText + 1));
  if (!user || !device || user->is_zero() || device->is_zero() || uri != device_uri(*user, *device)) {
    return std::nullopt;
  }
  return DeviceName{*user, *device};
}

// The shape of an identity certificate, whoever signed it.
Result<AccountIdentity> read_identity(const Certificate& identity) {
  if (!has_single_uri(identity)) return untrusted("an identity certificate has not exactly one name");
  const auto user = parse_user_uri(identity.uri_names().front());
  if (!user || identity.common_name() != user->str())
    return untrusted("an identity certificate names no user");
  // Path length 0: no further authority below it. Client use only: no server below it.
  if (!identity.is_ca() || identity.path_length() != 0) {
    return untrusted("an identity certificate is not limited to issuing devices");
  }
  if (!identity.allows_client_auth() || identity.allows_server_auth()) {
    return untrusted("an identity certificate is not limited to clients");
  }
  if (!identity.ed25519_key()) return untrusted("an identity key is not Ed25519");
  return AccountIdentity{*user, *identity.ed25519_key()};
}

Result<DeviceName> read_device(const Certificate& device) {
  if (!has_single_uri(device)) return untrusted("a device certificate has not exactly one name");
  const auto name = parse_device_uri(device.uri_names().front());
  if (!name || device.common_name() != name->device.str())
    return untrusted("a device certificate names no device");
  if (device.is_ca()) return untrusted("a device certificate may not issue others");
  if (!device.allows_client_auth() || device.allows_server_auth()) {
    return untrusted("a device certificate is not limited to clients");
  }
  if (!device.ed25519_key()) return untrusted("a device key is not Ed25519");
  return *name;
}

}  // namespace

Validity validity_from(WallTime now, int days, std::int64_t back_dated_ms) {
  return {WallTime{now.ms - back_dated_ms}, WallTime{now.ms + days * kDayMs}};
}

Result<Certificate> issue_server_ca(const SigningKey& ca_key, Validity validity, Random& random) {
  CertificateSpec spec;
  spec.common_name = kCaName;
  spec.validity = validity;
  spec.is_ca = true;
  spec.path_length = 1;
  return issue_certificate(spec, ca_key.public_key(), ca_key, nullptr, random);
}

Result<Certificate> issue_server_certificate(const SigningKey& ca_key, const Certificate& ca,
                                             ByteView server_public_key, Validity validity, Random& random) {
  CertificateSpec spec;
  spec.common_name = kServerName;
  spec.dns_names = {std::string(kServerName)};
  spec.validity = validity;
  spec.server_auth = true;
  return issue_certificate(spec, server_public_key, ca_key, &ca, random);
}

Result<Certificate> issue_identity_certificate(const SigningKey& ca_key, const Certificate& ca, UserId user,
                                               ByteView identity_public_key, Validity validity,
                                               Random& random) {
  if (user.is_zero()) return fail(ErrorCode::invalid_argument, "an identity certificate needs a user");
  // Whoever asked for this cannot hold that key, and it would blur who signed what.
  if (equal(identity_public_key, ca_key.public_key())) {
    return fail(ErrorCode::denied, "the server's own key cannot be a user's identity");
  }
  CertificateSpec spec;
  spec.common_name = user.str();
  spec.uri_names = {user_uri(user)};
  spec.validity = validity;
  spec.is_ca = true;
  spec.path_length = 0;
  spec.client_auth = true;
  return issue_certificate(spec, identity_public_key, ca_key, &ca, random);
}

Result<Certificate> issue_device_certificate(const SigningKey& identity_key, const Certificate& identity,
                                             UserId user, DeviceId device, ByteView device_public_key,
                                             Validity validity, Random& random) {
  const auto owner = read_identity(identity);
  if (!owner) return owner.error();
  if (owner->user != user || device.is_zero()) {
    return fail(ErrorCode::invalid_argument,
                "a device certificate is for a device of the identity's own user");
  }
  CertificateSpec spec;
  spec.common_name = device.str();
  spec.uri_names = {device_uri(user, device)};
  spec.validity = validity;
  spec.client_auth = true;
  return issue_certificate(spec, device_public_key, identity_key, &identity, random);
}

Result<AccountIdentity> verify_identity_certificate(const Certificate& identity, const Certificate& ca,
                                                    WallTime now) {
  auto account = read_identity(identity);
  if (!account) return account;
  if (Status chain = verify_chain(identity, {}, ca, now, CertificatePurpose::authority); !chain) {
    return std::move(chain).error();
  }
  return account;
}

Result<DeviceIdentity> claimed_device(const Certificate& device, const Certificate& identity) {
  auto account = read_identity(identity);
  if (!account) return std::move(account).error();
  const auto name = read_device(device);
  if (!name) return name.error();
  if (name->user != account->user)
    return untrusted("a device certificate names a user other than its issuer");
  return DeviceIdentity{account->user, name->device, std::move(account->identity_key), *device.ed25519_key()};
}

Result<DeviceIdentity> verify_device_chain(const Certificate& device, const Certificate& identity,
                                           const Certificate& ca, WallTime now) {
  auto claimed = claimed_device(device, identity);
  if (!claimed) return claimed;
  if (Status chain = verify_chain(device, {&identity, 1}, ca, now, CertificatePurpose::client); !chain) {
    return std::move(chain).error();
  }
  return claimed;
}

Result<DeviceIdentity> verify_device_chain(ByteView device_der, ByteView identity_der, ByteView ca_der,
                                           WallTime now) {
  auto device = Certificate::from_der(device_der);
  if (!device) return std::move(device).error().with("the device certificate");
  auto identity = Certificate::from_der(identity_der);
  if (!identity) return std::move(identity).error().with("the identity certificate");
  auto ca = Certificate::from_der(ca_der);
  if (!ca) return std::move(ca).error().with("the server's CA certificate");
  return verify_device_chain(*device, *identity, *ca, now);
}

Status verify_server_certificate(const Certificate& server, const Certificate& ca, WallTime now) {
  if (server.is_ca() || server.allows_client_auth())
    return untrusted("a server certificate is for more than a server");
  // Whole names only, never a suffix or a pattern.
  if (std::ranges::find(server.dns_names(), kServerName) == server.dns_names().end()) {
    return untrusted("a server certificate has another name");
  }
  return verify_chain(server, {}, ca, now, CertificatePurpose::server);
}

}  // namespace sotto::crypto
