#include "runtime/server_trust.hpp"

#include <gtest/gtest.h>

#include "test_server.hpp"

namespace sotto::runtime {
namespace {

using test::TestAuthority;

struct ServerTrustTest : testing::Test {
  const WallTime now = net::wall_now();
  const TestAuthority ours;
  const TestAuthority theirs;

  void expect_refused(const std::vector<Bytes>& chain, const ServerPin& pin) {
    const auto result = check_server_chain(chain, pin, now);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::untrusted);
  }
};

TEST_F(ServerTrustTest, accepts_the_pinned_authority_by_fingerprint_and_by_certificate) {
  EXPECT_EQ(*check_server_chain(ours.chain(), {{}, ours.fingerprint()}, now), ours.ca.der());
  EXPECT_EQ(*check_server_chain(ours.chain(), {ours.ca.der(), {}}, now), ours.ca.der());
  EXPECT_EQ(*check_server_chain({ours.server.der()}, {ours.ca.der(), {}}, now), ours.ca.der());
}

TEST_F(ServerTrustTest, refuses_another_authority) {
  expect_refused(theirs.chain(), {{}, ours.fingerprint()});
  expect_refused(theirs.chain(), {ours.ca.der(), {}});
  expect_refused(theirs.chain(), {ours.ca.der(), theirs.fingerprint()});  // the certificate wins
}

TEST_F(ServerTrustTest, refuses_a_foreign_server_below_our_authority) {
  expect_refused({theirs.server.der(), ours.ca.der()}, {{}, ours.fingerprint()});
  expect_refused({theirs.server.der()}, {ours.ca.der(), {}});
}

TEST_F(ServerTrustTest, refuses_a_device_that_poses_as_a_server) {
  auto& random = crypto::system_random();
  const auto identity_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const auto device_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const auto user = random.id<UserId>();
  const auto validity = crypto::validity_from(now, 5);
  const auto identity = *crypto::issue_identity_certificate(ours.ca_key, ours.ca, user,
                                                            identity_key.public_key(), validity, random);
  const auto device = *crypto::issue_device_certificate(identity_key, identity, user, random.id<DeviceId>(),
                                                        device_key.public_key(), validity, random);
  expect_refused({identity.der(), ours.ca.der()}, {{}, ours.fingerprint()});
  expect_refused({device.der(), ours.ca.der()}, {{}, ours.fingerprint()});
  expect_refused({device.der(), identity.der(), ours.ca.der()}, {{}, ours.fingerprint()});
}

TEST_F(ServerTrustTest, refuses_an_expired_server) {
  const WallTime later{now.ms + 15 * crypto::kDayMs};
  EXPECT_FALSE(check_server_chain(ours.chain(), {{}, ours.fingerprint()}, later));
}

TEST_F(ServerTrustTest, refuses_damaged_and_empty_chains_without_a_crash) {
  expect_refused({}, {{}, ours.fingerprint()});
  expect_refused({to_bytes("garbage")}, {ours.ca.der(), {}});
  expect_refused({ours.server.der(), to_bytes("garbage")}, {});
  expect_refused({ours.server.der()}, {{}, ours.fingerprint()});  // the authority is missing
}

TEST_F(ServerTrustTest, without_a_pin_any_well_formed_chain_is_reported) {
  EXPECT_EQ(*check_server_chain(theirs.chain(), {}, now), theirs.ca.der());
  expect_refused({theirs.server.der(), ours.ca.der()}, {});
}

}  // namespace
}  // namespace sotto::runtime
