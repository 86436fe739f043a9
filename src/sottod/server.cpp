#include "server.hpp"

#include "sotto/base/log.hpp"
#include "sotto/crypto/identity_chain.hpp"

namespace sotto::sottod {
namespace {

constexpr std::string_view kExporterLabel = "EXPORTER-sotto-identity";
constexpr std::size_t kExporterBytes = 32;
constexpr Duration kStopTimeout = std::chrono::seconds(2);
// Connections whose handshake is not done count too. Each costs some 20 KiB.
constexpr std::size_t kMaxConnections = 100'000;

// The whole IPv4 address, or the /64 of an IPv6 one: what a single customer has.
std::string source_of(const net::SocketAddress& address) {
  const auto bytes = address.ip_bytes();
  const std::size_t size = address.is_ipv6() ? 8 : 4;
  return std::string(as_text(ByteView(bytes.data(), size)));
}

}  // namespace

class Server::Link final : public net::TlsStream::Handler {
 public:
  Link(Server& server, server::ConnectionId id) : server_(server), id_(id) {}

  void start(std::unique_ptr<net::TlsStream> stream) { stream_ = std::move(stream); }
  net::TlsStream* stream() { return stream_.get(); }
  void mark_closing() { closing_ = true; }

 private:
  void on_established(const net::PeerInfo& info) override {
    server::Peer peer;
    peer.source = source_of(info.address);
    if (!info.chain_der.empty()) {
      // The chain was verified in the handshake; here it is only read.
      const Result<crypto::Certificate> device = crypto::Certificate::from_der(info.chain_der[0]);
      const Result<crypto::Certificate> identity = crypto::Certificate::from_der(info.chain_der[1]);
      Result<crypto::DeviceIdentity> claimed = crypto::claimed_device(*device, *identity);
      if (!claimed) return stream_->close();
      peer.identity = *std::move(claimed);
      peer.device_certificate = info.chain_der[0];
    } else if (const Result<SecretBytes> exporter = stream_->exporter(kExporterLabel, kExporterBytes)) {
      peer.exporter = to_bytes(exporter->view());
    }
    known_ = true;
    server_.core_.on_connected(id_, std::move(peer), server_.touch());
  }
  void on_bytes(ByteView bytes) override { server_.core_.on_bytes(id_, bytes, server_.touch()); }
  void on_closed(const net::Closed& closed) override {
    Server& server = server_;
    if (log::enabled(log::Level::debug)) {
      log::debug("connection.closed", {{"connection", id_}, {"why", closed.error.message}});
    }
    if (known_ && !closing_) server.core_.on_disconnected(id_, server.touch());
    server.remove(id_);
  }

