// A small server for simulations of clients: the protocol of channel.proto, in memory, deterministic. It
// keeps only the rules that clients rely on; durability, limits and rights are the real server's. Tests may
// reach into `logs` and `users` to play a hostile one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sotto/base/ids.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/time.hpp"
#include "sotto/crypto/certificate.hpp"
#include "sotto/crypto/signature.hpp"
#include "sotto/proto/channel.hpp"

namespace sotto::testing {

class FakeServer {
 public:
  using ConnectionId = std::uint64_t;
  struct UserEntry {
    std::string username, password, display_name;
    UserId id;
    Bytes identity_key, identity_certificate;
    std::vector<proto::Device> devices;
  };
  struct Log {
    std::vector<UserId> members;
    std::vector<proto::Entry> entries;
    std::map<DeviceId, std::uint64_t> acked;
  };
  struct Blob {
    std::string data;
    bool complete = false;
  };

  FakeServer(Random& random, WallTime now);

  Bytes ca_certificate() const { return ca_->der(); }
  Bytes fingerprint() const;
  std::string invite_link() const;
  // As only the holder of the CA's key can.
  crypto::Certificate certify_identity(UserId user, ByteView identity_key);
  Bytes exporter_of(ConnectionId connection) const;

  // `device`: from the client certificate, zero without one. `send` delivers frame bodies to the client.
  void open(ConnectionId connection, DeviceId device, std::function<void(const proto::Envelope&)> send,
            std::function<void()> hang_up);
  void close(ConnectionId connection);
  void on_envelope(ConnectionId connection, const proto::Envelope& request, WallTime now);
  bool knows_device(DeviceId device) const;
  void change_identity();  // another CA: an impostor, or a server that lost its data

  std::map<UserId, UserEntry> users;
  std::map<ConversationId, Log> logs;
  std::map<BlobId, Blob> blobs;
  // Asked before each request is handled; an error is the reply.
  std::function<std::optional<Error>(const proto::Envelope&)> refuse;
  std::optional<std::int64_t> claimed_time_ms;  // instead of the true one
  bool registration_open = true;
  std::uint64_t max_blob_bytes = 0;
  // Pushes an entry to the members' connections as the server would.
  void push(const proto::Entry& entry);
  void push_devices_changed(UserId user);

 private:
  struct Connection {
    DeviceId device;
    UserId user;
    UserId enrolling;
    std::function<void(const proto::Envelope&)> send;
    std::function<void()> hang_up;
  };
  void reply_error(const Connection& connection, std::uint64_t id, const Error& error);
  void handle(ConnectionId id, Connection& connection, const proto::Envelope& request, proto::Envelope& reply,
              WallTime now);
  Status sign_in(ConnectionId id, Connection& connection, const proto::Envelope& request,
                 proto::Envelope& reply);
  Status append(Connection& connection, const proto::AppendRequest& request, proto::Envelope& reply,
                WallTime now);
  void fill_user(const UserEntry& user, proto::User& out) const;
  bool is_online(UserId user) const;
  void push_presence(UserId user, bool online);

  Random& random_;
  WallTime started_;
  crypto::SigningKey ca_key_;
  std::optional<crypto::Certificate> ca_;
  std::map<ConnectionId, Connection> connections_;
  std::set<DeviceId> revoked_;
};

}  // namespace sotto::testing
