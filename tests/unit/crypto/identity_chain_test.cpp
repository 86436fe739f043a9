// Who may say what: an honest chain passes, and each participant's cheating does not.
#include "sotto/crypto/identity_chain.hpp"

#include <gtest/gtest.h>

#include "error_queue.hpp"
#include "sotto/base/random.hpp"

namespace sotto::crypto {
namespace {

constexpr WallTime kNow{1'790'000'000'000};

struct Account {
  UserId user;
  SigningKey key;
  Certificate certificate;
};

struct World {
  SeededRandom random{21};
  Validity validity = validity_from(kNow, 30);
  SigningKey ca_key = key();
  Certificate ca = issue_server_ca(ca_key, validity, random).value();
  Account alice = account();
  Account mallory = account();
  DeviceId device = random.id<DeviceId>();
  SigningKey device_key = key();

  SigningKey key() { return SigningKey::generate(SignatureAlgorithm::ed25519, random); }
  Account account() {
    const auto user = random.id<UserId>();
    SigningKey own = key();
    Certificate certificate =
        issue_identity_certificate(ca_key, ca, user, own.public_key(), validity, random).value();
    return {user, std::move(own), std::move(certificate)};
  }
  Certificate device_of(const Account& owner) {
    return issue_device_certificate(owner.key, owner.certificate, owner.user, device, device_key.public_key(),
                                    validity, random)
        .value();
  }
  // What a cheat makes with the generic layer, without the checks of identity_chain.
  CertificateSpec device_spec(UserId user) const {
    CertificateSpec spec;
    spec.common_name = device.str();
    spec.uri_names = {"sotto:device:" + user.str() + "/" + device.str()};
    spec.validity = validity;
    spec.client_auth = true;
    return spec;
  }
  CertificateSpec identity_spec(UserId user) const {
    CertificateSpec spec;
    spec.common_name = user.str();
    spec.uri_names = {"sotto:user:" + user.str()};
    spec.validity = validity;
    spec.is_ca = true;
    spec.path_length = 0;
    spec.client_auth = true;
    return spec;
  }
  Certificate forge(const CertificateSpec& spec, const SigningKey& by, const Certificate& issuer) {
    return issue_certificate(spec, device_key.public_key(), by, &issuer, random).value();
  }
  Result<DeviceIdentity> check(const Certificate& leaf, const Certificate& identity, WallTime now = kNow) {
    return verify_device_chain(leaf.der(), identity.der(), ca.der(), now);
  }
};

TEST(IdentityChain, an_honest_device_is_recognised) {
  World w;
  const auto found = w.check(w.device_of(w.alice), w.alice.certificate);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->user, w.alice.user);
  EXPECT_EQ(found->device, w.device);
  EXPECT_EQ(found->identity_key, w.alice.key.public_key());
  EXPECT_EQ(found->device_key, w.device_key.public_key());
  EXPECT_EQ(verify_identity_certificate(w.alice.certificate, w.ca, kNow)->user, w.alice.user);
}

TEST(IdentityChain, it_ends_with_its_validity) {
  World w;
  const Certificate leaf = w.device_of(w.alice);
  EXPECT_FALSE(w.check(leaf, w.alice.certificate, {kNow.ms + 31 * kDayMs}).ok());
  EXPECT_FALSE(w.check(leaf, w.alice.certificate, {kNow.ms - kDayMs}).ok());
}

TEST(IdentityChain, one_user_cannot_issue_a_device_of_another) {
  World w;
  EXPECT_FALSE(issue_device_certificate(w.mallory.key, w.mallory.certificate, w.alice.user, w.device,
                                        w.device_key.public_key(), w.validity, w.random)
                   .ok());
  const Certificate forged = w.forge(w.device_spec(w.alice.user), w.mallory.key, w.mallory.certificate);
  EXPECT_FALSE(w.check(forged, w.mallory.certificate).ok());
  EXPECT_FALSE(w.check(forged, w.alice.certificate).ok());
  EXPECT_FALSE(w.check(w.device_of(w.mallory), w.alice.certificate).ok());
}

TEST(IdentityChain, the_server_cannot_lend_a_device_the_identity_of_a_user) {  // M-01: the ghost device
  World w;
  const Certificate ghost = w.forge(w.device_spec(w.alice.user), w.ca_key, w.ca);
  EXPECT_FALSE(w.check(ghost, w.alice.certificate).ok());
  // A second identity certificate for Alice is within the server's power, but shows another identity key.
  const Certificate fake = issue_identity_certificate(w.ca_key, w.ca, w.alice.user,
                                                      w.mallory.key.public_key(), w.validity, w.random)
                               .value();
  const Certificate leaf = w.forge(w.device_spec(w.alice.user), w.mallory.key, fake);
  const auto found = w.check(leaf, fake);
  ASSERT_TRUE(found.ok());
  EXPECT_NE(found->identity_key, w.alice.key.public_key());
  EXPECT_FALSE(w.check(leaf, w.alice.certificate).ok());
}

TEST(IdentityChain, a_user_cannot_issue_identities_or_servers) {
  World w;
  const Certificate identity = w.forge(w.identity_spec(w.alice.user), w.mallory.key, w.mallory.certificate);
  EXPECT_FALSE(verify_identity_certificate(identity, w.ca, kNow).ok());
  const Certificate leaf = w.forge(w.device_spec(w.alice.user), w.device_key, identity);
  EXPECT_FALSE(w.check(leaf, identity).ok());

  CertificateSpec server;
  server.common_name = kServerName;
  server.dns_names = {std::string(kServerName)};
  server.validity = w.validity;
  server.server_auth = true;
  const Certificate forged = w.forge(server, w.mallory.key, w.mallory.certificate);
  EXPECT_FALSE(verify_server_certificate(forged, w.ca, kNow).ok());
  EXPECT_FALSE(
      verify_chain(forged, {&w.mallory.certificate, 1}, w.ca, kNow, CertificatePurpose::server).ok());
}

TEST(IdentityChain, a_device_cannot_pass_for_an_identity_or_the_other_way_round) {
  World w;
  const Certificate leaf = w.device_of(w.alice);
  EXPECT_FALSE(w.check(w.alice.certificate, w.alice.certificate).ok());
  EXPECT_FALSE(w.check(leaf, leaf).ok());
  EXPECT_FALSE(w.check(w.ca, w.ca).ok());
  EXPECT_FALSE(verify_identity_certificate(leaf, w.ca, kNow).ok());
  EXPECT_FALSE(verify_server_certificate(leaf, w.ca, kNow).ok());
  EXPECT_FALSE(verify_server_certificate(w.ca, w.ca, kNow).ok());
}

TEST(IdentityChain, names_have_one_spelling_and_stand_alone) {
  World w;
  const std::string right = w.device_spec(w.alice.user).uri_names.front();
  std::string upper = right;
  for (char& c : upper) {
    if (c >= 'a' && c <= 'f' && &c > &upper[13]) c = static_cast<char>(c - 'a' + 'A');
  }
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {right, right},
      {right, "sotto:user:" + w.alice.user.str()},
      {upper},
      {right + "/"},
      {right.substr(0, right.size() - 2)},
      {"sotto:device:" + w.alice.user.str() + ":" + w.device.str()},
      {"sotto:device:" + w.alice.user.str() + "/" + DeviceId{}.str()},
      {"http://" + right},
  };
  for (const auto& names : wrong) {
    CertificateSpec spec = w.device_spec(w.alice.user);
    spec.uri_names = names;
    EXPECT_FALSE(w.check(w.forge(spec, w.alice.key, w.alice.certificate), w.alice.certificate).ok());
  }
  CertificateSpec spec = w.device_spec(w.alice.user);
  spec.dns_names = {std::string(kServerName)};
  EXPECT_FALSE(w.check(w.forge(spec, w.alice.key, w.alice.certificate), w.alice.certificate).ok());
  spec = w.device_spec(w.alice.user);
  spec.common_name = w.alice.user.str();
  EXPECT_FALSE(w.check(w.forge(spec, w.alice.key, w.alice.certificate), w.alice.certificate).ok());
  spec = w.device_spec(w.alice.user);
  spec.server_auth = true;
  EXPECT_FALSE(w.check(w.forge(spec, w.alice.key, w.alice.certificate), w.alice.certificate).ok());
}

