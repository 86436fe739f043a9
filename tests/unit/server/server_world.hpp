// A server core with people on it, for tests: keys, connections by hand, requests that wait for their answer.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/sessions.hpp"
#include "sotto/crypto/hash.hpp"
#include "sotto/crypto/identity_chain.hpp"
#include "support/fake_ports.hpp"

namespace sotto::server {

using proto::Envelope;

struct Person {
  std::string username;
  std::string password = "a long password";
  crypto::SigningKey identity_key;
  crypto::SigningKey device_key;
  UserId user;
  DeviceId device;
  Bytes identity_certificate;
  Bytes device_certificate;
  ConnectionId connection = 0;
};

class ServerWorld : public testing::Test {
 protected:
  static constexpr std::string_view kPlace = "source";

  Config config(Registration registration = Registration::invite) {
    const crypto::Validity validity = crypto::validity_from(world_.moment.wall, 365);
    crypto::SigningKey key = new_key();
    crypto::Certificate ca = *crypto::issue_server_ca(key, validity, random_);
    ca_ = ca.der();
    return Config{.registration = registration,
                  .version = "test",
                  .blob_quota_bytes = 1 << 20,
                  .absent_password_hash = "hash:nobody's",
                  .ca = std::move(ca),
                  .ca_key = std::move(key)};
  }
  void start(Registration registration = Registration::invite) {
    core_ = std::make_unique<Core>(config(registration), world_, random_, world_.moment);
  }
  void SetUp() override { start(); }

  crypto::SigningKey new_key() {
    return crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random_);
  }

