// Issuing certificates: each field is written by name, nothing is taken over from a request.
#include <algorithm>
#include <array>
#include <ctime>

#include "openssl/keys.hpp"
#include "openssl/x509.hpp"
#include "sotto/crypto/certificate.hpp"

namespace sotto::crypto {
namespace {

using KeyUsage = openssl::Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using ExtendedKeyUsage = openssl::Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using BasicConstraints = openssl::Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using AuthorityKeyId = openssl::Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;

constexpr std::size_t kMaxCommonName = 64;  // ub-common-name of RFC 5280
constexpr int kDigitalSignature = 0;        // bits of KeyUsage
constexpr int kKeyCertSign = 5;
// The last second that X.509 can write.
constexpr std::int64_t kMaxTimeMs = 253402300799000;

Error cannot_issue(const char* why) {
  return fail(ErrorCode::invalid_argument, std::string("a certificate cannot be issued: ") + why);
}

Status check(const CertificateSpec& spec, ByteView subject_public_key, const SigningKey& key,
             const Certificate* issuer) {
  if (spec.common_name.empty() || spec.common_name.size() > kMaxCommonName) {
    return cannot_issue("its name is empty or too long");
  }
  if (spec.uri_names.size() + spec.dns_names.size() > kMaxAlternativeNames)
    return cannot_issue("too many names");
  if (spec.path_length && (!spec.is_ca || *spec.path_length < 0))
    return cannot_issue("a path length without a CA");
  if (spec.validity.not_before.ms < 0 || spec.validity.not_after.ms > kMaxTimeMs ||
      spec.validity.not_before > spec.validity.not_after) {
    return cannot_issue("its validity is empty or out of range");
  }
  if (key.algorithm() != SignatureAlgorithm::ed25519) return cannot_issue("the signing key is not Ed25519");
  if (issuer == nullptr && !equal(subject_public_key, key.public_key())) {
    return cannot_issue("a self-signed certificate is for the signing key");
  }
  if (issuer != nullptr && issuer->ed25519_key() != key.public_key()) {
    return cannot_issue("the signing key is not the issuer's");
  }
  if (issuer != nullptr && !issuer->is_ca()) return cannot_issue("the issuer is no certificate authority");
  return ok_status();
}

void set_name(X509* x509, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(x509);
  openssl::require(
      X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, as_bytes(common_name).data(),
                                 static_cast<int>(common_name.size()), -1, 0) == 1,
      "a subject name");
}

void set_validity(X509* x509, Validity validity) {
  openssl::require(ASN1_TIME_set(X509_getm_notBefore(x509), validity.not_before.ms / 1000) != nullptr &&
                       ASN1_TIME_set(X509_getm_notAfter(x509), validity.not_after.ms / 1000) != nullptr,
                   "a validity");
}

void set_serial(X509* x509, Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  const openssl::Bignum number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  openssl::require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr,
                   "a serial number");
}

void add(X509* x509, int nid, void* value, bool critical) {
  openssl::require(
      value != nullptr && X509_add1_ext_i2d(x509, nid, value, critical ? 1 : 0, X509V3_ADD_APPEND) == 1,
      "an extension");
}

void add_constraints(X509* x509, const CertificateSpec& spec) {
  const BasicConstraints constraints(BASIC_CONSTRAINTS_new());
  openssl::require(constraints != nullptr, "constraints");
  constraints->ca = spec.is_ca ? 0xFF : 0;
  if (spec.path_length) {
    constraints->pathlen = ASN1_INTEGER_new();
    openssl::require(constraints->pathlen && ASN1_INTEGER_set(constraints->pathlen, *spec.path_length) == 1,
                     "a path length");
  }
  add(x509, NID_basic_constraints, constraints.get(), true);

  const KeyUsage usage(ASN1_BIT_STRING_new());
  openssl::require(
      usage && ASN1_BIT_STRING_set_bit(usage.get(), spec.is_ca ? kKeyCertSign : kDigitalSignature, 1) == 1,
      "a key usage");
  add(x509, NID_key_usage, usage.get(), true);
}

