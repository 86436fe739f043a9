// What the context's callbacks and the stream share. Private to net: OpenSSL stays in here.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "tls_records.hpp"

namespace sotto::net {

// What is learned during the handshake; hangs on the SSL object as its application data.
struct HandshakeNotes {
  std::vector<Bytes> chain;      // as the peer sent it, leaf first
  std::optional<Error> refused;  // why `verify` said no
  // Of RFC 8446 section 7.1, as OpenSSL arrives at them.
  SecretBytes client_traffic;
  SecretBytes server_traffic;
  SecretBytes exporter;
};

// What is left of a handshake once OpenSSL's object is gone.
struct TlsRecords {
  RecordKey in;
  RecordKey out;
  const EVP_MD* hash;
  SecretBytes exporter;
  Bytes handshake;               // a message of which not everything has come
  unsigned without_data = 0;     // records in a row
  bool update_wanted = false;    // our sending keys are to be changed

  // Null if the secrets are not there.
  static std::unique_ptr<TlsRecords> make(const RecordSuite& suite, HandshakeNotes& notes, bool server);
};

// The oldest OpenSSL error of this thread as a plain sentence; empties the error queue.
std::string take_tls_error();
// What a peer's alert says, likewise.
std::string tls_alert_sentence(std::uint8_t description);

// A BIO without a socket: the stream feeds and drains it through these views (tls_stream_io.cpp).
BIO* make_memory_bio();

struct MemoryBio {
  ByteView in;            // ciphertext received, not yet consumed
  Bytes* out = nullptr;   // where ciphertext to send goes
};
// The views of this thread's current call into OpenSSL; streams of one thread take turns.
MemoryBio& memory_bio();

}  // namespace sotto::net
