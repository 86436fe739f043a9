// How connections end: cleanly, cut, reset, in silence.
#include <sys/epoll.h>
#include <sys/socket.h>

#include "test_identity.hpp"
#include "test_net.hpp"

namespace sotto::net {
namespace {

using test::run_until;
using test::TlsPair;

TEST(TlsClose, IsCleanOnTheOtherSideAndLosesNothing) {
  TlsPair pair;
  pair.connect();
  pair.client.stream->send(Bytes(500'000, 'x'), Priority::urgent);
  pair.client.stream->close();
  pair.client.stream->send(to_bytes("too late"), Priority::urgent);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed && pair.client.closed; }));
  EXPECT_EQ(pair.server.received.size(), 500'000U);
  EXPECT_EQ(pair.server.closed->kind, CloseKind::clean);
  EXPECT_EQ(pair.client.closed->kind, CloseKind::local);
}

TEST(TlsClose, OfBothSidesAtOnceIsFine) {
  TlsPair pair;
  pair.connect();
  pair.client.stream->close();
  pair.server.stream->close();
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed && pair.client.closed; }));
  EXPECT_EQ(pair.client.closed->kind, CloseKind::local);
}

TEST(TlsClose, ByDestructionIsCleanToo) {
  TlsPair pair;
  pair.connect();
  pair.client.stream.reset();
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_EQ(pair.server.closed->kind, CloseKind::clean);
}

TEST(TlsClose, BeforeTheHandshakeEndsAtOnce) {
  TlsPair pair;
  pair.listen();
  Socket keep;
  pair.dial(pair.listener->local_port(), [&](Socket socket) { keep = std::move(socket); });
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.stream != nullptr; }));
  pair.server.stream->close();
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_EQ(pair.server.closed->kind, CloseKind::local);
}

TEST(TlsClose, OfAHandshakeThatDoesNotEndIsATimeout) {
  TlsPair pair;
  pair.listen();
  Socket keep;
  pair.dial(pair.listener->local_port(), [&](Socket socket) { keep = std::move(socket); });
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.stream != nullptr; }));
  pair.server.stream->set_handshake_timeout(std::chrono::milliseconds(1));
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_EQ(pair.server.closed->kind, CloseKind::timeout);
}

// Between client and server: passes the first `limit` bytes that the client sends, then cuts both ways.
class Cutter {
 public:
  Cutter(Loop& loop, std::uint16_t server_port, std::size_t limit, bool reset)
      : loop_(loop), limit_(limit), reset_(reset), to_server_(*this, true), to_client_(*this, false) {
    auto opened =
        TcpListener::open(loop, "127.0.0.1", 0, [this, server_port](Socket socket, const SocketAddress&) {
          client_ = std::move(socket);
          connector_ = std::make_unique<TcpConnector>(loop_, "127.0.0.1", server_port, test::kPatience,
                                                      [this](Result<Socket> server, const SocketAddress&) {
                                                        server_ = std::move(*server);
                                                        loop_.watch(client_.fd(), EPOLLIN, to_server_);
                                                        loop_.watch(server_.fd(), EPOLLIN, to_client_);
                                                        watching_ = true;
                                                        if (limit_ == 0) cut();
                                                      });
        });
    listener_ = std::move(*opened);
  }
  ~Cutter() { cut(); }
  std::uint16_t port() const { return listener_->local_port(); }
  std::size_t passed() const { return passed_; }
  bool is_cut() const { return cut_; }

 private:
  struct Side final : FdHandler {
    Side(Cutter& c, bool up) : cutter(c), upwards(up) {}
    void on_fd_ready(std::uint32_t) override { cutter.pass(upwards); }
    Cutter& cutter;
    bool upwards;
  };

