#include "directory.hpp"

#include <algorithm>

#include "safety_number.hpp"
#include "sotto/base/log.hpp"
#include "sotto/crypto/dh.hpp"
#include "sotto/crypto/identity_chain.hpp"
#include "utf8.hpp"

namespace sotto::client {

namespace {

constexpr std::size_t kMaxUsername = 32;  // channel.proto
constexpr std::size_t kMaxDisplayName = 256;
constexpr int kMaxDevices = 32;
constexpr std::string_view kSealingKeyLabel{"sotto sealing key v1\0", 21};

// A moment at which both certificates hold, as near to now as there is one.
WallTime within_validity(const crypto::Certificate& device, const crypto::Certificate& identity,
                         WallTime now) {
  const WallTime from = std::max(device.not_before(), identity.not_before());
  const WallTime until = std::min(device.not_after(), identity.not_after());
  return std::min(std::max(now, from), until);
}

std::string clean_text(const std::string& text, std::size_t max) {
  return is_utf8(text) ? std::string(utf8_prefix(text, max)) : std::string();
}

}  // namespace

Directory::Directory(Context& context, Session& session) : context_(context), session_(session) {}

void Directory::refresh(UserId user, std::function<void(Status)> done) {
  auto& waiting = asking_[user];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  proto::Envelope envelope;
  envelope.mutable_get_user()->set_user(raw(user.bytes()));
  session_.request(std::move(envelope), [this, user](Result<proto::Envelope> reply) {
    if (!reply) return finish_refresh(user, std::move(reply).error());
    if (!reply->has_user_reply())
      return finish_refresh(user, fail(ErrorCode::unavailable, "The server's answer is odd."));
    Result<UserId> applied = apply(reply->user_reply().user());
    if (!applied) return finish_refresh(user, std::move(applied).error());
    if (*applied != user)
      return finish_refresh(user, fail(ErrorCode::untrusted, "The server named somebody else."));
    finish_refresh(user, ok_status());
  });
}

void Directory::finish_refresh(UserId user, const Status& status) {
  const auto found = asking_.find(user);
  if (found == asking_.end()) return;
  const auto waiting = std::move(found->second);
  asking_.erase(found);
  for (const auto& done : waiting) done(status);
}

void Directory::find(const std::string& username, std::function<void(Result<UserId>)> done) {
  proto::Envelope envelope;
  envelope.mutable_find_user()->set_username(username);
  session_.request(std::move(envelope),
                   [this, username, done = std::move(done)](Result<proto::Envelope> reply) {
                     if (!reply) return done(std::move(reply).error());
                     if (!reply->has_user_reply() || reply->user_reply().user().username() != username) {
                       return done(fail(ErrorCode::unavailable, "The server's answer is odd."));
                     }
                     done(apply(reply->user_reply().user()));
                   });
}

Result<UserId> Directory::apply(const proto::User& user) {
  if (profile_ == nullptr) return fail(ErrorCode::conflict, "Nobody is signed in.");
  const std::optional<UserId> id = UserId::from_bytes(as_bytes(user.user()));
  if (!id || user.username().empty() || user.username().size() > kMaxUsername ||
      user.devices_size() > kMaxDevices) {
    return fail(ErrorCode::unavailable, "The server's answer is malformed.");
  }
  const Result<crypto::Certificate> identity =
      crypto::Certificate::from_der(as_bytes(user.identity_certificate()));
  const Result<crypto::Certificate> ca = crypto::Certificate::from_der(profile_->ca_certificate);
  if (!identity || !ca) return fail(ErrorCode::untrusted, "The identity certificate is malformed.");
  const Result<crypto::AccountIdentity> account = crypto::verify_identity_certificate(
      *identity, *ca, within_validity(*identity, *identity, context_.moment.wall));
  if (!account) return account.error().with("checking the identity certificate");
  if (account->user != *id)
    return fail(ErrorCode::untrusted, "The identity certificate names somebody else.");

  store::Transaction transaction(context_.store);
  const std::optional<store::UserRecord> before = context_.store.user(*id);
  store::UserRecord record = before.value_or(store::UserRecord{});
  record.id = *id;
  // The name under which this identity was first met stays: a server cannot hand it to another key later.
  if (record.username.empty()) record.username = clean_text(user.username(), kMaxUsername);
  record.display_name = clean_text(user.display_name(), kMaxDisplayName);
  if (record.display_name.empty()) record.display_name = record.username;

  bool changed_identity = false;
  if (*id == profile_->user) {
    const Result<crypto::SigningKey> own =
        crypto::SigningKey::from_private(crypto::SignatureAlgorithm::ed25519, profile_->identity_key.view());
    if (!own || !equal(own->public_key(), account->identity_key)) {
      return fail(ErrorCode::untrusted, "The server shows another identity for this account.");
    }
    record.verified = true;
  } else if (!record.identity_key.empty() && !equal(record.identity_key, account->identity_key)) {
    changed_identity = true;
    const bool was_verified = std::exchange(record.verified, false);
    record.identity_changed = record.identity_changed || was_verified;
    for (store::ClientDeviceRecord device : context_.store.devices_of(*id)) {
      device.active = false;
      context_.store.put_device(device);
    }
    hooks_.identity_changed(record, was_verified);
  }
  record.identity_key = account->identity_key;
  record.identity_certificate = to_bytes(user.identity_certificate());
  context_.store.put_user(record);
  put_devices(user, record, record.identity_certificate);
  if (Status done = hooks_.committed(transaction.commit()); !done) return std::move(done).error();

  fresh_.insert(*id);
  const bool presence_changed = user.online() ? online_.insert(*id).second : online_.erase(*id) > 0;
  const bool shown_differently = !before || before->display_name != record.display_name ||
                                 before->verified != record.verified || before->username != record.username;
  if (changed_identity) {
    log::warning("client_identity_changed", {{"user", id->str()}});
    context_.emit(IdentityChanged{view(record)});
  }
  if (shown_differently || changed_identity) context_.emit(ContactUpdated{view(record)});
  if (presence_changed) context_.emit(PresenceUpdated{view(record)});
  hooks_.user_changed(*id);
  return *id;
}

void Directory::put_devices(const proto::User& user, const store::UserRecord& record,
                            const Bytes& identity_certificate) {
  std::set<DeviceId> listed;
  const Result<crypto::Certificate> identity = crypto::Certificate::from_der(identity_certificate);
  const Result<crypto::Certificate> ca = crypto::Certificate::from_der(profile_->ca_certificate);
  for (const proto::Device& sent : user.devices()) {
    const std::optional<DeviceId> id = DeviceId::from_bytes(as_bytes(sent.device()));
    const Result<crypto::Certificate> certificate =
        crypto::Certificate::from_der(as_bytes(sent.certificate()));
    if (!id || !certificate || !identity || !ca) continue;
    const Result<crypto::DeviceIdentity> chain = crypto::verify_device_chain(
        *certificate, *identity, *ca, within_validity(*certificate, *identity, context_.moment.wall));
    if (!chain || chain->user != record.id || chain->device != *id ||
        !equal(chain->identity_key, record.identity_key)) {
      log::warning("client_device_refused", {{"device", id->str()}});
      continue;
    }
    Bytes signed_key = to_bytes(kSealingKeyLabel);
    append(signed_key, record.id.bytes());
    append(signed_key, id->bytes());
    append(signed_key, as_bytes(sent.sealing_key().public_key()));
    if (!crypto::is_valid_dh_public_key(crypto::DhGroup::x25519, as_bytes(sent.sealing_key().public_key())) ||
        !crypto::verify(crypto::SignatureAlgorithm::ed25519, chain->device_key, signed_key,
                        as_bytes(sent.sealing_key().signature()))) {
      log::warning("client_sealing_key_refused", {{"device", id->str()}});
      continue;
    }
    const std::optional<store::ClientDeviceRecord> known = context_.store.device(*id);
    // A device is its key: another key or owner under the same id is another device that lies about its id.
    if (known && (known->user != record.id || !equal(known->device_key, chain->device_key))) {
      log::warning("client_device_id_reused", {{"device", id->str()}});
      continue;
    }
    store::ClientDeviceRecord device;
    device.id = *id;
    device.user = record.id;
    device.name = clean_text(sent.name(), kMaxDisplayName);
    device.device_key = chain->device_key;
    device.sealing_key = to_bytes(sent.sealing_key().public_key());
    device.last_seen_ms = sent.last_seen_ms();
    context_.store.put_device(device);
    listed.insert(*id);
  }
  for (store::ClientDeviceRecord device : context_.store.devices_of(record.id)) {
    if (!device.active || listed.contains(device.id)) continue;
    device.active = false;
    context_.store.put_device(device);
  }
}

UserView Directory::view(const store::UserRecord& user) const {
  UserView view;
  view.id = user.id;
  view.username = user.username;
  view.display_name = user.display_name;
  view.online = online_.contains(user.id);
  view.verified = user.verified;
  view.identity_changed = user.identity_changed;
  return view;
}

UserView Directory::view(UserId user) const {
  if (const auto record = context_.store.user(user)) return view(*record);
  UserView view;
  view.id = user;
  if (profile_ != nullptr && profile_->user == user) view = view_of(*profile_).user;
  return view;
}

std::vector<store::ClientDeviceRecord> Directory::active_devices(UserId user) const {
  std::vector<store::ClientDeviceRecord> devices = context_.store.devices_of(user);
  std::erase_if(devices, [](const store::ClientDeviceRecord& device) { return !device.active; });
  return devices;
}

Result<std::string> Directory::safety_number(UserId user) const {
  if (profile_ == nullptr) return fail(ErrorCode::conflict, "Nobody is signed in.");
  const std::optional<store::UserRecord> record = context_.store.user(user);
  if (!record || record->identity_key.empty())
    return fail(ErrorCode::not_found, "This person is not known yet.");
  const Result<crypto::SigningKey> own =
      crypto::SigningKey::from_private(crypto::SignatureAlgorithm::ed25519, profile_->identity_key.view());
  if (!own) return own.error();
  if (user == profile_->user)
    return fail(ErrorCode::invalid_argument, "There is nothing to compare with yourself.");
  return client::safety_number({profile_->user, own->public_key()}, {user, record->identity_key});
}

Result<UserView> Directory::verify(UserId user, bool verified, const std::string& digits) {
  const Result<std::string> today = safety_number(user);
  if (!today) return today.error();
  if (verified && digits != *today) {
    return fail(ErrorCode::conflict,
                "The safety number has changed since it was compared. Compare it again.");
  }
  store::UserRecord record = *context_.store.user(user);
  record.verified = verified;
  record.identity_changed = false;  // the user has decided
  context_.store.put_user(record);
  if (Status stored = context_.store.problem(); !stored) return std::move(stored).error();
  context_.emit(ContactUpdated{view(record)});
  hooks_.user_changed(user);
  return view(record);
}

void Directory::on_online() { fresh_.clear(); }

void Directory::on_offline() {
  fresh_.clear();
  for (const UserId& user : std::exchange(online_, {})) context_.emit(PresenceUpdated{view(user)});
}

void Directory::on_presence(const proto::PresencePush& push) {
  const std::optional<UserId> user = UserId::from_bytes(as_bytes(push.user()));
  if (!user) return;
  const bool changed = push.online() ? online_.insert(*user).second : online_.erase(*user) > 0;
  // Somebody new, whose name is not known yet, is shown when it is.
  if (changed && context_.store.user(*user)) context_.emit(PresenceUpdated{view(*user)});
}

void Directory::on_devices_changed(const proto::DevicesChangedPush& push) {
  const std::optional<UserId> user = UserId::from_bytes(as_bytes(push.user()));
  if (!user) return;
  fresh_.erase(*user);
  // At once, so that a changed identity is shown before anything is typed to it.
  refresh(*user, [](const Status&) {});
}

}  // namespace sotto::client
