#include "sealing.hpp"

#include <algorithm>

namespace sotto::mls {
namespace {

Result<crypto::DhPrivateKey> ephemeral_key(const Suite& suite, const SecretBytes& seed) {
  auto key = crypto::DhPrivateKey::from_bytes(suite.dh_group(), seed.view());
  // One P-256 seed in 2^32 is no scalar; what is derived from it always is one.
  return key ? std::move(key) : suite.derive_key_pair(seed.view());
}

}  // namespace

Result<std::vector<HpkeCiphertext>> seal_all(const Suite& suite, std::string_view label, ByteView context,
                                             const std::vector<SealJob>& jobs, const Environment& env) {
  std::vector<HpkeCiphertext> out(jobs.size());
  if (jobs.empty()) return out;
  std::vector<SecretBytes> seeds;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    seeds.emplace_back(crypto::kDhPrivateSize);
    env.random.fill(seeds.back().mutable_view());
  }
  const crypto::HpkeInfo prepared = suite.encrypt_context(label, context);
  std::vector<std::optional<Error>> errors(jobs.size());
  env.run_parallel(jobs.size(), [&](std::size_t i) {
    const auto ephemeral = ephemeral_key(suite, seeds[i]);
    if (!ephemeral) {
      errors[i] = ephemeral.error();
      return;
    }
    auto sealed = suite.encrypt_with(prepared, jobs[i].public_key, *ephemeral, jobs[i].plaintext);
    if (sealed) {
      out[i] = *std::move(sealed);
    } else {
      errors[i] = std::move(sealed).error();
    }
  });
  const auto failed = std::ranges::find_if(errors, [](const auto& error) { return error.has_value(); });
  if (failed != errors.end()) return **failed;
  return out;
}

}  // namespace sotto::mls
