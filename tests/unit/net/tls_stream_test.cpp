#include <sys/ioctl.h>
#include <sys/socket.h>

#include "test_net.hpp"

namespace sotto::net {
namespace {

using test::run_until;
using test::TlsPair;

Bytes pattern(std::size_t size, std::uint8_t seed) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(seed + i * 31 + (i >> 8));
  return out;
}

TEST(TlsStream, CarriesFramesOfEverySizeInOrder) {
  TlsPair pair;
  pair.connect();
  Bytes expected;
  for (const std::size_t size : {1U, 2U, 100U, 16383U, 16384U, 16385U, 65536U, 300000U, 0U, 7U}) {
    const Bytes frame = pattern(size, static_cast<std::uint8_t>(size));
    append(expected, frame);
    pair.client.stream->send(frame, Priority::urgent);
  }
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() >= expected.size(); }));
  EXPECT_EQ(pair.server.received, expected);
  EXPECT_EQ(pair.client.stream->queued_bytes(), 0U);
}

TEST(TlsStream, SendsWhatWasQueuedBeforeTheHandshake) {
  TlsPair pair;
  pair.listen();
  auto context = TlsContext::make_client(pair.client_options);
  ASSERT_TRUE(context);
  pair.dial(pair.listener->local_port(), [&](Socket socket) {
    pair.client.stream = TlsStream::connect(pair.loop, *context, std::move(socket), {}, "", pair.client);
    pair.client.stream->send(to_bytes("early"), Priority::urgent);
  });
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() == 5; }));
  EXPECT_EQ(as_text(pair.server.received), "early");
}

TEST(TlsStream, GathersSmallFramesOfAnIterationIntoOneRecord) {
  TlsPair pair;
  pair.connect();
  int calls = 0;
  pair.server.then_bytes = [&] { ++calls; };
  for (int i = 0; i < 100; ++i) pair.client.stream->send(pattern(100, 1), Priority::urgent);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() == 10000; }));
  EXPECT_EQ(calls, 1);
}

TEST(TlsStream, FillsItsRecordsAgainAfterASmallFrame) {
  TlsPair pair;
  pair.connect();
  pair.client.stream->send(pattern(100, 1), Priority::urgent);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() == 100; }));
  pair.server.stream->pause_reading();
  constexpr std::size_t kRecords = 4;
  constexpr std::size_t kSealed = 5 + 16384 + 1 + 16;  // RFC 8446 section 5.2
  pair.client.stream->send(pattern(kRecords * 16384, 2), Priority::urgent);
  Bytes wire(kRecords * kSealed);
  ASSERT_TRUE(run_until(pair.loop, [&] {
    return ::recv(pair.accepted_fd, wire.data(), wire.size(), MSG_PEEK | MSG_DONTWAIT) ==
           static_cast<ssize_t>(wire.size());
  }));
  for (std::size_t i = 0; i < kRecords; ++i) {
    const std::uint8_t* header = &wire[i * kSealed];
    EXPECT_EQ(5U + (std::size_t{header[3]} << 8 | header[4]), kSealed) << "record " << i;
  }
  pair.server.stream->resume_reading();
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() == 100 + kRecords * 16384; }));
}

TEST(TlsStream, CarriesMegabytesBothWaysAtOnceThroughOnDrained) {
  TlsPair pair;
  pair.connect();
  constexpr std::size_t kTotal = 8 * 1024 * 1024;
  constexpr std::size_t kChunk = 100 * 1000;
  const auto pump = [&](test::Recorder& side, std::size_t& sent) {
    while (sent < kTotal && side.stream->queued_bulk_bytes() < 3 * kChunk) {
      const std::size_t size = std::min(kChunk, kTotal - sent);
      side.stream->send(pattern(size, static_cast<std::uint8_t>(sent / kChunk)), Priority::bulk);
      sent += size;
    }
  };
  std::size_t up = 0;
  std::size_t down = 0;
  pair.client.then_drained = [&] { pump(pair.client, up); };
  pair.server.then_drained = [&] { pump(pair.server, down); };
  pump(pair.client, up);
  pump(pair.server, down);
  ASSERT_TRUE(run_until(pair.loop, [&] {
    return pair.client.received.size() == kTotal && pair.server.received.size() == kTotal;
  }));
  for (const auto* side : {&pair.client, &pair.server}) {
    Bytes expected;
    for (std::size_t at = 0; at < kTotal; at += kChunk) {
      append(expected, pattern(std::min(kChunk, kTotal - at), static_cast<std::uint8_t>(at / kChunk)));
    }
    EXPECT_TRUE(side->received == expected);
  }
}

