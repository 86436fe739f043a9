// The parsed form behind Certificate.
#pragma once

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "openssl/support.hpp"
#include "sotto/crypto/certificate.hpp"

namespace sotto::crypto {

namespace openssl {
using Cert = Owned<X509, X509_free>;
using GeneralNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using OctetString = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using Bio = Owned<BIO, BIO_free_all>;

// The encoding of what an i2d function encodes.
template <auto Encode, class T>
Bytes to_der(const T* object) {
  std::uint8_t* buffer = nullptr;
  const int size = Encode(object, &buffer);
  require(size > 0, "encoding");
  Bytes out(buffer, buffer + size);
  OPENSSL_free(buffer);
  return out;
}
}  // namespace openssl

// Read once, when the certificate is parsed; not changed after.
struct CertificateHandle {
  openssl::Cert x509;
  Bytes der;
  std::string common_name;
  std::string issuer_common_name;
  std::vector<std::string> uri_names;
  std::vector<std::string> dns_names;
  std::size_t other_names = 0;
  std::optional<Bytes> ed25519_key;
  Sha256Digest spki_fingerprint{};
  Bytes serial;
  WallTime not_before;
  WallTime not_after;
  bool is_ca = false;
  std::optional<int> path_length;
  bool client_auth = false;
  bool server_auth = false;
};

}  // namespace sotto::crypto
