// The record layer against OpenSSL's, against RFC 8448, and against a peer that breaks the rules.
#include "net/tls_records.hpp"

#include "openssl_client.hpp"

namespace sotto::net {
namespace {

using test::raw_handshake;
using test::RawClient;
using test::run_until;
using test::TlsPair;

Bytes hex(std::string_view text) { return *from_hex(text); }

// RFC 8448 section 3, "{server} derive write traffic keys for application data".
TEST(TlsRecords, DerivesTheKeysOfRfc8448) {
  const Bytes secret = hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
  EXPECT_EQ(to_hex(expand_label(EVP_sha256(), secret, "key", {}, 16).view()), "9f02283b6c9c07efc26bb9f2ac92e356");
  EXPECT_EQ(to_hex(expand_label(EVP_sha256(), secret, "iv", {}, 12).view()), "cf782b88dd83549aadf1e984");
}

TEST(TlsRecords, OpensOnlyWhatWasSealedInItsPlaceAndUnchanged) {
  const RecordSuite suite{EVP_aes_256_gcm(), EVP_sha384()};
  const Bytes secret(48, 7);
  for (const std::size_t size : {0U, 1U, 2047U, 2048U, 16384U}) {
    RecordKey out(suite, secret, true);
    RecordKey in(suite, secret, false);
    RecordKey late(suite, secret, false);
    const Bytes one(size / 2, 'a');
    const Bytes two(size - size / 2, 'b');
    const ByteView parts[] = {one, two};
    Bytes record(size + kRecordOverhead);
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(out.seal(RecordType::application_data, parts, record.data()), record.size());
      Bytes plain(record.size());
      Bytes forged = record;
      forged[forged.size() / 2] ^= 1;
      EXPECT_FALSE(late.open(forged, plain.data()));  // which takes a number too
      const auto opened = in.open(record, plain.data());
      ASSERT_TRUE(opened);
      EXPECT_EQ(opened->type, RecordType::application_data);
      plain.resize(opened->size);
      Bytes both = one;
      append(both, two);
      EXPECT_EQ(plain, both);
      EXPECT_FALSE(in.open(record, forged.data())) << "a second time";
      ASSERT_NE(out.seal(RecordType::alert, {parts, 1}, forged.data()), 0U);  // keeps the numbers together
    }
  }
}

class TlsRecordsWithOpenSsl : public testing::TestWithParam<const char*> {};

TEST_P(TlsRecordsWithOpenSsl, CarriesDataBothWaysOverKeyUpdatesAndAgreesOnTheExporter) {
  TlsPair pair;
  RawClient client(TLS1_3_VERSION, TLS1_3_VERSION, "sotto/1");
  SSL_set_ciphersuites(client.ssl, GetParam());
  Socket socket;
  ASSERT_EQ(raw_handshake(pair, client, socket), "");
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.up(); }));
  EXPECT_EQ(pair.server.peer->cipher, GetParam());

  std::uint8_t exported[32];
  const std::string_view label = "EXPORTER-sotto-identity";
  ASSERT_EQ(SSL_export_keying_material(client.ssl, exported, sizeof exported, label.data(), label.size(), nullptr, 0, 0), 1);
  EXPECT_EQ(to_hex(pair.server.stream->exporter(label, 32)->view()), to_hex(exported));

  Bytes sent;
  for (const int update : {-1, SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    ASSERT_TRUE(update < 0 || SSL_key_update(client.ssl, update) == 1);
    const Bytes up(10'000, static_cast<std::uint8_t>('a' + update));
    ASSERT_TRUE(client.write(pair.loop, up));
    append(sent, up);
    ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() == sent.size(); }));
    EXPECT_EQ(pair.server.received, sent);
    const Bytes down(40'000, static_cast<std::uint8_t>('A' + update));
    pair.server.stream->send(down, Priority::bulk);
    EXPECT_EQ(client.read(pair.loop, down.size()), down);
  }
  pair.server.stream->close();
  EXPECT_TRUE(run_until(pair.loop, [&] {
    std::uint8_t byte = 0;
    return SSL_get_error(client.ssl, SSL_read(client.ssl, &byte, 1)) == SSL_ERROR_ZERO_RETURN;
  })) << "close_notify";
  SSL_shutdown(client.ssl);
  socket.close();
  EXPECT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
}

INSTANTIATE_TEST_SUITE_P(Suites, TlsRecordsWithOpenSsl,
                         testing::Values("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
                                         "TLS_CHACHA20_POLY1305_SHA256"));

