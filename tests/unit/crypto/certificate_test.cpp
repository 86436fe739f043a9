#include "sotto/crypto/certificate.hpp"

#include <gtest/gtest.h>

#include "error_queue.hpp"
#include "sotto/base/random.hpp"

namespace sotto::crypto {
namespace {

constexpr WallTime kNow{1'790'000'000'000};
constexpr std::int64_t kDay = 24LL * 60 * 60 * 1000;
constexpr Validity kValid{{kNow.ms - kDay}, {kNow.ms + kDay}};

struct Fixture {
  SeededRandom random{11};
  SigningKey ca_key = SigningKey::generate(SignatureAlgorithm::ed25519, random);
  Certificate ca = issue(ca_spec(1), ca_key, ca_key, nullptr);

  static CertificateSpec ca_spec(std::optional<int> path_length) {
    CertificateSpec spec;
    spec.common_name = "An authority";
    spec.validity = kValid;
    spec.is_ca = true;
    spec.path_length = path_length;
    return spec;
  }
  static CertificateSpec leaf_spec() {
    CertificateSpec spec;
    spec.common_name = "A leaf";
    spec.validity = kValid;
    spec.client_auth = true;
    return spec;
  }
  SigningKey key() { return SigningKey::generate(SignatureAlgorithm::ed25519, random); }
  Certificate issue(const CertificateSpec& spec, const SigningKey& subject, const SigningKey& by,
                    const Certificate* issuer) {
    return issue_certificate(spec, subject.public_key(), by, issuer, random).value();
  }
};

TEST(Certificate, says_what_was_put_into_it) {
  Fixture f;
  CertificateSpec spec = Fixture::leaf_spec();
  spec.uri_names = {"sotto:a", "sotto:b"};
  spec.dns_names = {"example"};
  spec.server_auth = true;
  const SigningKey subject = f.key();
  const Certificate made = f.issue(spec, subject, f.ca_key, &f.ca);

  for (const Certificate& c :
       {made, Certificate::from_der(made.der()).value(), Certificate::from_pem(made.to_pem()).value()}) {
    EXPECT_EQ(c.der(), made.der());
    EXPECT_EQ(c.common_name(), "A leaf");
    EXPECT_EQ(c.issuer_common_name(), "An authority");
    EXPECT_EQ(c.uri_names(), spec.uri_names);
    EXPECT_EQ(c.dns_names(), spec.dns_names);
    EXPECT_EQ(c.other_name_count(), 0U);
    EXPECT_EQ(c.ed25519_key(), subject.public_key());
    EXPECT_EQ(c.not_before(), kValid.not_before);
    EXPECT_EQ(c.not_after(), kValid.not_after);
    EXPECT_FALSE(c.is_ca());
    EXPECT_EQ(c.path_length(), std::nullopt);
    EXPECT_TRUE(c.allows_client_auth() && c.allows_server_auth());
  }
  EXPECT_TRUE(f.ca.is_ca());
  EXPECT_EQ(f.ca.path_length(), 1);
  EXPECT_FALSE(f.ca.allows_client_auth());
  EXPECT_NE(f.ca.spki_fingerprint(), made.spki_fingerprint());
  EXPECT_GE(made.serial().size(), 12U);
  EXPECT_NE(made.serial(), f.issue(spec, subject, f.ca_key, &f.ca).serial());
}

TEST(Certificate, the_fingerprint_covers_the_key_info) {
  Fixture f;
  Bytes spki = from_hex("302a300506032b6570032100").value();  // RFC 8410: the fixed head of an Ed25519 key
  append(spki, f.ca_key.public_key());
  EXPECT_EQ(f.ca.spki_fingerprint(), sha256(spki));
}

TEST(Certificate, cut_extended_or_foreign_bytes_are_refused) {
  Fixture f;
  const Bytes& der = f.ca.der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(Certificate::from_der(ByteView(der).first(size)).ok());
  }
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_FALSE(Certificate::from_der(longer).ok());
  EXPECT_FALSE(Certificate::from_der(Bytes(kMaxCertificateSize + 1, 0x30)).ok());
  EXPECT_FALSE(Certificate::from_pem("no certificate").ok());
  EXPECT_FALSE(Certificate::from_pem({}).ok());
  EXPECT_FALSE(Certificate::from_der({}).ok());
  EXPECT_TRUE(error_queue_is_empty());
}

TEST(Certificate, a_spec_that_makes_no_sense_is_not_issued) {
  Fixture f;
  const SigningKey other = f.key();
  const auto issues = [&](const CertificateSpec& spec, const SigningKey& by, const Certificate* issuer) {
    return issue_certificate(spec, f.key().public_key(), by, issuer, f.random).ok();
  };
  EXPECT_TRUE(issues(Fixture::leaf_spec(), f.ca_key, &f.ca));
  EXPECT_FALSE(issues(Fixture::leaf_spec(), other, &f.ca));       // not the issuer's key
  EXPECT_FALSE(issues(Fixture::leaf_spec(), f.ca_key, nullptr));  // self-signed for another key
  CertificateSpec spec = Fixture::leaf_spec();
  spec.common_name.clear();
  EXPECT_FALSE(issues(spec, f.ca_key, &f.ca));
  spec.common_name.assign(65, 'a');
  EXPECT_FALSE(issues(spec, f.ca_key, &f.ca));
  spec = Fixture::leaf_spec();
  spec.path_length = 0;
  EXPECT_FALSE(issues(spec, f.ca_key, &f.ca));
  spec = Fixture::leaf_spec();
  std::swap(spec.validity.not_before, spec.validity.not_after);
  EXPECT_FALSE(issues(spec, f.ca_key, &f.ca));

  const SigningKey leaf_key = f.key();
  const Certificate leaf = f.issue(Fixture::leaf_spec(), leaf_key, f.ca_key, &f.ca);
  EXPECT_FALSE(issues(Fixture::leaf_spec(), leaf_key, &leaf));  // a leaf issues nothing
}

struct Chain : Fixture {
  SigningKey middle_key = key();
  Certificate middle = issue(middle_spec(), middle_key, ca_key, &ca);
  SigningKey leaf_key = key();
  Certificate leaf = issue(leaf_spec(), leaf_key, middle_key, &middle);

