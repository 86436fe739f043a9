// A self-signed Ed25519 certificate and its key, made on the spot.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "sotto/net/tls_context.hpp"

namespace sotto::net::test {

inline TlsIdentity make_identity(const char* name) {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name), -1,
                             -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, nullptr);
  TlsIdentity out;
  Bytes der(static_cast<std::size_t>(i2d_X509(certificate, nullptr)));
  std::uint8_t* at = der.data();
  i2d_X509(certificate, &at);
  out.chain_der.push_back(der);
  out.key_der = SecretBytes(static_cast<std::size_t>(i2d_PrivateKey(key, nullptr)));
  at = out.key_der.data();
  i2d_PrivateKey(key, &at);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return out;
}

}  // namespace sotto::net::test