// A peer with the right keys that sends what it likes.
class TlsRecordsOfADishonestPeer : public testing::Test {
 protected:
  void SetUp() override {
    SSL_CTX_set_keylog_callback(client_.context, [](const SSL* ssl, const char* line) {
      const std::string_view text(line);
      if (!text.starts_with("CLIENT_TRAFFIC_SECRET_0")) return;
      *static_cast<Bytes*>(SSL_get_app_data(ssl)) = hex(text.substr(text.rfind(' ') + 1));
    });
    SSL_set_app_data(client_.ssl, &secret_);
    ASSERT_EQ(raw_handshake(pair_, client_, socket_), "");
    ASSERT_TRUE(run_until(pair_.loop, [&] { return pair_.server.up(); }));
    key_.emplace(RecordSuite{EVP_aes_256_gcm(), EVP_sha384()}, secret_, true);
  }
  void send(std::uint8_t type, const Bytes& content) {
    Bytes record(content.size() + kRecordOverhead);
    const ByteView part(content);
    ASSERT_NE(key_->seal(static_cast<RecordType>(type), {&part, 1}, record.data()), 0U);
    send_raw(record);
  }
  void send_raw(const Bytes& record) {
    ASSERT_EQ(::send(socket_.fd(), record.data(), record.size(), MSG_NOSIGNAL), static_cast<ssize_t>(record.size()));
  }
  void expect_refused() {
    ASSERT_TRUE(run_until(pair_.loop, [&] { return pair_.server.closed.has_value(); }));
    EXPECT_EQ(pair_.server.closed->kind, CloseKind::tls_failed) << pair_.server.closed->error.message;
    EXPECT_TRUE(pair_.server.received.empty());
  }
  TlsPair pair_;
  RawClient client_{TLS1_3_VERSION, TLS1_3_VERSION, "sotto/1"};
  Socket socket_;
  Bytes secret_;
  std::optional<RecordKey> key_;
};

TEST_F(TlsRecordsOfADishonestPeer, IsRefusedAnAlertOfAnotherLength) { send(21, {1, 0, 0}), expect_refused(); }
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedAnUnknownType) { send(25, {1}), expect_refused(); }
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedARecordOfNothingButPadding) { send(0, {}), expect_refused(); }
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedAHandshakeMessageThatIsNoneOfAClients) {
  send(22, {4, 0, 0, 1, 0}), expect_refused();  // NewSessionTicket
}
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedAMalformedKeyUpdate) { send(22, {24, 0, 0, 1, 2}), expect_refused(); }
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedWhatFollowsAKeyUpdateInItsRecord) {
  send(22, {24, 0, 0, 1, 0, 24}), expect_refused();
}
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedAHugeHandshakeMessage) { send(22, {24, 1, 0, 0}), expect_refused(); }
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedAPlainRecord) { send_raw({21, 3, 3, 0, 2, 1, 0}), expect_refused(); }
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedALengthOverTheLimit) { send_raw({23, 3, 3, 0xff, 0xff}), expect_refused(); }
TEST_F(TlsRecordsOfADishonestPeer, IsRefusedARecordTooShortForATag) {
  send_raw({23, 3, 3, 0, 3, 1, 2, 3}), expect_refused();
}

TEST_F(TlsRecordsOfADishonestPeer, IsRefusedEndlessRecordsWithoutData) {
  for (int i = 0; i < 40; ++i) send(23, {});
  expect_refused();
}

TEST_F(TlsRecordsOfADishonestPeer, IsRefusedEndlessKeyUpdates) {
  for (int i = 0; i < 40; ++i) {
    send(22, {24, 0, 0, 1, 1});
    key_->update();
  }
  expect_refused();
}

TEST_F(TlsRecordsOfADishonestPeer, MayWriteAMessageInPiecesAndCancelNothing) {
  send(21, {1, 90});  // user_canceled says nothing
  for (const std::uint8_t byte : {24, 0, 0, 1, 0}) send(22, {byte});
  key_->update();
  send(23, {'h', 'i'});
  ASSERT_TRUE(run_until(pair_.loop, [&] { return pair_.server.received.size() == 2; }));
  send(21, {1, 0});
  ASSERT_TRUE(run_until(pair_.loop, [&] { return pair_.server.closed.has_value(); }));
  EXPECT_EQ(pair_.server.closed->kind, CloseKind::clean);
}

TEST_F(TlsRecordsOfADishonestPeer, TellsWhyItGivesUp) {
  send(21, {2, 44});
  ASSERT_TRUE(run_until(pair_.loop, [&] { return pair_.server.closed.has_value(); }));
  EXPECT_EQ(pair_.server.closed->kind, CloseKind::tls_failed);
  EXPECT_EQ(pair_.server.closed->error.message, "the other side says that our certificate is revoked");
}

}  // namespace
}  // namespace sotto::net