void add_extended_usage(X509* x509, const CertificateSpec& spec) {
  if (!spec.client_auth && !spec.server_auth) return;
  const ExtendedKeyUsage usage(EXTENDED_KEY_USAGE_new());
  openssl::require(
      usage && (!spec.client_auth || sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(NID_client_auth)) > 0) &&
          (!spec.server_auth || sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(NID_server_auth)) > 0),
      "an extended key usage");
  add(x509, NID_ext_key_usage, usage.get(), false);
}

void push_name(GENERAL_NAMES* names, int type, const std::string& text) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  openssl::require(name && value && ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1,
                   "an alternative name");
  GENERAL_NAME_set0_value(name, type, value);
  openssl::require(sk_GENERAL_NAME_push(names, name) > 0, "an alternative name");
}

void add_alternative_names(X509* x509, const CertificateSpec& spec) {
  if (spec.uri_names.empty() && spec.dns_names.empty()) return;
  const openssl::GeneralNames names(GENERAL_NAMES_new());
  openssl::require(names != nullptr, "alternative names");
  for (const std::string& uri : spec.uri_names) push_name(names.get(), GEN_URI, uri);
  for (const std::string& dns : spec.dns_names) push_name(names.get(), GEN_DNS, dns);
  add(x509, NID_subject_alt_name, names.get(), false);
}

// RFC 7093 section 2, method 1 in spirit: a hash of the key, 20 bytes of it.
void add_key_ids(X509* x509, ByteView subject_public_key, const Certificate* issuer) {
  const Sha256Digest digest = sha256(subject_public_key);
  const openssl::OctetString id(ASN1_OCTET_STRING_new());
  openssl::require(id && ASN1_OCTET_STRING_set(id.get(), digest.data(), 20) == 1, "a key id");
  add(x509, NID_subject_key_identifier, id.get(), false);

  if (issuer == nullptr) return;
  const ASN1_OCTET_STRING* issuer_id = X509_get0_subject_key_id(issuer->handle().x509.get());
  if (issuer_id == nullptr) return;
  const AuthorityKeyId authority(AUTHORITY_KEYID_new());
  openssl::require(authority != nullptr, "an issuer key id");
  authority->keyid = ASN1_OCTET_STRING_dup(issuer_id);
  add(x509, NID_authority_key_identifier, authority.get(), false);
}

}  // namespace

Result<Certificate> issue_certificate(const CertificateSpec& spec, ByteView subject_public_key,
                                      const SigningKey& signing_key, const Certificate* issuer,
                                      Random& random) {
  if (Status right = check(spec, subject_public_key, signing_key, issuer); !right)
    return std::move(right).error();
  const auto subject_key = VerifyKey::from_public(SignatureAlgorithm::ed25519, subject_public_key);
  if (!subject_key) return subject_key.error().with("issuing a certificate");

  const openssl::Cert x509(X509_new());
  openssl::require(x509 && X509_set_version(x509.get(), X509_VERSION_3) == 1, "a certificate");
  set_serial(x509.get(), random);
  set_name(x509.get(), spec.common_name);
  const X509* named_issuer = issuer == nullptr ? x509.get() : issuer->handle().x509.get();
  openssl::require(X509_set_issuer_name(x509.get(), X509_get_subject_name(named_issuer)) == 1,
                   "an issuer name");
  set_validity(x509.get(), spec.validity);
  openssl::require(X509_set_pubkey(x509.get(), subject_key->handle().pkey.get()) == 1, "a subject key");

  add_constraints(x509.get(), spec);
  add_extended_usage(x509.get(), spec);
  add_alternative_names(x509.get(), spec);
  add_key_ids(x509.get(), subject_public_key, issuer);

  openssl::require(X509_sign(x509.get(), signing_key.handle().pkey.get(), nullptr) > 0,
                   "signing a certificate");
  return Certificate::from_der(openssl::to_der<i2d_X509>(x509.get()));
}

}  // namespace sotto::crypto
