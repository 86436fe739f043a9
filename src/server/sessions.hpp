// How a connection becomes somebody: Hello, Register, Login, Enroll; and how it ends: ChangePassword, Logout,
// revocation.
//
// A connection works on one of these at a time (Connection::busy). Passwords leave for the worker threads in
// SecretBytes and are wiped in the request.
#pragma once

#include "directory.hpp"
#include "hub.hpp"

namespace sotto::server {

class Sessions {
 public:
  Sessions(Hub& hub, Directory& directory) : hub_(hub), directory_(directory) {}

  void on_connected(ConnectionId id, Peer peer);
  void on_deadline();

  void hello(Connection& connection, Request request, const proto::HelloRequest& body);
  void register_account(Connection& connection, Request request, proto::RegisterRequest& body);
  void login(Connection& connection, Request request, proto::LoginRequest& body);
  void enroll(Connection& connection, Request request, const proto::EnrollRequest& body);
  void change_password(Connection& connection, Request request, proto::ChangePasswordRequest& body);
  void logout(Connection& connection, Request request);

  void on_drop(const Connection& connection);
  void housekeeping();

 private:
  struct Greeted;
  struct NewAccount;
  struct LoginState;

  // Ends a busy step with an answer.
  void refuse(Request request, const Error& error, Duration retry_after = Duration::zero());
  void finish(Request request, const proto::Envelope& envelope);
  bool password_workers_busy(Request request);
  Duration source_rate(Buckets<std::string>& buckets, const Connection& connection);

  void greet(Request request, std::optional<Greeted> greeted);
  void become_device(Connection& connection, Greeted greeted);
  void hash_and_create(Request request, std::shared_ptr<NewAccount> account);
  void create(Request request, const std::shared_ptr<NewAccount>& account);
  void check_login(Request request, std::shared_ptr<LoginState> login, Result<store::Account> found);
  void accept_login(Request request, const std::shared_ptr<LoginState>& login);
  void signed_in(Request request, UserId user, const store::Identity& identity,
                 const std::string& display_name);
  void kick(const std::vector<DeviceId>& devices);
  bool proof_holds(const Connection& connection, std::string_view username, ByteView key,
                   ByteView proof) const;
  Result<Bytes> issue_identity(UserId user, ByteView key);

  Hub& hub_;
  Directory& directory_;
  Buckets<std::string> register_rate_{kRegisterRate};  // by source
  Buckets<std::string> login_rate_{kLoginRate};        // by source
  Buckets<std::string> password_rate_{kPasswordRate};  // by user name
  std::unordered_map<std::string, std::size_t> guests_by_source_;
  std::size_t guests_ = 0;
  std::size_t password_jobs_ = 0;
};

// The bytes an identity key signs to log in: bound to this TLS connection and this name.
Bytes identity_proof_input(ByteView exporter, std::string_view username);
// The bytes a device key signs for its sealing key.
Bytes sealing_key_input(UserId user, DeviceId device, ByteView public_key);

}  // namespace sotto::server
