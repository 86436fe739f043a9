// What the context's callbacks and the stream share. Private to net: OpenSSL stays in here.
#pragma once

#include <openssl/ssl.h>

#include <optional>
#include <string>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::net {

// What is learned during the handshake; hangs on the SSL object as its application data.
struct HandshakeNotes {
  std::vector<Bytes> chain;      // as the peer sent it, leaf first
  std::optional<Error> refused;  // why `verify` said no
};

struct TlsError {
  std::string sentence;
  // An alert of the peer about our certificate (RFC 8446 section 6.2). Other alerts may answer what somebody
  // did to the bytes on the way, and say nothing about us.
  bool refuses_us = false;
};
// The oldest OpenSSL error of this thread; empties the error queue.
TlsError take_tls_error();

// A BIO without a socket: the stream feeds and drains it through these views (tls_stream_io.cpp).
BIO* make_memory_bio();

struct MemoryBio {
  ByteView in;           // ciphertext received, not yet consumed
  Bytes* out = nullptr;  // where ciphertext to send goes
};
// The views of this thread's current call into OpenSSL; streams of one thread take turns.
MemoryBio& memory_bio();

}  // namespace sotto::net
