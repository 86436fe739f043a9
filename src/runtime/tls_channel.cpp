#include "tls_channel.hpp"

#include <algorithm>
#include <cstdint>

#include "server_trust.hpp"
#include "sotto/base/log.hpp"
#include "sotto/net/tcp.hpp"
#include "sotto/net/tls_stream.hpp"
#include "sotto/proto/frame.hpp"

namespace sotto::runtime {
namespace {

constexpr std::string_view kAlpn = "sotto/1";
constexpr std::string_view kExporterLabel = "EXPORTER-sotto-identity";
constexpr std::size_t kExporterBytes = 32;
constexpr Duration kConnectTimeout = std::chrono::seconds(10);
// Enough to keep a fast line busy between two iterations, little enough to stop soon after a pause.
constexpr std::size_t kBulkWindow = 2UL * 1024 * 1024;

// RFC 8410 section 7: PrivateKeyInfo of Ed25519 in front of the 32-byte seed.
SecretBytes ed25519_pkcs8(const SecretBytes& seed) {
  static constexpr std::uint8_t kPrefix[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                             0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
  SecretBytes out(sizeof kPrefix + seed.size());
  std::ranges::copy(kPrefix, out.data());
  std::ranges::copy(seed.view(), out.data() + sizeof kPrefix);
  return out;
}

}  // namespace

client::Moment moment_now() { return {net::monotonic_now(), net::wall_now()}; }

// One attempt and, if it succeeds, one connection.
class TlsChannel::Connection final : public net::TlsStream::Handler {
 public:
  Connection(TlsChannel& channel, std::uint64_t serial, client::ChannelTarget target)
      : channel_(channel),
        serial_(serial),
        target_(std::move(target)),
        pin_{target_.ca_certificate, target_.ca_fingerprint},
        has_identity_(!target_.client_chain.empty()) {}

  void start() {
    connector_ = std::make_unique<net::TcpConnector>(
        channel_.loop_, target_.address.host, target_.address.port, kConnectTimeout,
        [this](Result<net::Socket> socket, const net::SocketAddress& peer) {
          on_tcp(std::move(socket), peer);
        });
  }

  void send(Bytes frame, client::Priority priority) {
    if (!stream_ || !established_) return;
    stream_->send(std::move(frame),
                  priority == client::Priority::urgent ? net::Priority::urgent : net::Priority::bulk);
  }
  std::size_t bulk_room() const {
    if (!stream_ || !established_) return 0;
    const std::size_t queued = stream_->queued_bulk_bytes();
    return queued < kBulkWindow ? kBulkWindow - queued : 0;
  }
  std::optional<net::SocketAddress> peer() const {
    return established_ ? std::optional(stream_->peer_address()) : std::nullopt;
  }

  std::uint64_t serial() const { return serial_; }

  // Silent from now on. False: nothing is left to be sent.
  bool retire() {
    retired_ = true;
    connector_.reset();
    if (!stream_ || !established_) return false;
    stream_->close();
    return true;
  }

 private:
  void on_tcp(Result<net::Socket> socket, const net::SocketAddress& peer) {
    if (!socket) return end(fail(ErrorCode::offline, socket.error().message));
    auto context = make_context();
    if (!context) return end(std::move(context).error());
    const std::string name = target_.address.host;
    stream_ =
        net::TlsStream::connect(channel_.loop_, std::move(*context), std::move(*socket), peer, name, *this);
  }

  Result<std::shared_ptr<const net::TlsContext>> make_context() {
    net::TlsContext::Client options;
    options.alpn = kAlpn;
    options.verify_server = [this](const std::vector<Bytes>& chain) -> Status {
      auto ca = check_server_chain(chain, pin_, net::wall_now());
      chain_refused_ = !ca;
      if (!ca) return std::move(ca).error();
      proven_ca_ = std::move(*ca);
      return ok_status();
    };
    if (has_identity_) {
      options.identity.emplace();
      options.identity->chain_der = std::move(target_.client_chain);
      options.identity->key_der = ed25519_pkcs8(target_.client_key);
    }
    return net::TlsContext::make_client(options);
  }

