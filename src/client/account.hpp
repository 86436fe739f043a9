// Registering, signing in and out, and the profile of whoever is signed in.
//
//   keys made and stored -> connection without a client certificate -> RegisterRequest / LoginRequest with
//   the identity key and its proof -> identity certificate -> device certificate issued here -> EnrollRequest
//   -> profile stored as enrolled -> standing connection as this device
// A crash or cut anywhere is followed by signing in again with the same keys.
// Thread: the client core's.
#pragma once

#include <functional>
#include <optional>

#include "context.hpp"
#include "profile.hpp"
#include "session.hpp"

namespace sotto::client {

class Account {
 public:
  Account(Context& context, Session& session);
  // After the profile appeared or went: everything that depends on it is set up or taken down.
  void set_hook(std::function<void()> profile_changed) { profile_changed_ = std::move(profile_changed); }

  void load();  // from the store; connects if somebody is signed in
  const Profile* profile() const { return profile_ ? &*profile_ : nullptr; }

  void sign_up(RegisterParams params, Done<AccountView> done);
  void sign_in(LoginParams params, Done<AccountView> done);
  void sign_out(Done<Unit> done);
  void change_password(SecretBytes old_password, SecretBytes new_password, Done<Unit> done);

 private:
  // One attempt to become a device of an account.
  struct Attempt {
    Profile profile;
    bool sign_up = false;
    bool replace_device = false;
    Bytes token;
    SecretBytes password;
    Done<AccountView> done;
  };

  void begin(const std::string& server, const std::string& username, const std::string& device_name,
             Attempt attempt);
  void introduce(const Session::Greeting& greeting);
  void enroll(const proto::RegisterReply& reply);
  void finish();
  void give_up(Error error);
  void forget();
  void connect();

  Context& context_;
  Session& session_;
  std::function<void()> profile_changed_;
  std::optional<Profile> profile_;  // enrolled
  std::optional<Attempt> attempt_;
};

}  // namespace sotto::client
