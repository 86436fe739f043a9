#include <utility>

#include "sotto/crypto/dh.hpp"
#include "sotto/crypto/identity_chain.hpp"
#include "sotto/crypto/random.hpp"
#include "support/raw_client.hpp"

namespace sotto::test {
namespace {

constexpr std::string_view kPassword = "raw client password";

// TEXT || 0x00, before what is signed: src/proto/channel.proto.
Bytes labelled(std::string_view label) {
  Bytes out = to_bytes(label);
  out.push_back(0);
  return out;
}

}  // namespace

struct RawEnrolment::Keys {
  crypto::SigningKey identity =
      crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, crypto::system_random());
  crypto::SigningKey device =
      crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, crypto::system_random());
  crypto::DhPrivateKey sealing =
      crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, crypto::system_random());
};

RawEnrolment::RawEnrolment(net::Loop& loop, const proto::InviteLink& server, std::string username, Then then)
    : server_(server),
      username_(std::move(username)),
      then_(std::move(then)),
      keys_(std::make_unique<Keys>()),
      client_(loop, server) {
  client_.connect(nullptr, [this](Status status) {
    if (!status) return finish(std::move(status).error().with("connecting"));
    register_account();
  });
}

RawEnrolment::~RawEnrolment() = default;

void RawEnrolment::register_account() {
  auto exporter = client_.stream().exporter("EXPORTER-sotto-identity", 32);
  if (!exporter) return finish(std::move(exporter).error());
  Bytes proof = labelled("sotto identity proof v1");
  append(proof, exporter->view());
  append(proof, as_bytes(username_));
  proto::Envelope envelope;
  auto& request = *envelope.mutable_register_();
  request.set_invite_token(to_string(server_.token));
  request.set_username(username_);
  request.set_password(std::string(kPassword));
  request.set_identity_key(to_string(keys_->identity.public_key()));
  request.set_identity_proof(to_string(keys_->identity.sign(proof)));
  client_.request(envelope, net::Priority::urgent, [this](Result<proto::Envelope> reply) {
    if (!reply) return finish(std::move(reply).error().with("registering"));
    enrol(reply->register_reply());
  });
}

void RawEnrolment::enrol(const proto::RegisterReply& reply) {
  const auto user = UserId::from_bytes(as_bytes(reply.user()));
  auto identity = crypto::Certificate::from_der(as_bytes(reply.identity_certificate()));
  if (!user || !identity)
    return finish(fail(ErrorCode::internal, "the server's reply to Register is malformed"));
  account_ = std::make_unique<RawAccount>();
  account_->username = username_;
  account_->user = *user;
  account_->device = crypto::system_random().id<DeviceId>();
  account_->identity_certificate = identity->der();
  auto device = crypto::issue_device_certificate(
      keys_->identity, *identity, account_->user, account_->device, keys_->device.public_key(),
      crypto::validity_from(net::wall_now(), 30), crypto::system_random());
  if (!device) return finish(std::move(device).error());
  account_->device_certificate = device->der();
  account_->context = raw_context(server_, device->to_pem() + identity->to_pem(),
                                  as_text(crypto::private_key_to_pem(keys_->device).view()));

  Bytes signed_key = labelled("sotto sealing key v1");
  append(signed_key, account_->user.bytes());
  append(signed_key, account_->device.bytes());
  append(signed_key, keys_->sealing.public_key());
  proto::Envelope envelope;
  auto& request = *envelope.mutable_enroll();
  request.set_device_certificate(to_string(account_->device_certificate));
  request.set_device_name("raw");
  request.mutable_sealing_key()->set_public_key(to_string(keys_->sealing.public_key()));
  request.mutable_sealing_key()->set_signature(to_string(keys_->device.sign(signed_key)));
  client_.request(envelope, net::Priority::urgent, [this](Result<proto::Envelope> reply2) {
    if (!reply2) return finish(std::move(reply2).error().with("enrolling"));
    finish(std::move(account_));
  });
}

void RawEnrolment::finish(Result<std::unique_ptr<RawAccount>> result) {
  const auto then = std::exchange(then_, nullptr);
  if (then) then(std::move(result));
}

}  // namespace sotto::test
