#include "sotto/net/tcp.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "test_net.hpp"

namespace sotto::net {
namespace {

using test::run_until;

struct Dialled {
  std::optional<Result<Socket>> result;
  SocketAddress peer;
};

std::unique_ptr<TcpConnector> dial(Loop& loop, const std::string& host, std::uint16_t port, Dialled& out) {
  return std::make_unique<TcpConnector>(loop, host, port, test::kPatience,
                                        [&out](Result<Socket> socket, const SocketAddress& peer) {
                                          out.result = std::move(socket);
                                          out.peer = peer;
                                        });
}

TEST(Tcp, ConnectsByAddressAndByName) {
  Loop loop;
  int accepted = 0;
  auto listener = TcpListener::open(loop, "127.0.0.1", 0, [&](Socket, const SocketAddress& peer) {
    ++accepted;
    EXPECT_EQ(peer.ip(), "127.0.0.1");
  });
  ASSERT_TRUE(listener);
  ASSERT_NE((*listener)->local_port(), 0);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    Dialled dialled;
    const auto connector = dial(loop, host, (*listener)->local_port(), dialled);
    ASSERT_TRUE(run_until(loop, [&] { return dialled.result.has_value(); }));
    ASSERT_TRUE(dialled.result->ok()) << dialled.result->error().message;
    EXPECT_EQ(dialled.peer.port(), (*listener)->local_port());
  }
  EXPECT_TRUE(run_until(loop, [&] { return accepted == 2; }));
}

TEST(Tcp, ListensOnEveryAddressWhenTheHostIsEmpty) {
  Loop loop;
  int accepted = 0;
  auto listener = TcpListener::open(loop, "", 0, [&](Socket, const SocketAddress& peer) {
    ++accepted;
    EXPECT_EQ(peer.ip(), "127.0.0.1");  // not ::ffff:127.0.0.1
  });
  ASSERT_TRUE(listener);
  Dialled dialled;
  const auto connector = dial(loop, "127.0.0.1", (*listener)->local_port(), dialled);
  EXPECT_TRUE(run_until(loop, [&] { return accepted == 1; }));
}

TEST(Tcp, SaysThatNobodyListens) {
  Loop loop;
  std::uint16_t port = 0;
  {
    auto listener = TcpListener::open(loop, "127.0.0.1", 0, [](Socket, const SocketAddress&) {});
    ASSERT_TRUE(listener);
    port = (*listener)->local_port();
  }
  Dialled dialled;
  const auto connector = dial(loop, "127.0.0.1", port, dialled);
  ASSERT_TRUE(run_until(loop, [&] { return dialled.result.has_value(); }));
  ASSERT_FALSE(dialled.result->ok());
  EXPECT_EQ(dialled.result->error().code, ErrorCode::offline);
  EXPECT_NE(dialled.result->error().message.find("nobody listens"), std::string::npos);
}

TEST(Tcp, SaysThatTheAddressIsInUse) {
  Loop loop;
  auto first = TcpListener::open(loop, "127.0.0.1", 0, [](Socket, const SocketAddress&) {});
  ASSERT_TRUE(first);
  auto second =
      TcpListener::open(loop, "127.0.0.1", (*first)->local_port(), [](Socket, const SocketAddress&) {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("already in use"), std::string::npos);
}

TEST(Tcp, ADestroyedConnectorNeverCallsBack) {
  Loop loop;
  auto listener = TcpListener::open(loop, "127.0.0.1", 0, [](Socket, const SocketAddress&) {});
  ASSERT_TRUE(listener);
  Dialled dialled;
  auto connector = dial(loop, "127.0.0.1", (*listener)->local_port(), dialled);
  auto by_name = dial(loop, "localhost", (*listener)->local_port(), dialled);
  connector.reset();
  by_name.reset();
  for (int i = 0; i < 5; ++i) loop.run_once(std::chrono::milliseconds(10));
  EXPECT_FALSE(dialled.result.has_value());
}

TEST(Tcp, AConnectorMayDestroyItselfInItsCallback) {
  Loop loop;
  auto listener = TcpListener::open(loop, "127.0.0.1", 0, [](Socket, const SocketAddress&) {});
  ASSERT_TRUE(listener);
  std::unique_ptr<TcpConnector> connector;
  bool called = false;
  connector = std::make_unique<TcpConnector>(loop, "127.0.0.1", (*listener)->local_port(), test::kPatience,
                                             [&](Result<Socket> socket, const SocketAddress&) {
                                               EXPECT_TRUE(socket);
                                               connector.reset();
                                               called = true;
                                             });
  EXPECT_TRUE(run_until(loop, [&] { return called; }));
}

TEST(Tcp, AListenerMayDestroyItselfInItsCallback) {
  Loop loop;
  std::unique_ptr<TcpListener> listener;
  bool called = false;
  bool callback_lived_on = false;
  std::weak_ptr<int> of_callback;
  auto held = std::make_shared<int>();
  of_callback = held;
  auto opened =
      TcpListener::open(loop, "127.0.0.1", 0, [&, held = std::move(held)](Socket, const SocketAddress&) {
        called = true;
        listener.reset();
        callback_lived_on = !of_callback.expired();
      });
  ASSERT_TRUE(opened);
  listener = std::move(*opened);
  Dialled dialled;
  const auto connector = dial(loop, "127.0.0.1", listener->local_port(), dialled);
  ASSERT_TRUE(run_until(loop, [&] { return called; }));
  EXPECT_TRUE(callback_lived_on);
  EXPECT_TRUE(of_callback.expired());
}

TEST(Tcp, AListenerWithoutDescriptorsTurnsThePeerAwayAndRecovers) {
  Loop loop;
  std::vector<Socket> accepted;
  auto listener = TcpListener::open(loop, "127.0.0.1", 0, [&](Socket socket, const SocketAddress&) {
    accepted.push_back(std::move(socket));
  });
  ASSERT_TRUE(listener);
  Dialled first;
  const auto connector = dial(loop, "127.0.0.1", (*listener)->local_port(), first);
  // Connected by the kernel, not yet accepted by us.
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  std::vector<Socket> filler;
  const auto exhaust = [&] {
    const rlimit tight{64, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    for (;;) {
      Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
      if (!socket.valid()) break;
      filler.push_back(std::move(socket));
    }
  };
  loop.post([&] { exhaust(); });  // after this iteration's accepts; the next ones find no descriptor
  for (int i = 0; i < 3; ++i) loop.run_once(std::chrono::milliseconds(20));
  filler.clear();
  setrlimit(RLIMIT_NOFILE, &before);
  Dialled second;
  const auto again = dial(loop, "127.0.0.1", (*listener)->local_port(), second);
  EXPECT_TRUE(run_until(loop, [&] { return !accepted.empty() && second.result.has_value(); }));
  EXPECT_EQ(accepted.size(), 1U);
  ASSERT_TRUE(first.result && first.result->ok());
  char byte = 0;
  errno = 0;
  EXPECT_LE(::recv((*first.result)->fd(), &byte, 1, 0), 0);
  EXPECT_NE(errno, EAGAIN);  // closed, not waiting
}

}  // namespace
}  // namespace sotto::net