  Server& server_;
  server::ConnectionId id_;
  bool known_ = false;    // the core knows it
  bool closing_ = false;  // the core has forgotten it
  std::unique_ptr<net::TlsStream> stream_;
};

Server::Server(net::Loop& loop, server::Config config, std::unique_ptr<store::ServerStore> store,
               store::BlobFiles blobs, crypto::Argon2Params argon2, Random& random)
    : loop_(loop),
      ca_(config.ca),
      stun_(random.u64()),
      deadline_(loop, [this] { core_.on_deadline(touch()); }),
      stop_timer_(loop, [this] { loop_.stop(); }),
      core_(std::move(config), *this, random, moment()),
      storage_(
          loop, std::move(store), [this] { core_.advance(touch()); }, [this] { stop(true); }),
      passwords_(loop, argon2, [this] { core_.advance(touch()); }),
      blobs_(loop, std::move(blobs), [this] { core_.advance(touch()); }) {
  touch();
}

Server::~Server() = default;

server::Moment Server::moment() const { return {net::monotonic_now(), net::wall_now()}; }

server::Moment Server::touch() {
  if (!stopping_) loop_.at_iteration_end(*this);
  return moment();
}

Status Server::listen(const ServerOptions& options, net::TlsIdentity identity) {
  Result<std::shared_ptr<const net::TlsContext>> context =
      net::TlsContext::make_server({std::move(identity), "sotto/1", [this](const std::vector<Bytes>& chain) {
                                      return verify_client(chain);
                                    }});
  if (!context) return std::move(context).error();
  tls_ = *std::move(context);
  // With a port that the system chose, the UDP port of the same number may be somebody else's: choose again.
  Status opened = ok_status();
  for (int attempt = 0; attempt < (options.port == 0 ? 16 : 1); ++attempt) {
    opened = open_sockets(options.host, options.port);
    if (opened) return opened;
  }
  return opened;
}

Status Server::open_sockets(const std::string& host, std::uint16_t port) {
  Result<std::unique_ptr<net::TcpListener>> listener = net::TcpListener::open(
      loop_, host, port,
      [this](net::Socket socket, const net::SocketAddress& peer) { accept(std::move(socket), peer); });
  if (!listener) return std::move(listener).error();
  Result<std::unique_ptr<net::UdpSocket>> udp =
      net::UdpSocket::open(loop_, host, (*listener)->local_port(),
                           [this](const net::SocketAddress& from, ByteView bytes, TimePoint now) {
                             on_datagram(from, bytes, now);
                           });
  if (!udp) return std::move(udp).error();
  listener_ = *std::move(listener);
  udp_ = *std::move(udp);
  return ok_status();
}

// Whether the chain is one of ours. Whether the device is still welcome is the core's to say.
Status Server::verify_client(const std::vector<Bytes>& chain) const {
  if (chain.size() != 2)
    return fail(ErrorCode::untrusted, "A device shows its own and its identity's certificate.");
  const Result<crypto::Certificate> device = crypto::Certificate::from_der(chain[0]);
  if (!device) return device.error();
  const Result<crypto::Certificate> identity = crypto::Certificate::from_der(chain[1]);
  if (!identity) return identity.error();
  const Result<crypto::DeviceIdentity> verified =
      crypto::verify_device_chain(*device, *identity, ca_, net::wall_now());
  if (!verified) return verified.error();
  return ok_status();
}

void Server::accept(net::Socket socket, const net::SocketAddress& peer) {
  if (stopping_ || links_.size() >= kMaxConnections) return;  // closed by the destructor
  const server::ConnectionId id = next_id_++;
  auto link = std::make_unique<Link>(*this, id);
  link->start(net::TlsStream::accept(loop_, tls_, std::move(socket), peer, *link));
  links_.emplace(id, std::move(link));
}

void Server::on_datagram(const net::SocketAddress& from, ByteView bytes, TimePoint now) {
  ice::TransportAddress source;
  source.v6 = from.is_ipv6();
  source.port = from.port();
  std::ranges::copy(from.ip_bytes(), source.ip.begin());
  if (const std::optional<Bytes> reply = stun_.on_datagram(bytes, source, now)) udp_->send(from, *reply);
}

net::TlsStream* Server::stream(server::ConnectionId connection) {
  const auto found = links_.find(connection);
  return found == links_.end() ? nullptr : found->second->stream();
}

void Server::remove(server::ConnectionId connection) {
  links_.erase(connection);
  if (stopping_ && links_.empty()) loop_.stop();
}

void Server::send(server::ConnectionId connection, Bytes frame, server::Priority priority) {
  net::TlsStream* to = stream(connection);
  if (to == nullptr) return;
  to->send(std::move(frame),
           priority == server::Priority::bulk ? net::Priority::bulk : net::Priority::urgent);
}

void Server::close(server::ConnectionId connection) {
  const auto found = links_.find(connection);
  if (found == links_.end()) return;
  found->second->mark_closing();
  found->second->stream()->close();
}

void Server::pause_reading(server::ConnectionId connection) {
  if (net::TlsStream* one = stream(connection)) one->pause_reading();
}

void Server::resume_reading(server::ConnectionId connection) {
  if (net::TlsStream* one = stream(connection)) one->resume_reading();
}

server::Queued Server::queued(server::ConnectionId connection) {
  const net::TlsStream* one = stream(connection);
  if (one == nullptr) return {};
  return {one->queued_bytes() - one->queued_bulk_bytes(), one->queued_bulk_bytes()};
}

void Server::hash_password(SecretBytes password, std::function<void(Result<std::string>)> then) {
  passwords_.hash(std::move(password), std::move(then));
}

void Server::verify_password(SecretBytes password, std::string phc, std::function<void(bool)> then) {
  passwords_.verify(std::move(password), std::move(phc), std::move(then));
}

void Server::stop(bool failed) {
  failed_ = failed_ || failed;
  if (stopping_) return;
  stopping_ = true;
  listener_.reset();
  udp_.reset();
  deadline_.cancel();
  const server::Counts counts = core_.counts();
  log::info("server.stopping", {{"connections", counts.connections}, {"devices", counts.devices_online}});
  core_.shut_down(touch());
  // Those in the middle of a handshake.
  std::vector<server::ConnectionId> rest;
  for (const auto& [id, link] : links_) rest.push_back(id);
  for (const server::ConnectionId id : rest) close(id);
  if (links_.empty()) loop_.stop();
  stop_timer_.arm_after(kStopTimeout);
}

}  // namespace sotto::sottod
