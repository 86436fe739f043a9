// The sealer of one-to-one conversations: HPKE (RFC 9180, base mode, X25519, AES-128-GCM) to every device,
// signed by the sender's device (docs/protocol.md, Sealing). Thread: the client core's.
#pragma once

#include "sealer.hpp"
#include "sotto/base/random.hpp"
#include "sotto/crypto/dh.hpp"
#include "sotto/crypto/signature.hpp"

namespace sotto::client {

class HpkeSealer final : public Sealer {
 public:
  HpkeSealer(DeviceId device, crypto::SigningKey device_key, crypto::DhPrivateKey sealing_key,
             Random& random);

  Result<Sealed> seal(const SealRequest& request) override;
  Opened open(const OpenRequest& request, ByteView payload) override;
  Result<SecretBytes> export_secret(ConversationId conversation, std::string_view label, ByteView context,
                                    const store::ClientDeviceRecord& peer) override;

 private:
  DeviceId device_;
  crypto::SigningKey device_key_;
  crypto::DhPrivateKey sealing_key_;
  Random& random_;
};

}  // namespace sotto::client
