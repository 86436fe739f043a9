#include "sotto/mls/environment.hpp"

namespace sotto::mls {

Status BasicCredentialPolicy::validate(const Credential& credential, ByteView) const {
  if (credential.type != CredentialType::basic) {
    return fail(ErrorCode::untrusted, "Only basic credentials are accepted here.");
  }
  return ok_status();
}

bool BasicCredentialPolicy::is_same_client(const Credential& a, const Credential& b) const {
  return a.type == b.type && a.identity == b.identity;
}

}  // namespace sotto::mls
