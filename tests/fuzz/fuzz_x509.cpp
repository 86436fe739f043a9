// crypto: any bytes as a certificate, as a chain beside a real CA, and as PEM files. Nothing may crash, an
// accepted certificate is its own encoding, and bytes that we did not sign never become a device.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sotto/base/random.hpp"
#include "sotto/crypto/identity_chain.hpp"

namespace {

using namespace sotto;
using namespace sotto::crypto;

constexpr WallTime kNow{1'790'000'000'000};

struct World {
  SeededRandom random{3};
  Validity validity = validity_from(kNow, 30);
  SigningKey ca_key = SigningKey::generate(SignatureAlgorithm::ed25519, random);
  SigningKey identity_key = SigningKey::generate(SignatureAlgorithm::ed25519, random);
  UserId user = random.id<UserId>();
  Certificate ca = issue_server_ca(ca_key, validity, random).value();
  Certificate identity =
      issue_identity_certificate(ca_key, ca, user, identity_key.public_key(), validity, random).value();
  Certificate device = issue_device_certificate(identity_key, identity, user, random.id<DeviceId>(),
                                                ca_key.public_key(), validity, random)
                           .value();
  Certificate server =
      issue_server_certificate(ca_key, ca, identity_key.public_key(), validity, random).value();
};

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const ByteView input(data, size);

  const auto parsed = Certificate::from_der(input);
  if (parsed) {
    require(equal(parsed->der(), input));
    const auto again = Certificate::from_pem(parsed->to_pem());
    require(again.ok() && equal(again->der(), input));
    // The corpus holds the real ones; a changed one must fail.
    const bool ours = equal(input, world.device.der()) || equal(input, world.identity.der());
    require(ours || !verify_device_chain(*parsed, world.identity, world.ca, kNow).ok());
    require(ours || !verify_device_chain(world.device, *parsed, world.ca, kNow).ok());
    // An anchor is trusted by its key alone, so any certificate of the CA's key may stand for it.
    require(parsed->ed25519_key() == world.ca_key.public_key() ||
            !verify_device_chain(world.device, world.identity, *parsed, kNow).ok());
    require(equal(input, world.server.der()) || !verify_server_certificate(*parsed, world.ca, kNow).ok());
  }
  (void)Certificate::from_pem(as_text(input));
  (void)private_key_from_pem(input);
  return 0;
}
