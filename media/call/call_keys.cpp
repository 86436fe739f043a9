#include "sotto/call/call_keys.hpp"

#include <cstdio>

#include "sotto/crypto/dh.hpp"
#include "sotto/crypto/hash.hpp"
#include "sotto/crypto/hkdf.hpp"

namespace sotto::call {
namespace {

constexpr auto kHash = crypto::HashAlgorithm::sha256;
constexpr std::string_view kCommitmentLabel = "sotto call commitment v1";
constexpr std::string_view kSrtpLabel = "sotto call v1 srtp ";
constexpr std::string_view kCodeLabel = "sotto call v1 code";
constexpr std::size_t kBindingBytes = 32;

SrtpKeys expand_direction(const SecretBytes& secret, std::string_view sender, ByteView transcript) {
  Bytes info = to_bytes(kSrtpLabel);
  append(info, as_bytes(sender));
  append(info, transcript);
  const SecretBytes both = crypto::hkdf_expand(kHash, secret.view(), info, kSrtpKeyBytes + kSrtpSaltBytes);
  return {SecretBytes(both.view().first(kSrtpKeyBytes)), SecretBytes(both.view().subspan(kSrtpKeyBytes))};
}

// The bias of the modulus is below 2^-44.
std::string code_from(ByteView first_eight_bytes) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : first_eight_bytes) number = number << 8 | byte;
  char text[8];
  std::snprintf(text, sizeof text, "%06u", static_cast<unsigned>(number % 1'000'000));
  return text;
}

}  // namespace

Bytes commitment_to(const CallId& call, ByteView caller_public_key) {
  Bytes input = to_bytes(kCommitmentLabel);
  input.push_back(0);
  append(input, call.bytes());
  append(input, caller_public_key);
  return crypto::hash(kHash, input);
}

Result<CallKeys> derive_call_keys(Role own_role, const CallId& call, ByteView binding,
                                  const SecretBytes& own_private_key, ByteView caller_public_key,
                                  ByteView callee_public_key) {
  if (binding.size() != kBindingBytes)
    return fail(ErrorCode::invalid_argument, "the call's binding has a wrong size");
  if (caller_public_key.size() != kCallPublicKeyBytes || callee_public_key.size() != kCallPublicKeyBytes) {
    return fail(ErrorCode::untrusted, "a key of the call has a wrong size");
  }
  const bool is_caller = own_role == Role::caller;
  auto own = crypto::DhPrivateKey::from_bytes(crypto::DhGroup::x25519, own_private_key.view());
  if (!own) return std::move(own).error().with("reading our key of the call");
  // A caller that talks to itself, or was handed its own key back, would use one key for both directions.
  if (!constant_time_equal(own->public_key(), is_caller ? caller_public_key : callee_public_key) ||
      constant_time_equal(caller_public_key, callee_public_key)) {
    return fail(ErrorCode::untrusted, "the keys of the call do not fit together");
  }
  auto shared = own->agree(is_caller ? callee_public_key : caller_public_key);
  if (!shared) return fail(ErrorCode::untrusted, "the far side's key of the call is not valid");
  const SecretBytes secret = crypto::hkdf_extract(kHash, binding, shared->view());

  Bytes transcript = to_bytes(call.bytes());
  append(transcript, caller_public_key);
  append(transcript, callee_public_key);
  SrtpKeys from_caller = expand_direction(secret, "caller", transcript);
  SrtpKeys from_callee = expand_direction(secret, "callee", transcript);
  Bytes code_info = to_bytes(kCodeLabel);
  append(code_info, transcript);
  const SecretBytes code = crypto::hkdf_expand(kHash, secret.view(), code_info, 8);

  CallKeys keys;
  keys.send = std::move(is_caller ? from_caller : from_callee);
  keys.receive = std::move(is_caller ? from_callee : from_caller);
  keys.security_code = code_from(code.view());
  return keys;
}

}  // namespace sotto::call
