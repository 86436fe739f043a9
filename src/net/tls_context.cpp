#include "sotto/net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

#include "tls_internal.hpp"

namespace sotto::net {
namespace {

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
};
using CertificatePtr = std::unique_ptr<X509, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;
using BioPtr = std::unique_ptr<BIO, Free>;

// Certificates a peer may send, together. Ours are a leaf, the identity and the CA: under 2 KiB; a public
// RSA chain is about 6 KiB.
constexpr long kMaxChainBytes = 16 * 1024;
constexpr std::size_t kMaxChainCertificates = 10;

Result<Bytes> to_der(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return fail(ErrorCode::invalid_argument, "a certificate could not be encoded");
  Bytes der(static_cast<std::size_t>(size));
  std::uint8_t* at = der.data();
  i2d_X509(certificate, &at);
  return der;
}

CertificatePtr from_der(ByteView der) {
  const std::uint8_t* at = der.data();
  CertificatePtr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return out && at == der.data() + der.size() ? std::move(out) : nullptr;
}

// Called by OpenSSL in place of its own chain building, once a handshake at most.
int judge_chain(X509_STORE_CTX* store, void* argument) {
  const auto* context = static_cast<const TlsContext*>(argument);
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* notes = ssl ? static_cast<HandshakeNotes*>(SSL_get_app_data(ssl)) : nullptr;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  if (!notes || !context->verify()) return 0;
  const STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(store);
  const int count = sent ? sk_X509_num(sent) : 0;
  if (static_cast<std::size_t>(count) > kMaxChainCertificates) {
    notes->refused = fail(ErrorCode::too_large, "the other side sent too many certificates");
    return 0;
  }
  std::vector<Bytes> chain;
  for (int i = 0; i < count; ++i) {
    auto der = to_der(sk_X509_value(sent, i));
    if (!der) {
      notes->refused = std::move(der).error();
      return 0;
    }
    chain.push_back(std::move(*der));
  }
  auto leaf = to_der(X509_STORE_CTX_get0_cert(store));
  if (!leaf || chain.empty() || chain.front() != *leaf) {
    notes->refused =
        fail(ErrorCode::untrusted, "the other side's certificate chain does not start with its own");
    return 0;
  }
  if (Status verdict = context->verify()(chain); !verdict) {
    // The alert that the peer gets: certificate_revoked or bad_certificate.
    if (verdict.error().code == ErrorCode::denied) X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
    notes->refused = std::move(verdict).error();
    return 0;
  }
  notes->chain = std::move(chain);
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

// The client's list must contain our one protocol; anything else is no_application_protocol.
int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned int in_size, void* argument) {
  const auto& alpn = static_cast<const TlsContext*>(argument)->alpn();
  for (std::size_t at = 0; at < in_size;) {
    const std::size_t size = in[at];
    if (at + 1 + size > in_size) break;
    if (as_text({in + at + 1, size}) == alpn) {
      *out = in + at + 1;
      *out_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + size;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

Status configure_common(SSL_CTX* context) {
  const bool ok =
      SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_ciphersuites(
          context, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256") == 1 &&
      SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1 &&
      SSL_CTX_set1_sigalgs_list(context,
                                "ed25519:ECDSA+SHA256:ECDSA+SHA384:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
                                "rsa_pss_rsae_sha512") == 1;
  if (!ok)
    return fail(ErrorCode::unavailable, "OpenSSL lacks what TLS needs here: " + take_tls_error().sentence);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_recv_max_early_data(context, 0);
  SSL_CTX_set_max_cert_list(context, kMaxChainBytes);
  return ok_status();
}

}  // namespace

Result<TlsIdentity> tls_identity_from_pem(std::string_view chain_pem, std::string_view key_pem) {
  TlsIdentity out;
  const BioPtr chain(BIO_new_mem_buf(chain_pem.data(), static_cast<int>(chain_pem.size())));
  while (out.chain_der.size() < kMaxChainCertificates) {
    const CertificatePtr certificate(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    auto der = to_der(certificate.get());
    if (!der) return std::move(der).error();
    out.chain_der.push_back(std::move(*der));
  }
  ERR_clear_error();
  if (out.chain_der.empty())
    return fail(ErrorCode::invalid_argument, "the file holds no certificate in PEM form");
  const BioPtr key_bio(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  // The callback answers "no passphrase" so that an encrypted key is an error and not a question.
  const KeyPtr key(PEM_read_bio_PrivateKey(
      key_bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  ERR_clear_error();
  const int size = key ? i2d_PrivateKey(key.get(), nullptr) : 0;
  if (size <= 0) {
    return fail(ErrorCode::invalid_argument,
                "the file holds no private key in PEM form without a passphrase");
  }
  out.key_der = SecretBytes(static_cast<std::size_t>(size));
  std::uint8_t* at = out.key_der.data();
  i2d_PrivateKey(key.get(), &at);
  return out;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Status TlsContext::set_identity(const TlsIdentity& identity) {
  const auto malformed = [](const char* what) {
    ERR_clear_error();
    return fail(ErrorCode::invalid_argument, what);
  };
  if (identity.chain_der.empty()) return malformed("the certificate chain is empty");
  for (std::size_t i = 0; i < identity.chain_der.size(); ++i) {
    const CertificatePtr certificate = from_der(identity.chain_der[i]);
    if (!certificate) return malformed("a certificate of the chain cannot be read");
    const bool ok = i == 0 ? SSL_CTX_use_certificate(context_, certificate.get()) == 1
                           : SSL_CTX_add1_chain_cert(context_, certificate.get()) == 1;
    if (!ok) return malformed("a certificate of the chain cannot be used for TLS");
  }
  const std::uint8_t* at = identity.key_der.data();
  const KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(identity.key_der.size())));
  if (!key) return malformed("the private key cannot be read");
  if (SSL_CTX_use_PrivateKey(context_, key.get()) != 1 || SSL_CTX_check_private_key(context_) != 1) {
    return malformed("the private key does not belong to the certificate");
  }
  return ok_status();
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make_server(const Server& options) {
  const std::shared_ptr<TlsContext> out(new TlsContext);
  out->server_ = true;
  out->alpn_ = options.alpn;
  out->verify_ = options.verify_client;
  out->context_ = SSL_CTX_new(TLS_server_method());
  if (!out->context_) return fail(ErrorCode::unavailable, "OpenSSL: " + take_tls_error().sentence);
  if (Status status = configure_common(out->context_); !status) return std::move(status).error();
  if (Status status = out->set_identity(options.identity); !status) return std::move(status).error();
  SSL_CTX_set_alpn_select_cb(out->context_, choose_alpn, out.get());
  if (out->verify_) {
    SSL_CTX_set_verify(out->context_, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, nullptr);
    SSL_CTX_set_cert_verify_callback(out->context_, judge_chain, out.get());
  }
  return std::shared_ptr<const TlsContext>(out);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make_client(const Client& options) {
  if (!options.verify_server) {
    return fail(ErrorCode::invalid_argument, "a TLS client must say which servers it believes");
  }
  const std::shared_ptr<TlsContext> out(new TlsContext);
  out->alpn_ = options.alpn;
  out->verify_ = options.verify_server;
  out->context_ = SSL_CTX_new(TLS_client_method());
  if (!out->context_) return fail(ErrorCode::unavailable, "OpenSSL: " + take_tls_error().sentence);
  if (Status status = configure_common(out->context_); !status) return std::move(status).error();
  if (options.identity) {
    if (Status status = out->set_identity(*options.identity); !status) return std::move(status).error();
  }
  if (options.alpn.empty() || options.alpn.size() > 255) {
    return fail(ErrorCode::invalid_argument, "the protocol name must have 1 to 255 bytes");
  }
  out->alpn_wire_.push_back(static_cast<std::uint8_t>(options.alpn.size()));
  append(out->alpn_wire_, as_bytes(options.alpn));
  SSL_CTX_set_alpn_protos(out->context_, out->alpn_wire_.data(),
                          static_cast<unsigned>(out->alpn_wire_.size()));
  SSL_CTX_set_verify(out->context_, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(out->context_, judge_chain, out.get());
  return std::shared_ptr<const TlsContext>(out);
}

}  // namespace sotto::net