  void pass(bool upwards) {
    const Socket& from = upwards ? client_ : server_;
    const Socket& to = upwards ? server_ : client_;
    std::uint8_t buffer[4096];
    const std::size_t want = upwards ? std::min(sizeof buffer, limit_ - passed_) : sizeof buffer;
    const auto count = ::recv(from.fd(), buffer, want, 0);
    if (count <= 0) return cut();
    EXPECT_EQ(::send(to.fd(), buffer, static_cast<std::size_t>(count), MSG_NOSIGNAL), count);
    if (upwards) passed_ += static_cast<std::size_t>(count);
    if (passed_ >= limit_) cut();
  }
  void cut() {
    if (!watching_) return;
    watching_ = false;
    cut_ = true;
    loop_.unwatch(client_.fd(), to_server_);
    loop_.unwatch(server_.fd(), to_client_);
    if (reset_) {
      const linger hard{1, 0};
      ::setsockopt(server_.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    // Towards the server a plain FIN after what was passed; towards the client likewise.
    server_.close();
    client_.close();
  }

  Loop& loop_;
  std::size_t limit_;
  bool reset_;
  Side to_server_, to_client_;
  std::unique_ptr<TcpListener> listener_;
  std::unique_ptr<TcpConnector> connector_;
  Socket client_, server_;
  std::size_t passed_ = 0;
  bool watching_ = false;
  bool cut_ = false;
};

// Runs one conversation (handshake, 1,000 bytes, clean close) through a cutter; says how many bytes of the
// client's ciphertext were passed.
std::size_t converse(std::size_t limit, bool reset, TlsPair& pair) {
  pair.listen();
  Cutter cutter(pair.loop, pair.listener->local_port(), limit, reset);
  pair.client.then_established = [&] {
    pair.client.stream->send(Bytes(1000, 'x'), Priority::urgent);
    pair.client.stream->close();
  };
  pair.start_client(cutter.port());
  EXPECT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  return cutter.passed();
}

TEST(TlsClose, CutAtAnyByteIsSeenAsCutAndNeverAsCleanOrAsMore) {
  TlsPair whole;
  const std::size_t total = converse(~std::size_t{0}, false, whole);
  ASSERT_EQ(whole.server.closed->kind, CloseKind::clean);
  ASSERT_EQ(whole.server.received.size(), 1000U);
  ASSERT_GT(total, 1000U);
  // Every byte near the interesting borders, every 7th elsewhere: some 250 connections.
  for (std::size_t limit = 0; limit < total;) {
    TlsPair pair;
    const std::size_t passed = converse(limit, false, pair);
    ASSERT_LE(passed, limit);
    EXPECT_EQ(pair.server.closed->kind, CloseKind::truncated) << "cut after " << limit << " of " << total;
    EXPECT_TRUE(pair.server.received.empty() || pair.server.received.size() == 1000U);
    const bool dense = limit < 16 || limit + 64 > total;
    limit += dense ? 1 : 7;
  }
}

TEST(TlsClose, ResetIsSeenAsReset) {
  TlsPair pair;
  pair.listen();
  Cutter cutter(pair.loop, pair.listener->local_port(), 600, true);
  pair.client.then_established = [&] { pair.client.stream->send(Bytes(1000, 'x'), Priority::urgent); };
  pair.start_client(cutter.port());
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_EQ(pair.server.closed->kind, CloseKind::reset);
}

TEST(TlsClose, StillDeliversWhatCameBeforeTheEndWhenSendingFails) {
  TlsPair pair;
  pair.connect();
  // The client's goodbye is in the server's socket when the server wants to send to a closed peer.
  pair.client.stream->send(to_bytes("goodbye"), Priority::urgent);
  pair.client.stream->close();
  pair.loop.run_once(Duration::zero());
  for (int i = 0; i < 4 && !pair.server.closed; ++i) {
    pair.server.stream->send(Bytes(200'000, 'x'), Priority::urgent);
    pair.loop.run_once(std::chrono::milliseconds(10));
  }
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_EQ(as_text(pair.server.received), "goodbye");
  EXPECT_EQ(pair.server.closed->kind, CloseKind::clean);
}

// Past the TLS of one side, into its socket: the other side gets a record that nobody sealed.
void send_forged_record(int fd) {
  Bytes record = {23, 3, 3, 0, 40};
  record.resize(45, 0x5a);
  ASSERT_EQ(::send(fd, record.data(), record.size(), MSG_NOSIGNAL), 45);
}

TEST(TlsClose, AForgedRecordEndsTheConnection) {
  TlsPair pair;
  pair.connect();
  send_forged_record(pair.accepted_fd);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.client.closed.has_value(); }));
  EXPECT_EQ(pair.client.closed->kind, CloseKind::tls_failed);
  EXPECT_EQ(pair.client.closed->error.message, "a record was damaged or forged on the way");
  EXPECT_TRUE(pair.client.received.empty());
}

// The server answers what somebody else sent with an alert. To the client that is no word about its
// certificate.
TEST(TlsClose, AForgedRecordToTheServerIsNoRefusalOfTheClient) {
  TlsPair pair;
  pair.client_options.identity = test::make_identity("device");
  pair.server_options.verify_client = [](const std::vector<Bytes>&) -> Status { return ok_status(); };
  pair.connect();
  send_forged_record(pair.dialed_fd);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.client.closed && pair.server.closed; }));
  EXPECT_EQ(pair.client.closed->kind, CloseKind::tls_failed);
  EXPECT_EQ(pair.server.closed->kind, CloseKind::tls_failed);
}

}  // namespace
}  // namespace sotto::net
