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

void Environment::run_parallel(std::size_t count, const std::function<void(std::size_t)>& work) const {
  if (parallel != nullptr && count > 1) return parallel->run(count, work);
  for (std::size_t i = 0; i < count; ++i) work(i);
}

}  // namespace sotto::mls
