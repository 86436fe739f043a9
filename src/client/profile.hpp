// Who this program is: server, account, device, and the keys. One record in the store.
//
// It is written before any of its keys is sent (stage `pending`), so that a crash in the middle of
// registering or signing in is followed by a second try with the same keys, which the server recognises.
#pragma once

#include <optional>
#include <string>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/client/channel.hpp"
#include "sotto/client/view.hpp"
#include "sotto/crypto/dh.hpp"
#include "sotto/crypto/signature.hpp"
#include "sotto/store/client_store.hpp"

namespace sotto::client {

struct Profile {
  enum class Stage : std::uint8_t { pending, enrolled };
  Stage stage = Stage::pending;
  ServerAddress server;
  Bytes ca_fingerprint;
  Bytes ca_certificate;  // enrolled
  std::string username;
  std::string display_name;
  std::string device_name;
  UserId user;  // zero while pending
  DeviceId device;
  SecretBytes identity_key;  // Ed25519 seeds, X25519 private key
  SecretBytes device_key;
  SecretBytes sealing_key;
  Bytes identity_certificate;
  Bytes device_certificate;

  static Profile generate(Random& random);
  Profile copy() const;
};

Bytes encode(const Profile& profile);
Result<Profile> decode_profile(ByteView bytes);

std::optional<Profile> load_profile(store::ClientStore& store);
void save_profile(store::ClientStore& store, const Profile& profile);

// Issues the device certificate by the identity key if there is none, or if it ends in less than 30 days.
// True: it is new and must be saved.
Result<bool> renew_device_certificate(Profile& profile, WallTime now, Random& random);

ChannelTarget target_of(const Profile& profile);
AccountView view_of(const Profile& profile);

}  // namespace sotto::client
