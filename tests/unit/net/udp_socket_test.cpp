#include "sotto/net/udp_socket.hpp"

#include <gtest/gtest.h>

#include "test_net.hpp"

namespace sotto::net {
namespace {

using test::run_until;

TEST(UdpSocket, ReceivesBatchesInOrderAndKnowsTheSender) {
  Loop loop;
  std::vector<int> got;
  SocketAddress from;
  auto receiver =
      UdpSocket::open(loop, "127.0.0.1", 0, [&](const SocketAddress& sender, ByteView bytes, TimePoint) {
        from = sender;
        ASSERT_EQ(bytes.size(), 1200U);
        got.push_back(bytes[0]);
      });
  auto sender = UdpSocket::open(loop, "127.0.0.1", 0, [](const SocketAddress&, ByteView, TimePoint) {});
  ASSERT_TRUE(receiver && sender);
  const auto to = SocketAddress::from_ip("127.0.0.1", (*receiver)->local_port());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE((*sender)->send(*to, Bytes(1200, static_cast<std::uint8_t>(i))));
  ASSERT_TRUE(run_until(loop, [&] { return got.size() == 100; }));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(from.port(), (*sender)->local_port());
}

TEST(UdpSocket, OnEveryAddressTalksIpv4AndDropsWhatIsTooLong) {
  Loop loop;
  int got = 0;
  std::unique_ptr<UdpSocket> both;
  auto opened = UdpSocket::open(loop, "", 0, [&](const SocketAddress& from, ByteView bytes, TimePoint) {
    EXPECT_EQ(from.ip(), "127.0.0.1");
    EXPECT_TRUE(both->send(from, bytes));
    ++got;
  });
  ASSERT_TRUE(opened);
  both = std::move(*opened);
  int echoed = 0;
  auto client =
      UdpSocket::open(loop, "127.0.0.1", 0, [&](const SocketAddress&, ByteView, TimePoint) { ++echoed; });
  ASSERT_TRUE(client);
  const auto to = SocketAddress::from_ip("127.0.0.1", both->local_port());
  EXPECT_TRUE((*client)->send(*to, Bytes(kMaxDatagramBytes + 1, 1)));
  EXPECT_TRUE((*client)->send(*to, Bytes(10, 1)));
  ASSERT_TRUE(run_until(loop, [&] { return echoed == 1; }));
  EXPECT_EQ(got, 1);
  EXPECT_EQ(both->dropped(), 1U);
}

TEST(UdpSocket, MayBeDestroyedWhileItDelivers) {
  Loop loop;
  std::unique_ptr<UdpSocket> socket;
  int got = 0;
  bool callback_lived_on = false;
  std::weak_ptr<int> of_callback;
  auto held = std::make_shared<int>();
  of_callback = held;
  auto opened = UdpSocket::open(loop, "127.0.0.1", 0,
                                [&, held = std::move(held)](const SocketAddress&, ByteView, TimePoint) {
                                  ++got;
                                  socket.reset();
                                  callback_lived_on = !of_callback.expired();
                                });
  ASSERT_TRUE(opened);
  socket = std::move(*opened);
  const auto to = SocketAddress::from_ip("127.0.0.1", socket->local_port());
  for (int i = 0; i < 5; ++i) socket->send(*to, Bytes(10, 1));
  ASSERT_TRUE(run_until(loop, [&] { return got > 0; }));
  loop.run_once(Duration::zero());
  EXPECT_EQ(got, 1);
  EXPECT_TRUE(callback_lived_on);
  EXPECT_TRUE(of_callback.expired());
}

}  // namespace
}  // namespace sotto::net
