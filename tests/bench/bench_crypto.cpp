// What each primitive costs: CPU time per operation.
#include <cstdio>
#include <ctime>
#include <string>

#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/hkdf.hpp"
#include "sotto/crypto/hpke.hpp"
#include "sotto/crypto/identity_chain.hpp"
#include "sotto/crypto/password.hpp"
#include "sotto/crypto/random.hpp"

namespace {

using namespace sotto;
using namespace sotto::crypto;

double cpu_us() { return 1e6 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <class Operation>
void measure(const std::string& name, Operation&& operation) {
  operation();  // fetches algorithms, sets up contexts
  int runs = 0;
  const double start = cpu_us();
  double spent = 0;
  for (; spent < 200'000; spent = cpu_us() - start) {
    for (int i = 0; i < 10; ++i) operation();
    runs += 10;
  }
  std::printf("{\"bench\": \"crypto/%s\", \"cpu_us\": %.2f}\n", name.c_str(), spent / runs);
}

void symmetric() {
  const Bytes key(32, 1);
  const Bytes text(100, 2);
  const Bytes nonce(kAeadNonceSize, 3);
  measure("sha256 of 100 bytes", [&] { (void)sha256(text); });
  measure("hmac-sha256 of 100 bytes", [&] { (void)hmac(HashAlgorithm::sha256, key, text); });
  measure("hkdf-expand to 32 bytes", [&] { (void)hkdf_expand(HashAlgorithm::sha256, key, text, 32); });

  for (const auto& [name, algorithm] : {std::pair{"aes-256-gcm", AeadAlgorithm::aes_256_gcm},
                                        std::pair{"chacha20-poly1305", AeadAlgorithm::chacha20_poly1305}}) {
    AeadKey aead(algorithm, key);
    Bytes page(4068);
    Bytes tag(kAeadTagSize);
    measure(std::string(name) + " page seal", [&] { aead.seal_detached(nonce, {}, page, page, tag); });
    Bytes chunk(128 * 1024);
    Bytes sealed(chunk.size() + kAeadTagSize);
    measure(std::string(name) + " 128 KiB seal", [&] { aead.seal_to(nonce, {}, chunk, sealed); });
    measure(std::string(name) + " 128 KiB open", [&] { (void)aead.open_to(nonce, {}, sealed, chunk); });
  }
}

void signatures() {
  const Bytes text(100, 2);
  for (const auto& [label, algorithm] : {std::pair{"ed25519", SignatureAlgorithm::ed25519},
                                         std::pair{"ecdsa-p256", SignatureAlgorithm::ecdsa_p256_sha256}}) {
    const std::string name = label;
    const SigningKey key = SigningKey::generate(algorithm, system_random());
    const VerifyKey check = VerifyKey::from_public(algorithm, key.public_key()).value();
    const Bytes signature = key.sign(text);
    measure(name + " sign", [&] { (void)key.sign(text); });
    measure(name + " verify", [&] { (void)check.verify(text, signature); });
    measure(name + " parse and verify", [&] { (void)verify(algorithm, key.public_key(), text, signature); });
  }
}

void hpke() {
  const Bytes text(32, 2);
  for (const auto& [label, kem] :
       {std::pair{"hpke-x25519", HpkeKem::x25519_sha256}, std::pair{"hpke-p256", HpkeKem::p256_sha256}}) {
    const std::string name = label;
    const HpkeSuite suite{kem, HpkeAead::aes_128_gcm};
    const DhPrivateKey key = DhPrivateKey::generate(hpke_group(kem), system_random());
    const HpkeSealed sealed = hpke_seal(suite, key.public_key(), {}, {}, text, system_random()).value();
    measure(name + " seal", [&] { (void)hpke_seal(suite, key.public_key(), {}, {}, text, system_random()); });
    measure(name + " open",
            [&] { (void)hpke_open(suite, sealed.kem_output, key, {}, {}, sealed.ciphertext); });
    measure(name + " derive key pair", [&] { (void)hpke_derive_key_pair(kem, text); });
  }
}

void certificates() {
  Random& random = system_random();
  const WallTime now{1'790'000'000'000};
  const Validity validity = validity_from(now, 30);
  const auto new_key = [&] { return SigningKey::generate(SignatureAlgorithm::ed25519, random); };
  const SigningKey ca_key = new_key();
  const SigningKey identity_key = new_key();
  const SigningKey device_key = new_key();
  const auto user = random.id<UserId>();
  const Certificate ca = issue_server_ca(ca_key, validity, random).value();
  const Certificate identity =
      issue_identity_certificate(ca_key, ca, user, identity_key.public_key(), validity, random).value();
  const auto issue = [&] {
    return issue_device_certificate(identity_key, identity, user, random.id<DeviceId>(),
                                    device_key.public_key(), validity, random)
        .value();
  };
  const Certificate device = issue();
  measure("certificate issue", [&] { (void)issue(); });
  measure("certificate parse", [&] { (void)Certificate::from_der(device.der()); });
  measure("device chain, parsed", [&] { (void)verify_device_chain(device, identity, ca, now); });
  measure("device chain, from DER",
          [&] { (void)verify_device_chain(device.der(), identity.der(), ca.der(), now); });
}

}  // namespace

int main() {
  symmetric();
  signatures();
  hpke();
  certificates();
  measure("argon2id of an account password", [] { (void)hash_password(as_bytes("password")); });
  return 0;
}