  void on_established(const net::PeerInfo&) override {
    auto exporter = stream_->exporter(kExporterLabel, kExporterBytes);
    if (!exporter) return end(std::move(exporter).error());
    established_ = true;
    client::ServerProof proof{proven_ca_, to_bytes(exporter->view())};
    channel_.events_->on_connected(proof, moment_now());
    channel_.after_();
  }

  void on_bytes(ByteView bytes) override {
    if (retired_) return;
    heard_ = true;
    reader_.feed(bytes);
    // The core may close this connection or open another one within each call.
    while (!retired_) {
      const auto frame = reader_.next();
      if (!frame) break;
      channel_.events_->on_frame(*frame, moment_now());
    }
    if (retired_) return channel_.after_();
    reader_.settle();
    if (reader_.failed())
      return end(fail(ErrorCode::offline, "The server sent something that is not a frame."));
    channel_.after_();
  }

  void on_drained() override {
    if (retired_) return;
    channel_.events_->on_writable(moment_now());
    channel_.after_();
  }

  void on_closed(const net::Closed& closed) override { end(judge(closed)); }

  // The core knows three reasons: their identity, ours, anything else.
  Error judge(const net::Closed& closed) const {
    if (chain_refused_) return closed.error;
    // In TLS 1.3 the refusal of a client certificate arrives after our side of the handshake is done: the
    // server was proven, had our certificate, and answered nothing but an alert about it. Before that, a good
    // chain is no proof: anybody can show it, and follow it with an alert instead of a signature.
    if (closed.kind == net::CloseKind::refused && has_identity_ && established_ && !heard_) {
      return fail(ErrorCode::denied, closed.error.message);
    }
    return fail(ErrorCode::offline, closed.error.message);
  }

  void end(Error error) {
    if (!retired_) {
      retired_ = true;
      established_ = false;
      log::info("connection_closed", {{"code", to_string(error.code)}, {"reason", error.message}});
      channel_.events_->on_closed(error, moment_now());
      channel_.after_();
    }
    channel_.on_gone(serial_);  // destroys this
  }

  TlsChannel& channel_;
  std::uint64_t serial_;
  client::ChannelTarget target_;
  ServerPin pin_;
  bool has_identity_;
  std::unique_ptr<net::TcpConnector> connector_;
  std::unique_ptr<net::TlsStream> stream_;
  proto::FrameReader reader_;
  Bytes proven_ca_;
  bool chain_refused_ = false;
  bool established_ = false;
  bool heard_ = false;    // bytes of the text channel arrived
  bool retired_ = false;  // no event may come from here any more
};

TlsChannel::TlsChannel(net::Loop& loop) : loop_(loop) {}
TlsChannel::~TlsChannel() = default;

void TlsChannel::set_events(client::ChannelEvents& events, std::function<void()> after) {
  events_ = &events;
  after_ = std::move(after);
}

void TlsChannel::connect(client::ChannelTarget target) {
  close();
  current_ = std::make_unique<Connection>(*this, ++last_serial_, std::move(target));
  current_->start();
}

void TlsChannel::send(Bytes frame, client::Priority priority) {
  if (current_) current_->send(std::move(frame), priority);
}

std::size_t TlsChannel::bulk_room() const { return current_ ? current_->bulk_room() : 0; }

void TlsChannel::close() {
  if (!current_) return;
  // It may be the one that is calling: it is destroyed later in either case.
  const bool lingers = current_->retire();
  const std::uint64_t serial = current_->serial();
  closing_.push_back(std::move(current_));
  if (!lingers) {
    loop_.post([this, serial] { on_gone(serial); });
  }
}

void TlsChannel::on_gone(std::uint64_t serial) {
  if (current_ && current_->serial() == serial) {
    current_.reset();
    return;
  }
  std::erase_if(closing_, [serial](const auto& held) { return held->serial() == serial; });
}

std::optional<net::SocketAddress> TlsChannel::peer() const {
  return current_ ? current_->peer() : std::nullopt;
}

bool TlsChannel::is_idle() const { return !current_ && closing_.empty(); }

}  // namespace sotto::runtime
