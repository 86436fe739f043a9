// The text channel with nothing above it: TLS, frames, requests and replies. Seals nothing, stores nothing,
// hides nothing: for benchmarks and for tests that must see or break the protocol itself.
//
//   RawClient client(loop, server);
//   client.connect(&account, [&](Status status) { ... });          // TLS and Hello; null: without a
//   certificate client.request(envelope, Priority::urgent, [&](Result<proto::Envelope> reply) { ... });
//   client.on_push = [&](const proto::Envelope& push) { ... };
//
// Callbacks may destroy the client. Thread: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "sotto/base/ids.hpp"
#include "sotto/crypto/certificate.hpp"
#include "sotto/crypto/signature.hpp"
#include "sotto/net/tcp.hpp"
#include "sotto/net/tls_stream.hpp"
#include "sotto/proto/channel.hpp"
#include "sotto/proto/frame.hpp"
#include "sotto/proto/invite_link.hpp"

namespace sotto::test {

// An enrolled device of an account.
struct RawAccount {
  std::string username;
  UserId user;
  DeviceId device;
  Bytes identity_certificate;  // DER
  Bytes device_certificate;
  std::shared_ptr<const net::TlsContext> context;  // shows the device chain, pins the server
};

class RawClient final : private net::TlsStream::Handler {
 public:
  using Answer = std::function<void(Result<proto::Envelope>)>;

  RawClient(net::Loop& loop, const proto::InviteLink& server);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // `then` comes once: connected and greeted, or the reason why not. The account outlives the client.
  void connect(const RawAccount* account, std::function<void(Status)> then);
  // An error reply of the server and a lost connection are errors of `then`.
  void request(proto::Envelope& envelope, net::Priority priority, Answer then);
  void request(const std::function<Result<Bytes>(std::uint64_t id)>& make_frame, net::Priority priority,
               Answer then);
  // Runs the loop until the answer is there.
  Result<proto::Envelope> ask(proto::Envelope& envelope);

  net::TlsStream& stream() { return *stream_; }
  bool closed() const { return closed_.has_value(); }
  const proto::HelloReply& hello() const { return hello_; }

  std::function<void(const proto::Envelope&)> on_push;
  std::function<void(const net::Closed&)> on_closed_by_server;
  std::function<void()> on_drained_bulk;

 private:
  void on_established(const net::PeerInfo& peer) override;
  void on_bytes(ByteView bytes) override;
  void on_drained() override;
  void on_closed(const net::Closed& closed) override;
  void finish_connecting(Status status);

  net::Loop& loop_;
  const proto::InviteLink& server_;
  std::function<void(Status)> on_connected_;
  std::unique_ptr<net::TcpConnector> connector_;
  std::unique_ptr<net::TlsStream> stream_;
  proto::FrameReader reader_;
  proto::HelloReply hello_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Answer> waiting_;
  std::optional<net::Closed> closed_;
  bool* destroyed_ = nullptr;
};

// Makes keys, registers, and enrols one device, over a connection of its own. Destroying it cancels.
class RawEnrolment {
 public:
  using Then = std::function<void(Result<std::unique_ptr<RawAccount>>)>;
  RawEnrolment(net::Loop& loop, const proto::InviteLink& server, std::string username, Then then);
  ~RawEnrolment();

 private:
  struct Keys;
  void register_account();
  void enrol(const proto::RegisterReply& reply);
  void finish(Result<std::unique_ptr<RawAccount>> result);

  const proto::InviteLink& server_;
  std::string username_;
  Then then_;
  std::unique_ptr<Keys> keys_;
  std::unique_ptr<RawAccount> account_;
  RawClient client_;
};

// A TLS context that pins the server of an invite link; with `chain_pem` and `key_pem` it shows them.
std::shared_ptr<const net::TlsContext> raw_context(const proto::InviteLink& server,
                                                   std::string_view chain_pem = {},
                                                   std::string_view key_pem = {});

}  // namespace sotto::test
