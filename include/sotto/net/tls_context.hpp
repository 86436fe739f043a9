// What all TLS connections of one kind share: identity, protocol name, and who is to be believed.
//
// TLS 1.3 only, with AES-256-GCM, ChaCha20-Poly1305 or AES-128-GCM and X25519 or P-256; no session
// tickets, no resumption, no 0-RTT, no compression. Knows no certificate policy: `verify` decides, during
// the handshake, from the chain that the peer sent and proved to own. Thread: immutable after making, any.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"

struct ssl_ctx_st;

namespace sotto::net {

// Certificate chain, leaf first, and the leaf's private key (PKCS #8 or traditional DER).
struct TlsIdentity {
  std::vector<Bytes> chain_der;
  SecretBytes key_der;
};
Result<TlsIdentity> tls_identity_from_pem(std::string_view chain_pem, std::string_view key_pem);

// Judges the peer's chain, leaf first. `denied` tells the peer "revoked", any other code "bad certificate";
// the message becomes the reason of the closed connection on this side only.
using VerifyChain = std::function<Status(const std::vector<Bytes>& chain_der)>;

class TlsContext {
 public:
  struct Server {
    TlsIdentity identity;
    std::string alpn;  // the one protocol spoken; a client that does not offer it is refused
    // Set: clients are asked for a certificate, may come without one, and are refused with a bad one.
    VerifyChain verify_client;
  };
  struct Client {
    std::optional<TlsIdentity> identity;
    std::string alpn;
    VerifyChain verify_server;  // required: there is no unverified connection
  };
  static Result<std::shared_ptr<const TlsContext>> make_server(const Server& options);
  static Result<std::shared_ptr<const TlsContext>> make_client(const Client& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  bool is_server() const { return server_; }
  const std::string& alpn() const { return alpn_; }
  const VerifyChain& verify() const { return verify_; }
  ssl_ctx_st* native() const { return context_; }  // for TlsStream

 private:
  TlsContext() = default;
  Status set_identity(const TlsIdentity& identity);

  ssl_ctx_st* context_ = nullptr;
  bool server_ = false;
  std::string alpn_;
  Bytes alpn_wire_;
  VerifyChain verify_;
};

}  // namespace sotto::net