  static CertificateSpec middle_spec() {
    CertificateSpec spec = ca_spec(0);
    spec.common_name = "In the middle";
    spec.client_auth = true;
    return spec;
  }
  bool holds(const Certificate& checked, std::vector<Certificate> intermediates, WallTime now = kNow,
             CertificatePurpose purpose = CertificatePurpose::client) {
    return verify_chain(checked, intermediates, ca, now, purpose).ok();
  }
};

TEST(VerifyChain, holds_for_the_exact_path_at_the_right_time) {
  Chain c;
  EXPECT_TRUE(c.holds(c.leaf, {c.middle}));
  EXPECT_TRUE(c.holds(c.issue(Chain::leaf_spec(), c.leaf_key, c.ca_key, &c.ca), {}));
  EXPECT_TRUE(c.holds(c.leaf, {c.middle}, kValid.not_before));
  EXPECT_TRUE(c.holds(c.leaf, {c.middle}, {kValid.not_after.ms - 1000}));
  EXPECT_TRUE(c.holds(c.middle, {}, kNow, CertificatePurpose::authority));
  EXPECT_FALSE(c.holds(c.leaf, {c.middle}, kNow, CertificatePurpose::authority));
  EXPECT_FALSE(c.holds(c.leaf, {c.middle}, {kValid.not_before.ms - 1000}));
  EXPECT_FALSE(c.holds(c.leaf, {c.middle}, {kValid.not_after.ms + 1000}));
  EXPECT_FALSE(c.holds(c.leaf, {c.middle}, {-1}));
}

TEST(VerifyChain, refuses_a_path_that_is_not_the_one_shown) {
  Chain c;
  EXPECT_FALSE(c.holds(c.leaf, {}));
  EXPECT_FALSE(c.holds(c.leaf, {c.middle, c.middle}));
  // Issued by the anchor itself: valid, but not through the intermediate beside it.
  EXPECT_FALSE(c.holds(c.issue(Chain::leaf_spec(), c.leaf_key, c.ca_key, &c.ca), {c.middle}));
}

TEST(VerifyChain, refuses_another_purpose_or_none) {
  Chain c;
  EXPECT_FALSE(c.holds(c.leaf, {c.middle}, kNow, CertificatePurpose::server));
  CertificateSpec none = Chain::leaf_spec();
  none.client_auth = false;
  EXPECT_FALSE(c.holds(c.issue(none, c.leaf_key, c.middle_key, &c.middle), {c.middle}));
  // The intermediate is limited to clients, so it cannot make a server, whatever its leaf says.
  CertificateSpec server = Chain::leaf_spec();
  server.server_auth = true;
  EXPECT_FALSE(c.holds(c.issue(server, c.leaf_key, c.middle_key, &c.middle), {c.middle}, kNow,
                       CertificatePurpose::server));
}

TEST(VerifyChain, refuses_another_anchor_and_a_forged_signature) {
  Chain c;
  Fixture other;
  other.random = SeededRandom(99);
  const SigningKey other_key = other.key();
  const Certificate other_ca =
      other.issue(Fixture::ca_spec(1), other_key, other_key, nullptr);  // the same name
  EXPECT_FALSE(verify_chain(c.leaf, std::vector{c.middle}, other_ca, kNow, CertificatePurpose::client).ok());

  Bytes forged = c.leaf.der();
  forged.back() ^= 1;
  const auto parsed = Certificate::from_der(forged);
  ASSERT_TRUE(parsed.ok());
  const Status status = verify_chain(*parsed, std::vector{c.middle}, c.ca, kNow, CertificatePurpose::client);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::untrusted);
  EXPECT_NE(status.error().message.find("signature"), std::string::npos) << status.error().message;
  EXPECT_TRUE(error_queue_is_empty());
}