  // ---- Connections ----
  Bytes exporter_of(ConnectionId id) const { return Bytes(32, static_cast<std::uint8_t>(id)); }
  ConnectionId connect(std::string source = std::string(kPlace)) {
    const ConnectionId id = next_connection_++;
    core_->on_connected(id, Peer{std::move(source), std::nullopt, {}, exporter_of(id)}, world_.moment);
    return id;
  }
  ConnectionId connect_device(const Person& person) {
    const ConnectionId id = next_connection_++;
    Peer peer;
    peer.source = kPlace;
    peer.identity = crypto::DeviceIdentity{person.user, person.device, person.identity_key.public_key(),
                                           person.device_key.public_key()};
    peer.device_certificate = person.device_certificate;
    core_->on_connected(id, std::move(peer), world_.moment);
    return id;
  }
  void feed(ConnectionId id, const Envelope& envelope) {
    core_->on_bytes(id, *proto::to_frame(envelope), world_.moment);
  }
  std::uint64_t start_request(ConnectionId id, Envelope envelope) {
    envelope.set_id(++next_request_);
    feed(id, envelope);
    return next_request_;
  }
  // The answer to one request; pushes and other answers stay for pushes().
  Envelope ask(ConnectionId id, Envelope envelope) {
    const std::uint64_t request = start_request(id, std::move(envelope));
    world_.run(*core_);
    return answer(id, request);
  }
  Envelope answer(ConnectionId id, std::uint64_t request) {
    Envelope found;
    int count = 0;
    for (Envelope& one : world_.take(id)) {
      if (one.id() == request) {
        found = std::move(one);
        ++count;
      } else {
        rest_[id].push_back(std::move(one));
      }
    }
    EXPECT_EQ(count, 1) << "every request gets exactly one answer";
    return found;
  }
  std::vector<Envelope> pushes(ConnectionId id) {
    world_.run(*core_);
    std::vector<Envelope> all = std::exchange(rest_[id], {});
    for (Envelope& one : world_.take(id)) all.push_back(std::move(one));
    return all;
  }
  // The last push says this, and the connection is closed.
  void expect_goodbye(ConnectionId id, const std::string& code) {
    const std::vector<Envelope> all = pushes(id);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back().goodbye().code(), code);
    EXPECT_TRUE(world_.lines[id].closed);
  }

  // ---- Signing in ----
  Envelope hello() {
    Envelope envelope;
    envelope.mutable_hello()->set_protocol(1);
    return envelope;
  }
  ConnectionId guest(std::string source = std::string(kPlace)) {
    const ConnectionId id = connect(std::move(source));
    EXPECT_TRUE(ask(id, hello()).has_hello_reply());
    return id;
  }
  Bytes invite(std::uint32_t uses = 1000) {
    const Bytes token = random_.bytes(16);
    const store::Invite record{crypto::hash(crypto::HashAlgorithm::sha256, token), uses,
                               WallTime{world_.moment.wall.ms + 7 * crypto::kDayMs}};
    EXPECT_TRUE(world_.records.begin(store::Access::write));
    EXPECT_TRUE(world_.records.invites().add(record, world_.moment.wall));
    EXPECT_TRUE(world_.records.commit());
    return token;
  }
  Person person(const std::string& username) {
    return Person{username, "a long password", new_key(), new_key(), {}, {}, {}, {}, 0};
  }
  Bytes proof(const Person& person, ConnectionId id) {
    return person.identity_key.sign(identity_proof_input(exporter_of(id), person.username));
  }
  Envelope register_request(const Person& person, ConnectionId id, ByteView token) {
    Envelope envelope;
    proto::RegisterRequest& body = *envelope.mutable_register_();
    body.set_invite_token(to_string(token));
    body.set_username(person.username);
    body.set_password(person.password);
    body.set_identity_key(to_string(person.identity_key.public_key()));
    body.set_identity_proof(to_string(ByteView(proof(person, id))));
    return envelope;
  }
  Envelope login_request(const Person& person, ConnectionId id, bool replace = false) {
    Envelope envelope;
    proto::LoginRequest& body = *envelope.mutable_login();
    body.set_username(person.username);
    body.set_password(person.password);
    body.set_identity_key(to_string(person.identity_key.public_key()));
    body.set_identity_proof(to_string(ByteView(proof(person, id))));
    body.set_replace_device(replace);
    return envelope;
  }
  void accept(Person& person, const Envelope& reply) {
    ASSERT_TRUE(reply.has_register_reply()) << reply.error().message();
    person.user = *UserId::from_bytes(as_bytes(reply.register_reply().user()));
    person.identity_certificate = to_bytes(as_bytes(reply.register_reply().identity_certificate()));
  }
  Envelope enroll_request(Person& person) {
    person.device = random_.id<DeviceId>();
    const crypto::Certificate identity = *crypto::Certificate::from_der(person.identity_certificate);
    person.device_certificate =
        crypto::issue_device_certificate(person.identity_key, identity, person.user, person.device,
                                         person.device_key.public_key(),
                                         crypto::validity_from(world_.moment.wall, 90), random_)
            ->der();
    Envelope envelope;
    proto::EnrollRequest& body = *envelope.mutable_enroll();
    body.set_device_certificate(to_string(ByteView(person.device_certificate)));
    body.set_device_name("phone");
    const Bytes sealing(32, 5);
    body.mutable_sealing_key()->set_public_key(to_string(sealing));
    body.mutable_sealing_key()->set_signature(
        to_string(ByteView(person.device_key.sign(sealing_key_input(person.user, person.device, sealing)))));
    return envelope;
  }
  // Registered, enrolled and connected.
  Person join(const std::string& username) {
    Person one = person(username);
    const ConnectionId id = guest("joining " + username);
    accept(one, ask(id, register_request(one, id, invite(1))));
    EXPECT_TRUE(ask(id, enroll_request(one)).has_enroll_reply());
    core_->on_disconnected(id, world_.moment);
    one.connection = come_online(one);
    return one;
  }
  ConnectionId come_online(const Person& person) {
    const ConnectionId id = connect_device(person);
    const Envelope reply = ask(id, hello());
    EXPECT_TRUE(reply.has_hello_reply()) << reply.error().message();
    return id;
  }

  // ---- Requests of a device ----
  std::string open(const Person& from, const Person& to) {
    Envelope envelope;
    envelope.mutable_open_direct()->set_peer(to_string(to.user.bytes()));
    return ask(from.connection, envelope).open_direct_reply().conversation().conversation();
  }
  Envelope append_request(const std::string& conversation, std::string_view payload, MessageId message) {
    Envelope envelope;
    envelope.mutable_append()->set_conversation(conversation);
    envelope.mutable_append()->set_message(to_string(message.bytes()));
    envelope.mutable_append()->set_payload(std::string(payload));
    return envelope;
  }
  Envelope append_request(const std::string& conversation, std::string_view payload) {
    return append_request(conversation, payload, random_.id<MessageId>());
  }
  Envelope fetch_request(const std::string& conversation, std::uint64_t after = 0,
                         std::uint32_t limit = 100) {
    Envelope envelope;
    envelope.mutable_fetch()->set_conversation(conversation);
    envelope.mutable_fetch()->set_after_seq(after);
    envelope.mutable_fetch()->set_limit(limit);
    return envelope;
  }
  Envelope ack_request(const std::string& conversation, std::uint64_t seq) {
    Envelope envelope;
    envelope.mutable_ack()->set_conversation(conversation);
    envelope.mutable_ack()->set_seq(seq);
    return envelope;
  }
  static Envelope simple(void (*set)(Envelope&)) {
    Envelope envelope;
    set(envelope);
    return envelope;
  }

  SeededRandom random_{42};
  test::FakePorts world_;
  std::unique_ptr<Core> core_;
  Bytes ca_;
  ConnectionId next_connection_ = 1;
  std::uint64_t next_request_ = 0;
  std::map<ConnectionId, std::vector<Envelope>> rest_;
};

}  // namespace sotto::server
