#include "server_trust.hpp"

#include "sotto/crypto/identity_chain.hpp"

namespace sotto::runtime {
namespace {

constexpr std::string_view kNotOurs =
    "This is not the server that the invite link or the earlier sign-in named. Somebody may be intercepting "
    "the "
    "connection, or the server was set up anew. Nothing was sent to it.";

}  // namespace

Result<Bytes> check_server_chain(const std::vector<Bytes>& chain, const ServerPin& pin, WallTime now) {
  const auto refuse = [](std::string why) { return fail(ErrorCode::untrusted, std::move(why)); };
  if (chain.empty()) return refuse("The server showed no certificate.");
  if (chain.size() > 2) return refuse("The server's certificate chain is longer than a Sotto server's.");
  const auto server = crypto::Certificate::from_der(chain.front());
  if (!server) return refuse("The server's certificate is damaged: " + server.error().message);

  Bytes ca_der = chain.size() == 2 ? chain.back() : pin.ca_certificate;
  if (ca_der.empty()) return refuse("The server did not show the certificate of its authority.");
  if (!pin.ca_certificate.empty() && !equal(ca_der, pin.ca_certificate)) return refuse(std::string(kNotOurs));
  const auto ca = crypto::Certificate::from_der(ca_der);
  if (!ca) return refuse("The certificate of the server's authority is damaged: " + ca.error().message);
  if (pin.ca_certificate.empty() && !pin.ca_fingerprint.empty() &&
      !equal(ca->spki_fingerprint(), pin.ca_fingerprint)) {
    return refuse(std::string(kNotOurs));
  }
  if (Status verified = crypto::verify_server_certificate(*server, *ca, now); !verified) {
    return refuse("The server's certificate does not hold: " + verified.error().message);
  }
  return ca_der;
}

}  // namespace sotto::runtime
