// Another implementation of TLS to talk to: OpenSSL as it is.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "test_net.hpp"

namespace sotto::net::test {

// A blocking OpenSSL client with settings that ours never has.
struct RawClient {
  explicit RawClient(int min_version, int max_version, const char* alpn) : context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context, min_version);
    SSL_CTX_set_max_proto_version(context, max_version);
    SSL_CTX_set_security_level(context, 0);
    if (alpn) {
      Bytes wire = {static_cast<std::uint8_t>(std::string_view(alpn).size())};
      append(wire, as_bytes(alpn));
      SSL_CTX_set_alpn_protos(context, wire.data(), static_cast<unsigned>(wire.size()));
    }
    ssl = SSL_new(context);
  }
  ~RawClient() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  // Handshake on a non-blocking socket while the loop runs; the reason of failure or "".
  std::string handshake(Loop& loop, int fd) {
    SSL_set_fd(ssl, fd);
    SSL_set_connect_state(ssl);
    for (int i = 0; i < 3000; ++i) {
      ERR_clear_error();
      const int result = SSL_do_handshake(ssl);
      if (result == 1) return "";
      const int error = SSL_get_error(ssl, result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        const char* reason = ERR_reason_error_string(ERR_peek_error());
        return reason ? reason : "unknown";
      }
      loop.run_once(std::chrono::milliseconds(1));
    }
    return "timeout";
  }
  // What OpenSSL wants to send or take while the loop runs; false: it failed.
  bool write(Loop& loop, ByteView bytes) {
    for (int i = 0; i < 3000; ++i) {
      const int result = SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
      if (result > 0) return static_cast<std::size_t>(result) == bytes.size();
      if (SSL_get_error(ssl, result) != SSL_ERROR_WANT_WRITE) return false;
      loop.run_once(std::chrono::milliseconds(1));
    }
    return false;
  }
  Bytes read(Loop& loop, std::size_t size) {
    Bytes out;
    for (int i = 0; i < 3000 && out.size() < size; ++i) {
      std::uint8_t buffer[4096];
      const int result = SSL_read(ssl, buffer, sizeof buffer);
      if (result > 0) {
        append(out, ByteView(buffer, static_cast<std::size_t>(result)));
      } else if (SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) {
        break;
      }
      loop.run_once(std::chrono::milliseconds(result > 0 ? 0 : 1));
    }
    return out;
  }
  SSL_CTX* context;
  SSL* ssl = nullptr;
};

inline std::string raw_handshake(TlsPair& pair, RawClient& client, Socket& keep) {
  pair.listen();
  pair.dial(pair.listener->local_port(), [&](Socket socket) { keep = std::move(socket); });
  run_until(pair.loop, [&] { return keep.valid(); });
  return client.handshake(pair.loop, keep.fd());
}

}  // namespace sotto::net::test
