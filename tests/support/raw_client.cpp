#include "support/raw_client.hpp"

#include <algorithm>
#include <stdexcept>

#include "sotto/crypto/identity_chain.hpp"

namespace sotto::test {
namespace {

constexpr Duration kConnectTimeout = std::chrono::seconds(30);

Status pinned(const std::vector<Bytes>& chain, const Bytes& fingerprint) {
  if (chain.size() < 2) return fail(ErrorCode::untrusted, "the server did not show its CA");
  auto leaf = crypto::Certificate::from_der(chain.front());
  auto ca = crypto::Certificate::from_der(chain.back());
  if (!leaf || !ca) return fail(ErrorCode::untrusted, "the server's certificates cannot be read");
  const auto found = ca->spki_fingerprint();
  if (!equal(found, fingerprint)) return fail(ErrorCode::untrusted, "another CA");
  return crypto::verify_server_certificate(*leaf, *ca, net::wall_now());
}

}  // namespace

std::shared_ptr<const net::TlsContext> raw_context(const proto::InviteLink& server,
                                                   std::string_view chain_pem, std::string_view key_pem) {
  net::TlsContext::Client options;
  options.alpn = "sotto/1";
  options.verify_server = [fingerprint = server.ca_fingerprint](const std::vector<Bytes>& chain) {
    return pinned(chain, fingerprint);
  };
  if (!chain_pem.empty()) {
    auto identity = net::tls_identity_from_pem(chain_pem, key_pem);
    if (!identity) throw std::runtime_error(identity.error().message);
    options.identity = std::move(*identity);
  }
  auto context = net::TlsContext::make_client(options);
  if (!context) throw std::runtime_error(context.error().message);
  return *context;
}

RawClient::RawClient(net::Loop& loop, const proto::InviteLink& server) : loop_(loop), server_(server) {}

RawClient::~RawClient() {
  if (destroyed_) *destroyed_ = true;
}

void RawClient::connect(const RawAccount* account, std::function<void(Status)> then) {
  on_connected_ = std::move(then);
  connector_ = std::make_unique<net::TcpConnector>(
      loop_, server_.host, server_.port, kConnectTimeout,
      [this, account](Result<net::Socket> socket, const net::SocketAddress& peer) {
        if (!socket) return finish_connecting(std::move(socket).error());
        auto context = account ? account->context : raw_context(server_);
        stream_ = net::TlsStream::connect(loop_, std::move(context), std::move(*socket), peer, "", *this);
        stream_->set_handshake_timeout(std::chrono::seconds(60));  // a benchmark may keep the machine busy
      });
}

void RawClient::finish_connecting(Status status) {
  if (!on_connected_) return;
  const auto then = std::exchange(on_connected_, nullptr);
  then(std::move(status));
}

void RawClient::on_established(const net::PeerInfo&) {
  proto::Envelope envelope;
  envelope.mutable_hello()->set_protocol(1);
  envelope.mutable_hello()->set_client_version("raw");
  request(envelope, net::Priority::urgent, [this](Result<proto::Envelope> reply) {
    if (!reply) return finish_connecting(std::move(reply).error());
    hello_ = reply->hello_reply();
    finish_connecting(ok_status());
  });
}

void RawClient::request(proto::Envelope& envelope, net::Priority priority, Answer then) {
  request(
      [&](std::uint64_t id) {
        envelope.set_id(id);
        return proto::to_frame(envelope);
      },
      priority, std::move(then));
}

void RawClient::request(const std::function<Result<Bytes>(std::uint64_t id)>& make_frame,
                        net::Priority priority, Answer then) {
  if (closed_ || !stream_) return then(fail(ErrorCode::offline, "not connected"));
  const std::uint64_t id = next_id_++;
  auto frame = make_frame(id);
  if (!frame) return then(std::move(frame).error());
  waiting_.emplace(id, std::move(then));
  stream_->send(std::move(*frame), priority);
}

Result<proto::Envelope> RawClient::ask(proto::Envelope& envelope) {
  std::optional<Result<proto::Envelope>> got;
  request(envelope, net::Priority::urgent, [&](Result<proto::Envelope> reply) { got = std::move(reply); });
  while (!got) loop_.run_once(std::chrono::milliseconds(100));
  return std::move(*got);
}

void RawClient::on_bytes(ByteView bytes) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  reader_.feed(bytes);
  while (auto frame = reader_.next()) {
    auto envelope = proto::parse_envelope(*frame);
    if (!envelope) throw std::runtime_error("the server sent what cannot be parsed");
    if (envelope->id() == 0) {
      if (on_push) on_push(*envelope);
    } else if (auto node = waiting_.extract(envelope->id()); !node.empty()) {
      if (envelope->has_error()) {
        const auto code = error_code_from(envelope->error().code()).value_or(ErrorCode::internal);
        node.mapped()(fail(code, envelope->error().message()));
      } else {
        node.mapped()(std::move(*envelope));
      }
    } else {
      throw std::runtime_error("the server answered what nobody asked");
    }
    if (destroyed) return;
  }
  destroyed_ = nullptr;
  reader_.settle();
}

void RawClient::on_drained() {
  if (on_drained_bulk) on_drained_bulk();
}

void RawClient::on_closed(const net::Closed& closed) {
  closed_ = closed;
  bool destroyed = false;
  destroyed_ = &destroyed;
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& [id, answer] : waiting) {
    answer(closed.error);
    if (destroyed) return;
  }
  finish_connecting(closed.error);
  if (destroyed) return;
  destroyed_ = nullptr;
  if (on_closed_by_server) on_closed_by_server(closed);
}

}  // namespace sotto::test
