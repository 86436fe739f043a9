#include "profile.hpp"

#include "sotto/crypto/identity_chain.hpp"
#include "sotto/wire/reader.hpp"
#include "sotto/wire/writer.hpp"

namespace sotto::client {

namespace {

constexpr std::string_view kSetting = "profile";
constexpr std::uint16_t kVersion = 1;
constexpr int kDeviceDays = 90;
constexpr std::int64_t kRenewBeforeMs = 30 * crypto::kDayMs;
constexpr std::size_t kMaxField = 64UL * 1024;

}  // namespace

Profile Profile::generate(Random& random) {
  using crypto::SignatureAlgorithm;
  Profile profile;
  profile.device = random.id<DeviceId>();
  profile.identity_key =
      crypto::SigningKey::generate(SignatureAlgorithm::ed25519, random).private_key().copy();
  profile.device_key = crypto::SigningKey::generate(SignatureAlgorithm::ed25519, random).private_key().copy();
  profile.sealing_key = crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, random).bytes().copy();
  return profile;
}

Profile Profile::copy() const {
  Profile out;
  out.stage = stage;
  out.server = server;
  out.ca_fingerprint = ca_fingerprint;
  out.ca_certificate = ca_certificate;
  out.username = username;
  out.display_name = display_name;
  out.device_name = device_name;
  out.user = user;
  out.device = device;
  out.identity_key = identity_key.copy();
  out.device_key = device_key.copy();
  out.sealing_key = sealing_key.copy();
  out.identity_certificate = identity_certificate;
  out.device_certificate = device_certificate;
  return out;
}

Bytes encode(const Profile& profile) {
  wire::Writer out;
  out.u16(kVersion);
  out.u8(static_cast<std::uint8_t>(profile.stage));
  out.opaque(as_bytes(profile.server.host));
  out.u16(profile.server.port);
  out.opaque(profile.ca_fingerprint);
  out.opaque(profile.ca_certificate);
  out.opaque(as_bytes(profile.username));
  out.opaque(as_bytes(profile.display_name));
  out.opaque(as_bytes(profile.device_name));
  out.fixed(profile.user.bytes());
  out.fixed(profile.device.bytes());
  out.opaque(profile.identity_key.view());
  out.opaque(profile.device_key.view());
  out.opaque(profile.sealing_key.view());
  out.opaque(profile.identity_certificate);
  out.opaque(profile.device_certificate);
  return std::move(out).take();
}

Result<Profile> decode_profile(ByteView bytes) {
  wire::Reader in(bytes);
  Profile profile;
  if (in.u16() != kVersion) in.fail("the profile is of an unknown version");
  const std::uint8_t stage = in.u8();
  if (stage > 1) in.fail("the profile's stage is unknown");
  profile.stage = static_cast<Profile::Stage>(stage);
  profile.server.host = sotto::to_string(in.opaque(kMaxField));
  profile.server.port = in.u16();
  profile.ca_fingerprint = to_bytes(in.opaque(kMaxField));
  profile.ca_certificate = to_bytes(in.opaque(kMaxField));
  profile.username = sotto::to_string(in.opaque(kMaxField));
  profile.display_name = sotto::to_string(in.opaque(kMaxField));
  profile.device_name = sotto::to_string(in.opaque(kMaxField));
  profile.user = UserId::from_bytes(in.fixed(UserId::kSize)).value_or(UserId{});
  profile.device = DeviceId::from_bytes(in.fixed(DeviceId::kSize)).value_or(DeviceId{});
  profile.identity_key = SecretBytes(in.opaque(kMaxField));
  profile.device_key = SecretBytes(in.opaque(kMaxField));
  profile.sealing_key = SecretBytes(in.opaque(kMaxField));
  profile.identity_certificate = to_bytes(in.opaque(kMaxField));
  profile.device_certificate = to_bytes(in.opaque(kMaxField));
  if (Status done = in.finish(); !done) return std::move(done).error().with("reading the profile");
  return profile;
}

std::optional<Profile> load_profile(store::ClientStore& store) {
  std::optional<Bytes> bytes = store.value(kSetting);
  if (!bytes) return std::nullopt;
  Result<Profile> profile = decode_profile(*bytes);
  secure_wipe(bytes->data(), bytes->size());
  if (!profile) return std::nullopt;
  return std::move(*profile);
}

void save_profile(store::ClientStore& store, const Profile& profile) {
  Bytes bytes = encode(profile);
  store.put_value(kSetting, bytes);
  secure_wipe(bytes.data(), bytes.size());
}

Result<bool> renew_device_certificate(Profile& profile, WallTime now, Random& random) {
  const Result<crypto::Certificate> identity = crypto::Certificate::from_der(profile.identity_certificate);
  if (!identity) return identity.error().with("the account's certificate");
  const Result<crypto::SigningKey> identity_key =
      crypto::SigningKey::from_private(crypto::SignatureAlgorithm::ed25519, profile.identity_key.view());
  if (!identity_key) return identity_key.error();
  const Result<crypto::SigningKey> device_key =
      crypto::SigningKey::from_private(crypto::SignatureAlgorithm::ed25519, profile.device_key.view());
  if (!device_key) return device_key.error();

  if (!profile.device_certificate.empty()) {
    const Result<crypto::Certificate> present = crypto::Certificate::from_der(profile.device_certificate);
    if (present && present->not_after().ms - now.ms >= kRenewBeforeMs && present->not_before() <= now)
      return false;
  }
  const Result<crypto::Certificate> issued = crypto::issue_device_certificate(
      *identity_key, *identity, profile.user, profile.device, device_key->public_key(),
      crypto::validity_from(now, kDeviceDays), random);
  if (!issued) return issued.error().with("issuing the device's certificate");
  profile.device_certificate = issued->der();
  return true;
}

ChannelTarget target_of(const Profile& profile) {
  ChannelTarget target;
  target.address = profile.server;
  target.ca_certificate = profile.ca_certificate;
  target.ca_fingerprint = profile.ca_fingerprint;
  if (profile.stage == Profile::Stage::enrolled) {
    target.client_chain = {profile.device_certificate, profile.identity_certificate};
    target.client_key = profile.device_key.copy();
  }
  return target;
}

AccountView view_of(const Profile& profile) {
  AccountView view;
  view.user.id = profile.user;
  view.user.username = profile.username;
  view.user.display_name = profile.display_name;
  view.user.verified = true;
  view.device.id = profile.device;
  view.device.name = profile.device_name;
  view.device.current = true;
  view.server = profile.server.str();
  return view;
}

}  // namespace sotto::client