TEST(IdentityChain, an_identity_certificate_without_limits_is_refused) {
  World w;
  const auto passes = [&](const CertificateSpec& spec) {
    const Certificate identity =
        issue_certificate(spec, w.alice.key.public_key(), w.ca_key, &w.ca, w.random).value();
    return verify_identity_certificate(identity, w.ca, kNow).ok();
  };
  EXPECT_TRUE(passes(w.identity_spec(w.alice.user)));
  CertificateSpec deep = w.identity_spec(w.alice.user);
  deep.path_length.reset();
  EXPECT_FALSE(passes(deep));
  CertificateSpec any_use = w.identity_spec(w.alice.user);
  any_use.client_auth = false;
  EXPECT_FALSE(passes(any_use));
  CertificateSpec server_too = w.identity_spec(w.alice.user);
  server_too.server_auth = true;
  EXPECT_FALSE(passes(server_too));
}

TEST(IdentityChain, the_servers_own_key_is_nobodys_identity) {
  World w;
  EXPECT_FALSE(
      issue_identity_certificate(w.ca_key, w.ca, w.alice.user, w.ca_key.public_key(), w.validity, w.random)
          .ok());
  EXPECT_FALSE(
      issue_identity_certificate(w.ca_key, w.ca, UserId{}, w.key().public_key(), w.validity, w.random).ok());
}

TEST(IdentityChain, the_servers_certificate_is_checked_by_name_and_issuer) {
  World w;
  const SigningKey server_key = w.key();
  const Certificate server =
      issue_server_certificate(w.ca_key, w.ca, server_key.public_key(), w.validity, w.random).value();
  EXPECT_TRUE(verify_server_certificate(server, w.ca, kNow).ok());
  EXPECT_FALSE(verify_server_certificate(server, w.ca, {kNow.ms + 31 * kDayMs}).ok());
  CertificateSpec spec;
  spec.common_name = kServerName;
  spec.validity = w.validity;
  spec.server_auth = true;
  for (const char* name : {"evil-sotto-server", "sotto-server.example", "*", "sotto"}) {
    spec.dns_names = {name};
    EXPECT_FALSE(verify_server_certificate(w.forge(spec, w.ca_key, w.ca), w.ca, kNow).ok()) << name;
  }
}

TEST(IdentityChain, any_changed_byte_is_refused) {
  World w;
  const Certificate leaf = w.device_of(w.alice);
  for (const bool change_leaf : {true, false}) {
    const Bytes& original = change_leaf ? leaf.der() : w.alice.certificate.der();
    for (std::size_t i = 0; i < original.size(); ++i) {
      Bytes changed = original;
      changed[i] ^= 1;
      EXPECT_FALSE(verify_device_chain(change_leaf ? changed : leaf.der(),
                                       change_leaf ? w.alice.certificate.der() : changed, w.ca.der(), kNow)
                       .ok())
          << i;
    }
  }
  EXPECT_TRUE(error_queue_is_empty());
}

}  // namespace
}  // namespace sotto::crypto
