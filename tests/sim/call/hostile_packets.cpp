// What an attacker on the path, or beside it, can and cannot do.
#include <gtest/gtest.h>

#include "sim/call/party.hpp"
#include "sotto/rtp/packet.hpp"

namespace sotto::sim {
namespace {

TEST(HostilePackets, another_key_shows_nothing_connects_nothing_and_is_counted) {
  Call call({.delay = 20ms}, 1, 2);
  call.run_for(10s);
  EXPECT_TRUE(call.callee.shown.empty());
  EXPECT_TRUE(call.callee.connections.empty());
  EXPECT_EQ(call.callee.blocks_played, 0u);
  EXPECT_GT(call.callee.engine.stats(call.now).rejected_packets, 500u);
  EXPECT_EQ(call.caller.key_frames_made, 1u) << "forged reports are not obeyed";
}

TEST(HostilePackets, replayed_seconds_are_not_shown_or_heard_twice) {
  Call call({.delay = 20ms});
  call.caller.record = true;
  call.run_for(5s);
  const auto recorded = call.caller.transmitted;
  const auto shown = call.callee.shown.size();
  const auto rejected = call.callee.engine.stats(call.now).rejected_packets;
  for (const Bytes& datagram : recorded) call.callee.receive(datagram, call.now, call.backward);
  EXPECT_LE(call.callee.shown.size(), shown + 1) << "at most what was still in flight";
  EXPECT_GT(call.callee.engine.stats(call.now).rejected_packets, rejected + recorded.size() - 20);
  call.run_for(2s);
  EXPECT_EQ(call.callee.undecodable, 0u);
  EXPECT_GE(call.callee.shown.size(), shown + 58);
}

TEST(HostilePackets, a_flood_of_forged_and_random_datagrams_changes_nothing_but_a_counter) {
  Call plain({.delay = 20ms});
  Call flooded({.delay = 20ms});
  flooded.caller.record = true;
  SeededRandom random(42);
  for (int i = 0; i < 500; ++i) {
    plain.run_for(10ms);
    flooded.run_for(10ms);
    for (int j = 0; j < 10; ++j) {
      Bytes datagram = random.bytes(random.below(300));
      if (!flooded.caller.transmitted.empty()) {
        const Bytes& real = flooded.caller.transmitted[random.below(flooded.caller.transmitted.size())];
        if (j % 3 == 0) {
          datagram = real;
          datagram[random.below(datagram.size())] ^= 0x10;
        } else if (j % 3 == 1) {  // a packet far ahead, to poison the rollover counter
          datagram = real;
          datagram[2] ^= 0x80;
        }
      }
      flooded.callee.receive(datagram, flooded.now, flooded.backward);
    }
  }
  ASSERT_EQ(plain.callee.shown.size(), flooded.callee.shown.size());
  for (std::size_t i = 0; i < plain.callee.shown.size(); ++i) {
    EXPECT_EQ(plain.callee.shown[i].index, flooded.callee.shown[i].index);
    EXPECT_EQ(plain.callee.shown[i].when, flooded.callee.shown[i].when);
  }
  EXPECT_EQ(plain.callee.blocks_played, flooded.callee.blocks_played);
  EXPECT_EQ(plain.backward.sent, flooded.backward.sent) << "no packet is answered that is not authentic";
  EXPECT_EQ(flooded.callee.engine.stats(flooded.now).rejected_packets, 5000u);
}

TEST(HostilePackets, forged_packets_do_not_keep_a_dead_call_alive) {
  Call call({.delay = 20ms});
  call.run_for(2s);
  call.forward.settings.loss = 1;
  SeededRandom random(1);
  for (int i = 0; i < 350; ++i) {
    call.run_for(100ms);
    call.callee.receive(random.bytes(200), call.now, call.backward);
  }
  EXPECT_EQ(call.callee.connections.back(), CallEngine::Connection::lost);
}

TEST(HostilePackets, nothing_that_is_sent_can_be_read_without_the_key) {
  Call call({.delay = 20ms});
  call.caller.record = true;
  call.run_for(3s);
  for (const Bytes& datagram : call.caller.transmitted) {
    EXPECT_LE(datagram.size(), call::kMaxMediaDatagram);
    // The fake pictures are filled with 0x77 and the fake sound with 0x55.
    EXPECT_EQ(to_hex(datagram).find("7777777777777777"), std::string::npos);
    EXPECT_EQ(to_hex(datagram).find("5555555555555555"), std::string::npos);
    // No header extension and no CSRC: both would be readable.
    if (rtp::classify(datagram) != rtp::Kind::rtp) continue;
    EXPECT_EQ(datagram[0], 0x80);
  }
}

TEST(HostilePackets, both_directions_never_share_a_key) {
  SeededRandom random(1);
  CallKeys keys = keys_of(true);
  keys.receive = {keys.send.key.copy(), keys.send.salt.copy()};
  EXPECT_FALSE(CallEngine::create(std::move(keys), random, TimePoint(1s)));
}

}  // namespace
}  // namespace sotto::sim