TEST(VerifyChain, refuses_an_authority_below_path_length_zero) {
  Chain c;
  CertificateSpec deeper = Chain::middle_spec();
  deeper.common_name = "Too deep";
  const SigningKey deep_key = c.key();
  const Certificate deep = c.issue(deeper, deep_key, c.middle_key, &c.middle);
  const Certificate leaf = c.issue(Chain::leaf_spec(), c.leaf_key, deep_key, &deep);
  EXPECT_FALSE(c.holds(leaf, {deep, c.middle}));
}

TEST(PrivateKeyPem, round_trips_and_refuses_what_it_did_not_write) {
  SeededRandom random(5);
  for (const SignatureAlgorithm algorithm :
       {SignatureAlgorithm::ed25519, SignatureAlgorithm::ecdsa_p256_sha256}) {
    const SigningKey key = SigningKey::generate(algorithm, random);
    const SecretBytes pem = private_key_to_pem(key);
    EXPECT_TRUE(as_text(pem.view()).starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto read = private_key_from_pem(pem.view());
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->algorithm(), algorithm);
    EXPECT_EQ(read->public_key(), key.public_key());
    EXPECT_TRUE(read->private_key() == key.private_key());
    EXPECT_FALSE(private_key_from_pem(pem.view().first(pem.size() / 2)).ok());
  }
  EXPECT_FALSE(private_key_from_pem({}).ok());
  EXPECT_FALSE(private_key_from_pem(as_bytes("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
                                             "-----END ENCRYPTED PRIVATE KEY-----\n"))
                   .ok());
  EXPECT_TRUE(error_queue_is_empty());
}

}  // namespace
}  // namespace sotto::crypto
