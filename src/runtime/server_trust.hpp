// Whether a server's certificate chain is the one that the user's invite link, or an earlier connection,
// pinned.
#pragma once

#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"

namespace sotto::runtime {

struct ServerPin {
  Bytes ca_certificate;  // DER; wins if both are set
  Bytes ca_fingerprint;  // SHA-256 of the CA's SubjectPublicKeyInfo
  bool empty() const { return ca_certificate.empty() && ca_fingerprint.empty(); }
};

// `chain`: DER, the server first, its CA last (or left out where the CA itself is pinned). The CA's
// certificate. untrusted with a sentence for the user otherwise. Without a pin any well-formed chain passes.
Result<Bytes> check_server_chain(const std::vector<Bytes>& chain, const ServerPin& pin, WallTime now);

}  // namespace sotto::runtime
