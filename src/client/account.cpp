#include "account.hpp"

#include <algorithm>

#include "sotto/base/log.hpp"
#include "sotto/crypto/identity_chain.hpp"
#include "sotto/proto/invite_link.hpp"
#include "utf8.hpp"

namespace sotto::client {

namespace {

constexpr std::string_view kProofLabel{"sotto identity proof v1\0", 24};
constexpr std::string_view kSealingKeyLabel{"sotto sealing key v1\0", 21};
constexpr std::size_t kMaxDeviceName = 64;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

// User names are lower case; typing "Alice" means alice.
std::string normal_username(std::string_view text) {
  std::string name(trimmed(text));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return name;
}

Result<crypto::SigningKey> ed25519(const SecretBytes& seed) {
  return crypto::SigningKey::from_private(crypto::SignatureAlgorithm::ed25519, seed.view());
}

}  // namespace

Account::Account(Context& context, Session& session) : context_(context), session_(session) {}

void Account::load() {
  std::optional<Profile> profile = load_profile(context_.store);
  if (!profile || profile->stage != Profile::Stage::enrolled) return;
  profile_ = std::move(profile);
  profile_changed_();
  connect();
}

void Account::connect() {
  session_.enter(
      [this] {
        const Result<bool> renewed =
            renew_device_certificate(*profile_, context_.moment.wall, context_.random);
        if (!renewed) {
          log::warning("client_certificate_not_renewed", {{"error", renewed.error().message}});
        } else if (*renewed) {
          save_profile(context_.store, *profile_);
        }
        return target_of(*profile_);
      },
      profile_->user, profile_->device);
}

void Account::sign_up(RegisterParams params, Done<AccountView> done) {
  Attempt attempt;
  attempt.sign_up = true;
  attempt.password = std::move(params.password);
  attempt.done = std::move(done);
  attempt.profile.display_name = std::string(trimmed(params.display_name));
  const std::string invite(trimmed(params.invite));
  if (invite.starts_with("sotto:")) {
    // The whole link in the token's field: take it from there.
    params.server = invite;
  } else if (!invite.empty()) {
    const std::optional<Bytes> token = from_base64url(invite);
    if (!token || token->size() != proto::kInviteTokenBytes) {
      return context_.answer(
          std::move(attempt.done),
          Result<AccountView>(fail(ErrorCode::invalid_argument, "The invite code is malformed.")));
    }
    attempt.token = *token;
  }
  begin(params.server, params.username, params.device_name, std::move(attempt));
}

void Account::sign_in(LoginParams params, Done<AccountView> done) {
  Attempt attempt;
  attempt.replace_device = params.replace_device;
  attempt.password = std::move(params.password);
  attempt.done = std::move(done);
  begin(params.server, params.username, params.device_name, std::move(attempt));
}

void Account::begin(const std::string& server, const std::string& username, const std::string& device_name,
                    Attempt attempt) {
  const auto refuse = [&](ErrorCode code, const char* why) {
    context_.answer(std::move(attempt.done), Result<AccountView>(fail(code, why)));
  };
  if (profile_) return refuse(ErrorCode::conflict, "Somebody is signed in here already. Sign out first.");
  if (attempt_) return refuse(ErrorCode::conflict, "Signing in is under way already.");

  ServerAddress address;
  Bytes fingerprint;
  if (trimmed(server).starts_with("sotto:")) {
    const Result<proto::InviteLink> link = proto::parse_invite_link(server);
    if (!link) return context_.answer(std::move(attempt.done), Result<AccountView>(link.error()));
    address = {link->host, link->port};
    fingerprint = link->ca_fingerprint;
    if (attempt.token.empty()) attempt.token = link->token;
  } else {
    const Result<ServerAddress> parsed = parse_server_address(server);
    if (!parsed) return context_.answer(std::move(attempt.done), Result<AccountView>(parsed.error()));
    address = *parsed;
  }
  const std::string name = normal_username(username);
  if (name.empty()) return refuse(ErrorCode::invalid_argument, "The user name is empty.");
  if (attempt.password.empty()) return refuse(ErrorCode::invalid_argument, "The password is empty.");

  // The same keys as in an attempt that was cut short: the server may know them already.
  std::optional<Profile> pending = load_profile(context_.store);
  const std::string display_name = attempt.profile.display_name;
  if (pending && pending->server == address && pending->username == name) {
    attempt.profile = std::move(*pending);
    // A plain address after an attempt with a link: that server is known by now.
    if (fingerprint.empty()) fingerprint = attempt.profile.ca_fingerprint;
  } else {
    attempt.profile = Profile::generate(context_.random);
  }
  attempt.profile.stage = Profile::Stage::pending;
  attempt.profile.server = address;
  attempt.profile.ca_fingerprint = fingerprint;
  attempt.profile.ca_certificate.clear();
  attempt.profile.username = name;
  attempt.profile.display_name = display_name;
  attempt.profile.device_name = std::string(
      utf8_prefix(trimmed(device_name).empty() ? "This computer" : trimmed(device_name), kMaxDeviceName));
  save_profile(context_.store, attempt.profile);
  if (Status stored = context_.store.problem(); !stored) {
    return context_.answer(std::move(attempt.done),
                           Result<AccountView>(std::move(stored).error().with("storing the keys")));
  }

  attempt_ = std::move(attempt);
  session_.visit(target_of(attempt_->profile), [this](Result<Session::Greeting> greeting) {
    if (!attempt_) return;
    if (!greeting) return give_up(std::move(greeting).error());
    introduce(*greeting);
  });
}

void Account::introduce(const Session::Greeting& greeting) {
  const Result<crypto::SigningKey> identity = ed25519(attempt_->profile.identity_key);
  if (!identity) return give_up(identity.error());
  Bytes to_sign = to_bytes(kProofLabel);
  append(to_sign, greeting.proof.identity_exporter);
  append(to_sign, as_bytes(attempt_->profile.username));
  const Bytes proof = identity->sign(to_sign);

  // Refused here in the server's words, which every server would use.
  if (attempt_->sign_up && attempt_->token.empty() && !greeting.hello.registration_open()) {
    return give_up(
        fail(ErrorCode::denied, "This server takes new accounts by invitation only. Use an invite link."));
  }
  proto::Envelope envelope;
  if (attempt_->sign_up) {
    proto::RegisterRequest& request = *envelope.mutable_register_();
    request.set_invite_token(raw(attempt_->token));
    request.set_username(attempt_->profile.username);
    request.set_password(std::string(as_text(attempt_->password.view())));
    request.set_display_name(attempt_->profile.display_name);
    request.set_identity_key(raw(identity->public_key()));
    request.set_identity_proof(raw(proof));
  } else {
    proto::LoginRequest& request = *envelope.mutable_login();
    request.set_username(attempt_->profile.username);
    request.set_password(std::string(as_text(attempt_->password.view())));
    request.set_identity_key(raw(identity->public_key()));
    request.set_identity_proof(raw(proof));
    request.set_replace_device(attempt_->replace_device);
  }
  session_.request(std::move(envelope), [this](Result<proto::Envelope> reply) {
    if (!attempt_) return;
    if (!reply) return give_up(std::move(reply).error());
    if (!reply->has_register_reply())
      return give_up(fail(ErrorCode::unavailable, "The server's answer is odd."));
    enroll(reply->register_reply());
  });
}

void Account::enroll(const proto::RegisterReply& reply) {
  Profile& profile = attempt_->profile;
  const Result<crypto::Certificate> ca = crypto::Certificate::from_der(as_bytes(reply.ca_certificate()));
  const Result<crypto::Certificate> identity =
      crypto::Certificate::from_der(as_bytes(reply.identity_certificate()));
  const std::optional<UserId> user = UserId::from_bytes(as_bytes(reply.user()));
  if (!ca || !identity || !user)
    return give_up(fail(ErrorCode::untrusted, "The server's certificates are malformed."));
  if (!equal(ca->spki_fingerprint(), profile.ca_fingerprint)) {
    return give_up(
        fail(ErrorCode::untrusted, "The server's certificate is not the one that the invite link names."));
  }
  const Result<crypto::SigningKey> identity_key = ed25519(profile.identity_key);
  const Result<crypto::SigningKey> device_key = ed25519(profile.device_key);
  const auto sealing_key =
      crypto::DhPrivateKey::from_bytes(crypto::DhGroup::x25519, profile.sealing_key.view());
  if (!identity_key || !device_key || !sealing_key) {
    return give_up(fail(ErrorCode::internal, "The stored keys can't be used."));
  }
  const Result<crypto::AccountIdentity> account =
      crypto::verify_identity_certificate(*identity, *ca, context_.moment.wall);
  if (!account) return give_up(account.error().with("checking the account's certificate"));
  if (account->user != *user || !equal(account->identity_key, identity_key->public_key())) {
    return give_up(fail(ErrorCode::untrusted, "The server certified another identity than ours."));
  }

  profile.user = *user;
  profile.ca_certificate = ca->der();
  profile.identity_certificate = identity->der();
  profile.device_certificate.clear();
  profile.display_name = reply.display_name().empty() ? profile.username : reply.display_name();
  if (const auto issued = renew_device_certificate(profile, context_.moment.wall, context_.random); !issued) {
    return give_up(issued.error());
  }
  save_profile(context_.store, profile);
  if (Status stored = context_.store.problem(); !stored) return give_up(std::move(stored).error());

  Bytes signed_key = to_bytes(kSealingKeyLabel);
  append(signed_key, profile.user.bytes());
  append(signed_key, profile.device.bytes());
  append(signed_key, sealing_key->public_key());
  proto::Envelope envelope;
  proto::EnrollRequest& request = *envelope.mutable_enroll();
  request.set_device_certificate(raw(profile.device_certificate));
  request.set_device_name(profile.device_name);
  request.mutable_sealing_key()->set_public_key(raw(sealing_key->public_key()));
  request.mutable_sealing_key()->set_signature(raw(device_key->sign(signed_key)));
  session_.request(std::move(envelope), [this](Result<proto::Envelope> answer) {
    if (!attempt_) return;
    if (!answer) return give_up(std::move(answer).error());
    if (!answer->has_enroll_reply())
      return give_up(fail(ErrorCode::unavailable, "The server's answer is odd."));
    finish();
  });
}

void Account::finish() {
  Profile profile = std::move(attempt_->profile);
  profile.stage = Profile::Stage::enrolled;
  store::Transaction transaction(context_.store);
  save_profile(context_.store, profile);
  store::UserRecord self;
  self.id = profile.user;
  self.username = profile.username;
  self.display_name = profile.display_name;
  self.identity_certificate = profile.identity_certificate;
  self.verified = true;
  if (const auto key = ed25519(profile.identity_key)) self.identity_key = key->public_key();
  context_.store.put_user(self);
  if (Status done = transaction.commit(); !done) return give_up(std::move(done).error());

  Done<AccountView> done = std::move(attempt_->done);
  attempt_.reset();
  profile_ = std::move(profile);
  profile_changed_();
  context_.emit(AccountChanged{view_of(*profile_)});
  connect();
  // Answered when commands that need the server work; the account exists in any case.
  session_.when_online([this, done = std::move(done)](const Status&) mutable {
    if (profile_) context_.answer(std::move(done), Result<AccountView>(view_of(*profile_)));
  });
}

void Account::give_up(Error error) {
  Done<AccountView> done = std::move(attempt_->done);
  attempt_.reset();
  session_.leave();
  context_.answer(std::move(done), Result<AccountView>(std::move(error)));
}

void Account::sign_out(Done<Unit> done) {
  if (!profile_)
    return context_.answer(std::move(done), Result<Unit>(fail(ErrorCode::conflict, "Nobody is signed in.")));
  if (!session_.is_online()) {
    // A device that the server has turned away already has nothing to tell it.
    if (session_.view().code == ErrorCode::denied) {
      forget();
      return context_.answer(std::move(done), ok_status());
    }
    return context_.answer(
        std::move(done),
        Result<Unit>(fail(ErrorCode::offline,
                          "Signing out needs a connection to the server, so that it forgets this device.")));
  }
  proto::Envelope envelope;
  envelope.mutable_logout();
  session_.request(std::move(envelope),
                   [this, done = std::move(done)](Result<proto::Envelope> reply) mutable {
                     // A connection that ended instead of an answer: asked again by the user, refused as
                     // revoked, and forgotten then.
                     if (!reply)
                       return context_.answer(std::move(done), Result<Unit>(std::move(reply).error()));
                     forget();
                     context_.answer(std::move(done), ok_status());
                   });
}

void Account::forget() {
  session_.leave();
  context_.store.clear();
  profile_.reset();
  profile_changed_();
  context_.emit(AccountChanged{std::nullopt});
}

void Account::change_password(SecretBytes old_password, SecretBytes new_password, Done<Unit> done) {
  if (!profile_)
    return context_.answer(std::move(done), Result<Unit>(fail(ErrorCode::conflict, "Nobody is signed in.")));
  if (new_password.empty()) {
    return context_.answer(std::move(done),
                           Result<Unit>(fail(ErrorCode::invalid_argument, "The new password is empty.")));
  }
  proto::Envelope envelope;
  envelope.mutable_change_password()->set_old_password(std::string(as_text(old_password.view())));
  envelope.mutable_change_password()->set_new_password(std::string(as_text(new_password.view())));
  session_.request(std::move(envelope), [this,
                                         done = std::move(done)](Result<proto::Envelope> reply) mutable {
    context_.answer(std::move(done), reply ? Result<Unit>(Unit{}) : Result<Unit>(std::move(reply).error()));
  });
}

}  // namespace sotto::client