TEST(TlsStream, LetsAnUrgentFrameOvertakeABulkBacklog) {
  TlsPair pair;
  pair.connect();
  constexpr std::size_t kChunk = 128 * 1024;
  // The peer stops reading until the backlog stands, as a slow link would.
  pair.client.stream->pause_reading();
  for (int i = 0; i < 40; ++i) pair.server.stream->send(Bytes(kChunk, 'b'), Priority::bulk);
  std::size_t before = ~std::size_t{0};
  ASSERT_TRUE(run_until(pair.loop, [&] {  // until the kernel takes no more
    const std::size_t now = pair.server.stream->queued_bulk_bytes();
    return std::exchange(before, now) == now;
  }));
  ASSERT_GT(pair.server.stream->queued_bulk_bytes(), 8 * kChunk);
  int unsent = 0;
  ::ioctl(pair.accepted_fd, 0x894B /* SIOCOUTQNSD */, &unsent);
  int unread = 0;
  ::ioctl(pair.accepted_fd, TIOCOUTQ, &unread);
  const std::size_t handed_over = 40 * kChunk - pair.server.stream->queued_bulk_bytes();
  pair.server.stream->send(Bytes(1000, 'u'), Priority::urgent);
  pair.client.stream->resume_reading();
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.client.received.size() == 40 * kChunk + 1000; }));
  const auto at = std::find(pair.client.received.begin(), pair.client.received.end(), 'u');
  const auto position = static_cast<std::size_t>(at - pair.client.received.begin());
  // Never inside another frame, and only the begun bulk frame came between.
  EXPECT_EQ(position % kChunk, 0U);
  EXPECT_LE(position, handed_over + kChunk);
  EXPECT_TRUE(std::all_of(at, at + 1000, [](std::uint8_t c) { return c == 'u'; }));
  // What the kernel held unsent is bounded by the low-water mark and one batch.
  EXPECT_LE(static_cast<std::size_t>(unsent), kNotSentLowWater + 2 * kBatchBytes);
}

TEST(TlsStream, CutsAPeerThatDoesNotRead) {
  TlsPair pair;
  pair.connect();
  pair.client.stream->pause_reading();
  const Bytes frame(256 * 1024, 'x');
  for (int i = 0; i < 200 && !pair.server.closed; ++i) {
    pair.server.stream->send(frame, Priority::urgent);
    pair.loop.run_once(Duration::zero());
    EXPECT_LE(pair.server.stream->queued_bytes(), kMaxQueuedBytes);
  }
  ASSERT_TRUE(pair.server.closed);
  EXPECT_EQ(pair.server.closed->kind, CloseKind::too_slow);
}

TEST(TlsStream, PausedReadingHoldsBytesBackAndLosesNone) {
  TlsPair pair;
  pair.connect();
  constexpr std::size_t kTotal = 3 * 1024 * 1024;
  const Bytes all = pattern(kTotal, 9);
  // Pause after every delivery; resume a little later.
  int pauses = 0;
  pair.server.then_bytes = [&] {
    ++pauses;
    pair.server.stream->pause_reading();
  };
  pair.client.stream->send(all, Priority::bulk);
  std::size_t last = 0;
  ASSERT_TRUE(run_until(pair.loop, [&] {
    // Nothing arrives while paused.
    if (pair.server.received.size() > last) {
      last = pair.server.received.size();
      for (int i = 0; i < 3; ++i) pair.loop.run_once(Duration::zero());
      EXPECT_EQ(pair.server.received.size(), last);
      pair.server.stream->resume_reading();
    }
    return last == kTotal;
  }));
  EXPECT_GT(pauses, 10);
  EXPECT_TRUE(pair.server.received == all);
}

TEST(TlsStream, ResumedWithinTheSameCallbackGoesOn) {
  TlsPair pair;
  pair.connect();
  const Bytes all = pattern(1024 * 1024, 3);
  pair.server.then_bytes = [&] {
    pair.server.stream->pause_reading();
    pair.server.stream->resume_reading();
  };
  pair.client.stream->send(all, Priority::urgent);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.received.size() == all.size(); }));
  EXPECT_TRUE(pair.server.received == all);
}

TEST(TlsStream, AnswersWithinTheCallback) {
  TlsPair pair;
  pair.connect();
  int rounds = 0;
  pair.server.then_bytes = [&] {
    pair.server.stream->send(std::exchange(pair.server.received, {}), Priority::urgent);
  };
  pair.client.then_bytes = [&] {
    if (++rounds < 500) pair.client.stream->send(std::exchange(pair.client.received, {}), Priority::urgent);
  };
  pair.client.stream->send(to_bytes("ball"), Priority::urgent);
  EXPECT_TRUE(run_until(pair.loop, [&] { return rounds == 500; }));
}

// Each callback destroys the stream it belongs to; the sanitizers watch.
TEST(TlsStream, MayBeDestroyedInEveryCallback) {
  for (int which = 0; which < 4; ++which) {
    SCOPED_TRACE(which);
    TlsPair pair;
    bool destroyed = false;
    const auto destroy = [&] {
      pair.server.stream.reset();
      destroyed = true;
    };
    if (which == 0) pair.server.then_established = destroy;
    if (which == 1) pair.server.then_bytes = destroy;
    if (which == 2) pair.server.then_drained = destroy;
    if (which == 3) pair.server.then_closed = destroy;
    pair.listen();
    pair.start_client(pair.listener->local_port());
    ASSERT_TRUE(run_until(pair.loop, [&] { return pair.client.up() && (pair.server.up() || destroyed); }));
    pair.client.stream->send(Bytes(100000, 'x'), Priority::urgent);
    if (which == 2) pair.server.stream->send(Bytes(1000, 'x'), Priority::bulk);
    if (which == 3) pair.client.stream->close();
    ASSERT_TRUE(run_until(pair.loop, [&] { return destroyed && pair.client.closed; }));
    EXPECT_EQ(pair.server.stream, nullptr);
  }
}

TEST(TlsStream, MayDestroyAnotherStreamInACallback) {
  TlsPair pair;
  pair.connect();
  // Both streams of the pair live on this thread and share its buffers.
  pair.server.then_bytes = [&] { pair.client.stream.reset(); };
  pair.client.stream->send(Bytes(50000, 'x'), Priority::urgent);
  ASSERT_TRUE(run_until(pair.loop, [&] { return pair.server.closed.has_value(); }));
  EXPECT_FALSE(pair.server.received.empty());
}

}  // namespace
}  // namespace sotto::net
