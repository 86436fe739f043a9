// Somebody on the way who has seen the server's certificates, but does not have its key.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <string>

#include "runtime/tls_channel.hpp"
#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/hkdf.hpp"
#include "test_server.hpp"

namespace sotto::runtime {
namespace {

using test::TestAuthority;

constexpr std::uint8_t kAlertRecord = 21, kHandshakeRecord = 22, kSealedRecord = 23;  // RFC 8446, 5.1
constexpr std::uint8_t kCertificateVerify = 15;                                       // RFC 8446, 4
constexpr std::uint8_t kFatal = 2, kCertificateRevoked = 44;                          // RFC 8446, 6

// HKDF-Expand-Label without context, RFC 8446 section 7.1.
SecretBytes expand_label(ByteView secret, std::string_view label, std::size_t size) {
  const std::string full = "tls13 " + std::string(label);
  Bytes info{0, static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(full.size())};
  append(info, as_bytes(full));
  info.push_back(0);
  return crypto::hkdf_expand(crypto::HashAlgorithm::sha256, secret, info, size);
}

// Lets a real server write its flight, passes on what comes before its signature (CertificateVerify), and
// says "certificate revoked" in its place. All that takes is the key exchange, which is everybody's own.
class Impostor {
 public:
  Impostor(net::Loop& loop, const TestAuthority& authority) : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_options(context_, SSL_OP_NO_TICKET);
    SSL_CTX_set_alpn_select_cb(context_, choose_alpn, nullptr);
    SSL_CTX_set_keylog_callback(context_, note_secret);
    const SecretBytes key = test::key_der(authority.server_key);
    EXPECT_EQ(SSL_CTX_use_certificate_ASN1(context_, static_cast<int>(authority.server.der().size()),
                                           authority.server.der().data()),
              1);
    const std::uint8_t* at = authority.ca.der().data();
    SSL_CTX_add0_chain_cert(context_, d2i_X509(nullptr, &at, static_cast<long>(authority.ca.der().size())));
    EXPECT_EQ(
        SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_ED25519, context_, key.data(), static_cast<long>(key.size())),
        1);
    ssl_ = SSL_new(context_);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_app_data(ssl_, &secret_);
    SSL_set_accept_state(ssl_);
    auto opened = net::TcpListener::open(
        loop, "127.0.0.1", 0,
        [this](net::Socket socket, const net::SocketAddress&) { socket_ = std::move(socket); });
    EXPECT_TRUE(opened) << opened.error().message;
    listener_ = std::move(*opened);
  }
  ~Impostor() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;

  std::uint16_t port() const { return listener_->local_port(); }

  // Takes what has come, and answers once.
  void turn() {
    std::uint8_t buffer[4096];
    if (!socket_.valid() || answered_) return;
    const auto count = ::recv(socket_.fd(), buffer, sizeof buffer, 0);
    if (count <= 0) return;
    BIO_write(SSL_get_rbio(ssl_), buffer, static_cast<int>(count));
    SSL_do_handshake(ssl_);
    if (secret_.empty()) return;
    answered_ = true;
    std::uint8_t* data = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(SSL_get_wbio(ssl_), &data));
    const Bytes answer = without_signature({data, size});
    EXPECT_EQ(::send(socket_.fd(), answer.data(), answer.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(answer.size()));
  }
  bool replaced_the_signature() const { return replaced_; }

 private:
  static int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                         unsigned int, void*) {
    *out = in + 1;
    *out_size = in[0];
    return SSL_TLSEXT_ERR_OK;
  }
  static void note_secret(const SSL* ssl, const char* text) {
    const std::string_view line(text);
    if (!line.starts_with("SERVER_HANDSHAKE_TRAFFIC_SECRET ")) return;
    *static_cast<Bytes*>(SSL_get_app_data(ssl)) = *from_hex(line.substr(line.rfind(' ') + 1));
  }

  Bytes without_signature(ByteView flight) {
    crypto::AeadKey key(crypto::AeadAlgorithm::aes_128_gcm, expand_label(secret_, "key", 16).view());
    const SecretBytes iv = expand_label(secret_, "iv", 12);
    Bytes out;
    std::uint8_t sequence = 0;
    while (flight.size() > 5) {
      const ByteView header = flight.first(5);
      const ByteView body = flight.subspan(5, std::size_t{header[3]} << 8 | header[4]);
      flight = flight.subspan(5 + body.size());
      if (header[0] == kSealedRecord) {
        Bytes nonce = to_bytes(iv.view());
        nonce.back() ^= sequence++;
        const auto text = key.open(nonce, header, body);
        EXPECT_TRUE(text);
        if (text && text->front() == kCertificateVerify && text->back() == kHandshakeRecord) {
          const Bytes alert{kFatal, kCertificateRevoked, kAlertRecord};
          const Bytes alert_header{kSealedRecord, 3, 3, 0, static_cast<std::uint8_t>(alert.size() + 16)};
          append(out, alert_header);
          append(out, key.seal(nonce, alert_header, alert));
          replaced_ = true;
          return out;
        }
      }
      append(out, header);
      append(out, body);
    }
    return out;
  }

  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  Bytes secret_;
  net::Socket socket_;
  std::unique_ptr<net::TcpListener> listener_;
  bool answered_ = false;
  bool replaced_ = false;
};

struct Events final : client::ChannelEvents {
  void on_connected(const client::ServerProof&, client::Moment) override { ++connected; }
  void on_frame(ByteView, client::Moment) override {}
  void on_closed(const Error& error, client::Moment) override { closed = error; }
  void on_writable(client::Moment) override {}
  int connected = 0;
  std::optional<Error> closed;
};

// A refusal makes the client stay away until its user signs in again, so only the server may speak one.
TEST(UnprovenServer, cannot_refuse_the_device_in_the_servers_name) {
  net::Loop loop;
  const TestAuthority authority;
  Impostor impostor(loop, authority);
  Events events;
  TlsChannel channel(loop);
  channel.set_events(events, [] {});

  auto& random = crypto::system_random();
  const auto identity_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const auto device_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const auto user = random.id<UserId>();
  const auto validity = crypto::validity_from(net::wall_now(), 5);
  const auto identity = *crypto::issue_identity_certificate(authority.ca_key, authority.ca, user,
                                                            identity_key.public_key(), validity, random);
  const auto device = *crypto::issue_device_certificate(identity_key, identity, user, random.id<DeviceId>(),
                                                        device_key.public_key(), validity, random);
  client::ChannelTarget target;
  target.address = {"127.0.0.1", impostor.port()};
  target.ca_fingerprint = authority.fingerprint();
  target.client_chain = {device.der(), identity.der()};
  target.client_key = device_key.private_key().copy();
  channel.connect(std::move(target));

  const TimePoint limit = loop.now() + std::chrono::seconds(30);  // used up by a failing test only
  while (!events.closed) {
    ASSERT_LT(loop.now(), limit) << "gave up waiting";
    loop.run_once(std::chrono::milliseconds(5));
    impostor.turn();
  }
  EXPECT_TRUE(impostor.replaced_the_signature());
  EXPECT_EQ(events.connected, 0);
  EXPECT_EQ(events.closed->code, ErrorCode::offline) << events.closed->message;
}

}  // namespace
}  // namespace sotto::runtime
