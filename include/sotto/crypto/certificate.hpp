// X.509 certificates: reading, issuing with explicit fields only, and checking a chain (RFC 5280).
//
// The three shapes that Sotto itself uses are made and checked by identity_chain.hpp; this is the layer
// below it. Issued certificates carry Ed25519 keys and signatures. Thread: any; values do not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/base/time.hpp"
#include "sotto/crypto/hash.hpp"
#include "sotto/crypto/signature.hpp"

namespace sotto::crypto {

inline constexpr std::size_t kMaxCertificateSize = 16UL * 1024;  // DER
inline constexpr std::size_t kMaxAlternativeNames = 64;

struct CertificateHandle;  // the back end's

// Copyable: copies share the parsed certificate.
class Certificate {
 public:
  // Exactly one certificate, no bytes after it, no extension twice. Says nothing about trust.
  static Result<Certificate> from_der(ByteView der);
  // The first CERTIFICATE block of the text.
  static Result<Certificate> from_pem(std::string_view pem);

  const Bytes& der() const;
  std::string to_pem() const;

  // Empty if there is none, or more than one.
  const std::string& common_name() const;
  const std::string& issuer_common_name() const;
  const std::vector<std::string>& uri_names() const;  // subjectAltName
  const std::vector<std::string>& dns_names() const;
  std::size_t other_name_count() const;  // subjectAltName entries that are neither

  const std::optional<Bytes>& ed25519_key() const;  // 32 bytes, if the key is of that kind
  Sha256Digest spki_fingerprint() const;            // SHA-256 of the SubjectPublicKeyInfo: what clients pin
  const Bytes& serial() const;                      // big-endian
  WallTime not_before() const;                      // whole seconds
  WallTime not_after() const;

  bool is_ca() const;
  std::optional<int> path_length() const;
  bool allows_client_auth() const;  // named in extendedKeyUsage
  bool allows_server_auth() const;

  const CertificateHandle& handle() const { return *handle_; }  // for the back end

 private:
  explicit Certificate(std::shared_ptr<const CertificateHandle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<const CertificateHandle> handle_;
};

struct Validity {
  WallTime not_before;
  WallTime not_after;
};

// Everything that an issued certificate says; nothing is copied from a request.
struct CertificateSpec {
  std::string common_name;  // 1 .. 64 bytes
  std::vector<std::string> uri_names;
  std::vector<std::string> dns_names;
  Validity validity{};
  bool is_ca = false;              // then: keyCertSign; else: digitalSignature
  std::optional<int> path_length;  // only with is_ca
  bool client_auth = false;
  bool server_auth = false;
};

// `issuer` null: self-signed, and `subject_public_key` must be the signing key's own. `signing_key` is an
// Ed25519 key and must belong to `issuer`. The serial number is 128 random bits.
Result<Certificate> issue_certificate(const CertificateSpec& spec, ByteView subject_public_key,
                                      const SigningKey& signing_key, const Certificate* issuer,
                                      Random& random);

// authority: the certificate checked may issue others, and is not used for connections.
enum class CertificatePurpose : std::uint8_t { client, server, authority };

// Whether leaf, intermediates (in this order, each the issuer of the one before) and anchor are exactly the
// path by which `leaf` is valid at `now`: no certificate left out, none taken from elsewhere. For client and
// server, the leaf must name the purpose in its extendedKeyUsage, and so must each intermediate that has one.
// The error (untrusted) says which rule was broken. Names are the caller's to compare.
inline constexpr std::size_t kMaxIntermediates = 4;
Status verify_chain(const Certificate& leaf, std::span<const Certificate> intermediates,
                    const Certificate& anchor, WallTime now, CertificatePurpose purpose);

// PKCS#8 PEM, unencrypted: for files with mode 0600 or for sealing.
SecretBytes private_key_to_pem(const SigningKey& key);
Result<SigningKey> private_key_from_pem(ByteView pem);

}  // namespace sotto::crypto
