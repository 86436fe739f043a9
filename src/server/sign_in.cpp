// Register, Login, Enroll and ChangePassword.
#include "rules.hpp"
#include "sessions.hpp"
#include "sotto/base/log.hpp"
#include "sotto/crypto/hash.hpp"

namespace sotto::server {

struct Sessions::NewAccount {
  store::Account account;
  SecretBytes password;
  Bytes token_hash;  // empty: registration is open
};

struct Sessions::LoginState {
  std::string username;
  SecretBytes password;
  Bytes identity_key;
  bool replace_device = false;
  std::optional<store::Account> account;  // none: there is no such user, and nobody may notice
};

namespace {

constexpr std::string_view kProofLabel = "sotto identity proof v1";
constexpr std::string_view kSealingLabel = "sotto sealing key v1";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

Bytes labelled(std::string_view label) {
  Bytes out = to_bytes(label);
  out.push_back(0);
  return out;
}

// Takes the password out of a request and leaves nothing of it there.
SecretBytes take_password(std::string& field) {
  SecretBytes password = SecretBytes::from_text(field);
  secure_wipe(field.data(), field.size());
  field.clear();
  return password;
}

Error wrong_login() { return fail(ErrorCode::denied, "The user name or the password is wrong."); }
Error too_often(std::string_view what) {
  return fail(ErrorCode::rate_limited,
              std::string("Too many ") + std::string(what) + ". Wait a moment and try again.");
}

}  // namespace

Bytes identity_proof_input(ByteView exporter, std::string_view username) {
  Bytes input = labelled(kProofLabel);
  append(input, exporter);
  append(input, as_bytes(username));
  return input;
}

Bytes sealing_key_input(UserId user, DeviceId device, ByteView public_key) {
  Bytes input = labelled(kSealingLabel);
  append(input, user.bytes());
  append(input, device.bytes());
  append(input, public_key);
  return input;
}

bool Sessions::proof_holds(const Connection& connection, std::string_view username, ByteView key,
                           ByteView proof) const {
  return key.size() == kKeyBytes && proof.size() == kSignatureBytes &&
         connection.guest->exporter.size() == 32 &&
         crypto::verify(crypto::SignatureAlgorithm::ed25519, key,
                        identity_proof_input(connection.guest->exporter, username), proof);
}

Result<Bytes> Sessions::issue_identity(UserId user, ByteView key) {
  const Result<crypto::Certificate> issued = crypto::issue_identity_certificate(
      hub_.config.ca_key, hub_.config.ca, user, key,
      crypto::validity_from(hub_.moment.wall, kIdentityCertificateDays), hub_.random);
  if (!issued) return issued.error();
  return issued->der();
}

Duration Sessions::source_rate(Buckets<std::string>& buckets, const Connection& connection) {
  if (!hub_.config.limit_sources) return Duration::zero();
  return buckets.take(connection.guest->source, hub_.moment.now);
}

bool Sessions::password_workers_busy(Request request) {
  if (password_jobs_ < kMaxPasswordJobs) return false;
  refuse(request,
         fail(ErrorCode::rate_limited, "Many people are signing in just now. Try again in a moment."),
         seconds(2));
  return true;
}

void Sessions::register_account(Connection& connection, Request request, proto::RegisterRequest& body) {
  auto fresh = std::make_shared<NewAccount>();
  fresh->password = take_password(*body.mutable_password());
  if (const Duration wait = source_rate(register_rate_, connection); wait > Duration::zero()) {
    return hub_.reply_error(request, too_often("attempts to register"), wait);
  }
  if (hub_.config.registration == Registration::closed) {
    return hub_.reply_error(request, fail(ErrorCode::denied, "This server takes no new accounts."));
  }
  const bool invited = !body.invite_token().empty();
  if (!invited && hub_.config.registration == Registration::invite) {
    return hub_.reply_error(
        request, fail(ErrorCode::denied, "This server only accepts invited people. Ask for an invite code."));
  }
  if (Status good = check_username(body.username()); !good) return hub_.reply_error(request, good.error());
  if (Status good = check_password(fresh->password.view()); !good)
    return hub_.reply_error(request, good.error());
  Result<std::string> display_name = clean_name(body.display_name(), body.username());
  if (!display_name) return hub_.reply_error(request, display_name.error());
  if (!proof_holds(connection, body.username(), as_bytes(body.identity_key()),
                   as_bytes(body.identity_proof()))) {
    return hub_.reply_error(request,
                            fail(ErrorCode::untrusted, "The proof of the identity key does not hold."));
  }
  if (invited && hub_.config.registration == Registration::invite) {
    fresh->token_hash = crypto::hash(crypto::HashAlgorithm::sha256, as_bytes(body.invite_token()));
  }
  fresh->account = store::Account{hub_.random.id<UserId>(),
                                  body.username(),
                                  *std::move(display_name),
                                  {},
                                  false,
                                  store::Identity{to_bytes(as_bytes(body.identity_key())), {}},
                                  hub_.moment.wall};
  connection.busy = true;
  // What will fail anyway should not cost a password hash.
  hub_.ask<Unit>(
      store::Access::read,
      [fresh, now = hub_.moment.wall](store::ServerStore& store) -> Status {
        if (!fresh->token_hash.empty()) {
          if (Status good = store.invites().check(fresh->token_hash, now); !good) return good;
        }
        const Result<store::Account> taken = store.accounts().by_username(fresh->account.username);
        if (taken) return fail(ErrorCode::conflict, std::string(store::kNameTaken));
        if (taken.error().code != ErrorCode::not_found) return taken.error();
        return ok_status();
      },
      [this, request, fresh](const Status& good) {
        if (!good) return refuse(request, good.error());
        hash_and_create(request, fresh);
      });
}

void Sessions::hash_and_create(Request request, std::shared_ptr<NewAccount> fresh) {
  if (password_workers_busy(request)) return;
  ++password_jobs_;
  SecretBytes password = std::move(fresh->password);
  hub_.ports.hash_password(
      std::move(password), [this, request, fresh = std::move(fresh)](Result<std::string> phc) {
        --password_jobs_;
        if (!phc) return refuse(request, phc.error());
        fresh->account.password_hash = *std::move(phc);
        Result<Bytes> certificate = issue_identity(fresh->account.user, fresh->account.identity.key);
        if (!certificate) return refuse(request, certificate.error());
        fresh->account.identity.certificate = *std::move(certificate);
        create(request, fresh);
      });
}

void Sessions::create(Request request, const std::shared_ptr<NewAccount>& fresh) {
  hub_.ask<Unit>(
      store::Access::write,
      [fresh, now = hub_.moment.wall](store::ServerStore& store) -> Status {
        if (!fresh->token_hash.empty()) {
          if (Status used = store.invites().use(fresh->token_hash, now); !used) return used;
        }
        const Result<std::uint64_t> count = store.accounts().count();
        if (!count) return count.error();
        fresh->account.administrator = *count == 0;
        return store.accounts().add(fresh->account);
      },
      [this, request, fresh](const Status& done) {
        if (!done) return refuse(request, done.error());
        log::info("account.registered", {{"administrator", fresh->account.administrator ? "yes" : "no"}});
        signed_in(request, fresh->account.user, fresh->account.identity, fresh->account.display_name);
      });
}

void Sessions::signed_in(Request request, UserId user, const store::Identity& identity,
                         const std::string& display_name) {
  Connection* connection = hub_.find(request.connection);
  if (connection == nullptr) return;
  connection->guest->account = user;
  connection->guest->identity_key = identity.key;
  connection->guest->identity_certificate = identity.certificate;
  proto::Envelope envelope;
  envelope.set_id(request.id);
  proto::RegisterReply& reply = *envelope.mutable_register_reply();
  reply.set_user(to_string(user.bytes()));
  reply.set_identity_certificate(to_string(identity.certificate));
  reply.set_ca_certificate(to_string(hub_.config.ca.der()));
  reply.set_display_name(display_name);
  finish(request, envelope);
}

void Sessions::login(Connection& connection, Request request, proto::LoginRequest& body) {
  auto state = std::make_shared<LoginState>();
  state->password = take_password(*body.mutable_password());
  if (const Duration wait = source_rate(login_rate_, connection); wait > Duration::zero()) {
    return hub_.reply_error(request, too_often("attempts to sign in"), wait);
  }
  if (!check_username(body.username()) || !check_password(state->password.view())) {
    return hub_.reply_error(request, wrong_login());  // nobody can have these
  }
  if (const Duration wait = password_rate_.take(body.username(), hub_.moment.now); wait > Duration::zero()) {
    return hub_.reply_error(request, too_often("attempts to sign in"), wait);
  }
  if (!proof_holds(connection, body.username(), as_bytes(body.identity_key()),
                   as_bytes(body.identity_proof()))) {
    return hub_.reply_error(request,
                            fail(ErrorCode::untrusted, "The proof of the identity key does not hold."));
  }
  state->username = body.username();
  state->identity_key = to_bytes(as_bytes(body.identity_key()));
  state->replace_device = body.replace_device();
  connection.busy = true;
  hub_.ask<store::Account>(
      store::Access::read,
      [state](store::ServerStore& store) { return store.accounts().by_username(state->username); },
      [this, request, state](Result<store::Account> found) {
        check_login(request, state, std::move(found));
      });
}

void Sessions::check_login(Request request, std::shared_ptr<LoginState> state, Result<store::Account> found) {
  if (!found && found.error().code != ErrorCode::not_found) return refuse(request, found.error());
  if (password_workers_busy(request)) return;
  if (found) state->account = *std::move(found);
  // An unknown user costs the same hash and gets the same answer as a wrong password.
  std::string phc = state->account ? state->account->password_hash : hub_.config.absent_password_hash;
  ++password_jobs_;
  SecretBytes password = std::move(state->password);
  hub_.ports.verify_password(std::move(password), std::move(phc),
                             [this, request, state = std::move(state)](bool right) {
                               --password_jobs_;
                               if (!right || !state->account) return refuse(request, wrong_login());
                               accept_login(request, state);
                             });
}

void Sessions::accept_login(Request request, const std::shared_ptr<LoginState>& state) {
  Bytes certificate;
  if (state->identity_key != state->account->identity.key) {
    Result<Bytes> issued = issue_identity(state->account->user, state->identity_key);
    if (!issued) return refuse(request, issued.error());
    certificate = *std::move(issued);
  }
  struct Accepted {
    store::Account account;
    std::vector<DeviceId> revoked;
    bool new_identity = false;
  };
  hub_.ask<Accepted>(
      store::Access::write,
      [state, certificate = std::move(certificate),
       now = hub_.moment.wall](store::ServerStore& store) -> Result<Accepted> {
        Result<store::Account> account = store.accounts().by_user(state->account->user);
        if (!account) return std::move(account).error();
        // Changed while this one was checked.
        if (account->password_hash != state->account->password_hash) return wrong_login();
        Accepted accepted{*std::move(account), {}, false};
        if (accepted.account.identity.key == state->identity_key) return accepted;
        const Result<std::vector<store::Device>> devices = store.devices().of_user(accepted.account.user);
        if (!devices) return devices.error();
        if (!devices->empty() && !state->replace_device) {
          return fail(ErrorCode::conflict,
                      "This account is in use on another device. Signing in here signs that one out.");
        }
        if (certificate.empty())
          return fail(ErrorCode::conflict, "The account changed just now. Sign in again.");
        for (const store::Device& device : *devices) {
          if (Status done = store.devices().revoke(device.device, now); !done) return std::move(done).error();
          accepted.revoked.push_back(device.device);
        }
        accepted.new_identity = true;
        accepted.account.identity = store::Identity{state->identity_key, certificate};
        Status done = store.accounts().set_identity(accepted.account.user, accepted.account.identity, now);
        if (!done) return std::move(done).error();
        return accepted;
      },
      [this, request](Result<Accepted> accepted) {
        if (!accepted) return refuse(request, accepted.error());
        kick(accepted->revoked);
        if (accepted->new_identity) directory_.devices_changed(accepted->account.user);
        signed_in(request, accepted->account.user, accepted->account.identity,
                  accepted->account.display_name);
      });
}

void Sessions::enroll(Connection& connection, Request request, const proto::EnrollRequest& body) {
  const GuestState& guest = *connection.guest;
  if (!guest.account) return hub_.reply_error(request, fail(ErrorCode::denied, "Register or sign in first."));
  const Result<crypto::DeviceIdentity> identity =
      crypto::verify_device_chain(as_bytes(body.device_certificate()), guest.identity_certificate,
                                  hub_.config.ca.der(), hub_.moment.wall);
  if (!identity) return hub_.reply_error(request, identity.error());
  if (identity->user != *guest.account || identity->identity_key != guest.identity_key) {
    return hub_.reply_error(request,
                            fail(ErrorCode::untrusted, "The device certificate is another account's."));
  }
  const ByteView sealing_key = as_bytes(body.sealing_key().public_key());
  const ByteView signature = as_bytes(body.sealing_key().signature());
  if (sealing_key.size() != kKeyBytes || signature.size() != kSignatureBytes ||
      !crypto::verify(crypto::SignatureAlgorithm::ed25519, identity->device_key,
                      sealing_key_input(identity->user, identity->device, sealing_key), signature)) {
    return hub_.reply_error(request,
                            fail(ErrorCode::untrusted, "The signature of the sealing key does not hold."));
  }
  Result<std::string> name = clean_name(body.device_name(), "Unnamed device");
  if (!name) return hub_.reply_error(request, name.error());

  connection.busy = true;
  store::Device device{identity->device,
                       identity->user,
                       *std::move(name),
                       to_bytes(as_bytes(body.device_certificate())),
                       to_bytes(sealing_key),
                       to_bytes(signature),
                       hub_.moment.wall,
                       hub_.moment.wall,
                       false};
  const UserId user = identity->user;
  hub_.ask<std::vector<DeviceId>>(
      store::Access::write,
      [device = std::move(device),
       key = identity->identity_key](store::ServerStore& store) -> Result<std::vector<DeviceId>> {
        const Result<store::Account> account = store.accounts().by_user(device.user);
        if (!account) return account.error();
        if (account->identity.key != key) {
          return fail(ErrorCode::conflict, "The account was signed in elsewhere meanwhile. Sign in again.");
        }
        const Result<std::vector<store::Device>> others = store.devices().of_user(device.user);
        if (!others) return others.error();
        std::vector<DeviceId> revoked;
        for (const store::Device& other : *others) {  // one device per account
          if (Status done = store.devices().revoke(other.device, device.enrolled); !done) {
            return std::move(done).error();
          }
          revoked.push_back(other.device);
        }
        if (Status done = store.devices().add(device); !done) return std::move(done).error();
        return revoked;
      },
      [this, request, user](Result<std::vector<DeviceId>> revoked) {
        if (!revoked) return refuse(request, revoked.error());
        kick(*revoked);
        if (Connection* done = hub_.find(request.connection)) done->guest->account.reset();
        proto::Envelope envelope;
        envelope.set_id(request.id);
        envelope.mutable_enroll_reply();
        finish(request, envelope);
        directory_.devices_changed(user);
      });
}

void Sessions::change_password(Connection& connection, Request request, proto::ChangePasswordRequest& body) {
  struct Change {
    SecretBytes old_password;
    SecretBytes new_password;
    UserId user;
  };
  auto change = std::make_shared<Change>();
  change->old_password = take_password(*body.mutable_old_password());
  change->new_password = take_password(*body.mutable_new_password());
  change->user = connection.user;
  if (Status good = check_password(change->new_password.view()); !good) {
    return hub_.reply_error(request, good.error());
  }
  const Duration wait = password_rate_.take("user:" + connection.user.str(), hub_.moment.now);
  if (wait > Duration::zero())
    return hub_.reply_error(request, too_often("attempts to change the password"), wait);
  connection.busy = true;
  hub_.ask<store::Account>(
      store::Access::read,
      [user = connection.user](store::ServerStore& store) { return store.accounts().by_user(user); },
      [this, request, change](Result<store::Account> account) {
        if (!account) return refuse(request, account.error());
        if (password_workers_busy(request)) return;
        ++password_jobs_;
        const auto store_hash = [this, request, change](Result<std::string> phc) {
          --password_jobs_;
          if (!phc) return refuse(request, phc.error());
          hub_.ask<Unit>(
              store::Access::write,
              [user = change->user, phc = *std::move(phc)](store::ServerStore& store) {
                return store.accounts().set_password_hash(user, phc);
              },
              [this, request](const Status& done) {
                if (!done) return refuse(request, done.error());
                proto::Envelope envelope;
                envelope.set_id(request.id);
                envelope.mutable_ok();
                finish(request, envelope);
              });
        };
        hub_.ports.verify_password(std::move(change->old_password), account->password_hash,
                                   [this, request, change, store_hash](bool right) {
                                     if (right) {
                                       return hub_.ports.hash_password(std::move(change->new_password),
                                                                       store_hash);
                                     }
                                     --password_jobs_;
                                     refuse(request, fail(ErrorCode::denied, "Wrong current password."));
                                   });
      });
}

}  // namespace sotto::server
