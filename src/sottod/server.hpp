// The running server: sockets and threads around server::Core.
//
//   Server server(loop, std::move(config), ...);     // made, listening
//   loop.run();                                      // until stopped
//
// Thread: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "sotto/crypto/password.hpp"
#include "sotto/ice/stun_server.hpp"
#include "sotto/net/tcp.hpp"
#include "sotto/net/tls_stream.hpp"
#include "sotto/net/udp_socket.hpp"
#include "sotto/server/core.hpp"
#include "workers.hpp"

namespace sotto::sottod {

struct ServerOptions {
  std::string host;  // empty: every address
  std::uint16_t port = 0;
  crypto::Argon2Params argon2 = crypto::kAccountPasswordParams;
};

class Server final : private server::Ports, private net::IterationHook {
 public:
  Server(net::Loop& loop, server::Config config, std::unique_ptr<store::ServerStore> store,
         store::BlobFiles blobs, crypto::Argon2Params argon2, Random& random);
  ~Server();

  // TCP and UDP on the same number; port 0: the system chooses.
  Status listen(const ServerOptions& options, net::TlsIdentity identity);
  std::uint16_t port() const { return listener_->local_port(); }

  // Says goodbye, writes what is queued, and stops the loop, after two seconds at the latest.
  void stop(bool failed = false);
  bool failed() const { return failed_; }

 private:
  class Link;

  void send(server::ConnectionId connection, Bytes frame, server::Priority priority) override;
  void close(server::ConnectionId connection) override;
  void pause_reading(server::ConnectionId connection) override;
  void resume_reading(server::ConnectionId connection) override;
  server::Queued queued(server::ConnectionId connection) override;
  void store(store::StoreTask task) override { storage_.submit(std::move(task)); }
  void hash_password(SecretBytes password, std::function<void(Result<std::string>)> then) override;
  void verify_password(SecretBytes password, std::string phc, std::function<void(bool)> then) override;
  server::BlobPort& blobs() override { return blobs_; }

  Status verify_client(const std::vector<Bytes>& chain) const;
  Status open_sockets(const std::string& host, std::uint16_t port);
  void accept(net::Socket socket, const net::SocketAddress& peer);
  void on_datagram(const net::SocketAddress& from, ByteView bytes, TimePoint now);
  net::TlsStream* stream(server::ConnectionId connection);
  void remove(server::ConnectionId connection);
  server::Moment moment() const;
  // Before the core is given anything: its deadlines may change.
  server::Moment touch();
  void on_iteration_end() override {
    core_.end_turn();
    deadline_.arm_at(core_.next_deadline());
  }

  net::Loop& loop_;
  crypto::Certificate ca_;
  std::unordered_map<server::ConnectionId, std::unique_ptr<Link>> links_;
  server::ConnectionId next_id_ = 1;
  std::shared_ptr<const net::TlsContext> tls_;  // shared with the streams
  ice::StunServer stun_;
  net::Timer deadline_;
  net::Timer stop_timer_;
  bool stopping_ = false;
  bool failed_ = false;
  server::Core core_;
  // After the core, so that they end first: their answers call into it.
  StorageThread storage_;
  PasswordThreads passwords_;
  BlobThread blobs_;
  std::unique_ptr<net::TcpListener> listener_;
  std::unique_ptr<net::UdpSocket> udp_;
};

}  // namespace sotto::sottod
