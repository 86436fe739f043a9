#include "sotto/call/call_keys.hpp"

#include <gtest/gtest.h>

#include "sotto/base/random.hpp"
#include "sotto/crypto/dh.hpp"

namespace sotto::call {
namespace {

// Computed by call_keys_vector.py, which knows the scheme from the header's text alone.
constexpr std::string_view kCommitment = "0e390ec6418b189f52c053722fdbea0537d3c410e02086630d5058a6acf45810";
constexpr std::string_view kCallerPublic = "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13";
constexpr std::string_view kCalleePublic = "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20";
constexpr std::string_view kFromCaller =
    "d3e783ef70748aaf15336dc71a434e76cbfbebb36254b69f87ba2214032cf810dd1196e507ee9df986362ce3";
constexpr std::string_view kFromCallee =
    "20b7f3b26c76ba6f032143a7a307e4b4782ee2282931835eee1fd0a0ea3b7af68c595cf375047ed66322da36";
constexpr std::string_view kCode = "361465";

CallId call_id() { return *CallId::from_string("000102030405060708090a0b0c0d0e0f"); }
const Bytes kBinding(32, 0xb0);
SecretBytes caller_private() { return SecretBytes(Bytes(32, 0x11)); }
SecretBytes callee_private() { return SecretBytes(Bytes(32, 0x22)); }
Bytes caller_public() { return *from_hex(kCallerPublic); }
Bytes callee_public() { return *from_hex(kCalleePublic); }

std::string text(const SrtpKeys& keys) { return to_hex(keys.key.view()) + to_hex(keys.salt.view()); }

TEST(CallKeys, are_those_of_an_independent_computation) {
  EXPECT_EQ(to_hex(commitment_to(call_id(), caller_public())), kCommitment);
  const auto caller =
      derive_call_keys(Role::caller, call_id(), kBinding, caller_private(), caller_public(), callee_public());
  ASSERT_TRUE(caller) << caller.error().message;
  EXPECT_EQ(text(caller->send), kFromCaller);
  EXPECT_EQ(text(caller->receive), kFromCallee);
  EXPECT_EQ(caller->security_code, kCode);
}

TEST(CallKeys, fit_together_on_both_sides) {
  const auto caller =
      derive_call_keys(Role::caller, call_id(), kBinding, caller_private(), caller_public(), callee_public());
  const auto callee =
      derive_call_keys(Role::callee, call_id(), kBinding, callee_private(), caller_public(), callee_public());
  ASSERT_TRUE(caller);
  ASSERT_TRUE(callee);
  EXPECT_EQ(text(caller->send), text(callee->receive));
  EXPECT_EQ(text(caller->receive), text(callee->send));
  EXPECT_NE(text(caller->send), text(caller->receive));
  EXPECT_EQ(caller->security_code, callee->security_code);
}

TEST(CallKeys, change_with_every_input) {
  const auto base = *derive_call_keys(Role::caller, call_id(), kBinding, caller_private(), caller_public(),
                                      callee_public());
  Bytes other_binding = kBinding;
  other_binding[31] ^= 1;
  CallId other_call = call_id();
  other_call.mutable_bytes()[0] ^= 1;
  SeededRandom random(1);
  const auto other_callee = crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, random);
  std::vector<CallKeys> others;
  others.push_back(*derive_call_keys(Role::caller, call_id(), other_binding, caller_private(),
                                     caller_public(), callee_public()));
  others.push_back(*derive_call_keys(Role::caller, other_call, kBinding, caller_private(), caller_public(),
                                     callee_public()));
  others.push_back(*derive_call_keys(Role::caller, call_id(), kBinding, caller_private(), caller_public(),
                                     other_callee.public_key()));
  for (const CallKeys& other : others) {
    EXPECT_NE(text(other.send), text(base.send));
    EXPECT_NE(text(other.receive), text(base.receive));
    EXPECT_NE(other.security_code, base.security_code);
  }
  EXPECT_NE(commitment_to(other_call, caller_public()), commitment_to(call_id(), caller_public()));
}

TEST(CallKeys, refuse_public_keys_of_wrong_size_or_low_order) {
  const auto derive = [](ByteView callee) {
    return derive_call_keys(Role::caller, call_id(), kBinding, caller_private(), caller_public(), callee);
  };
  EXPECT_EQ(derive(Bytes(31, 9)).error().code, ErrorCode::untrusted);
  EXPECT_EQ(derive(Bytes(33, 9)).error().code, ErrorCode::untrusted);
  for (const char* low : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    EXPECT_EQ(derive(*from_hex(low)).error().code, ErrorCode::untrusted) << low;
  }
}

TEST(CallKeys, refuse_a_reflected_key_and_one_that_is_not_ours) {
  EXPECT_EQ(
      derive_call_keys(Role::caller, call_id(), kBinding, caller_private(), caller_public(), caller_public())
          .error()
          .code,
      ErrorCode::untrusted);
  EXPECT_EQ(
      derive_call_keys(Role::caller, call_id(), kBinding, caller_private(), callee_public(), caller_public())
          .error()
          .code,
      ErrorCode::untrusted);
  EXPECT_FALSE(derive_call_keys(Role::caller, call_id(), Bytes(16), caller_private(), caller_public(),
                                callee_public()));
}

}  // namespace
}  // namespace sotto::call
