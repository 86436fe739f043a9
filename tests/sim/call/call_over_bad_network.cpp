#include <gtest/gtest.h>

#include "sim/call/party.hpp"

namespace sotto::sim {
namespace {

double ms(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

void expect_rising_and_correct(const Call& call) {
  for (std::size_t i = 0; i < call.callee.shown.size(); ++i) {
    const Shown& picture = call.callee.shown[i];
    EXPECT_EQ(picture.timestamp, call.caller.timestamps[picture.index]) << "both sides name a picture alike";
    if (i == 0) continue;
    EXPECT_GT(picture.index, call.callee.shown[i - 1].index);
  }
}

TEST(CallSim, on_a_clean_network_shows_every_picture_and_plays_every_sound_at_once) {
  Call call({.delay = 20ms});
  call.run_for(20s);
  EXPECT_GE(call.callee.shown.size(), 598u);
  EXPECT_EQ(call.callee.undecodable, 0u);
  expect_rising_and_correct(call);
  const auto delays = call.picture_delays();
  EXPECT_LT(ms(delays[delays.size() / 2]), 24);
  EXPECT_LT(ms(delays.back()), 45) << "key frames included";
  const auto sound = call.callee.receiver.stats();
  EXPECT_EQ(sound.concealed_samples, 0u);
  EXPECT_GE(ms(sound.delay), 5);
  EXPECT_LE(ms(sound.delay), 40);
  EXPECT_GT(call.callee.blocks_played, 1980u);
  EXPECT_EQ(call.caller.connections, std::vector{CallEngine::Connection::connected});
  const auto stats = call.caller.engine.stats(call.now);
  EXPECT_NEAR(stats.rtt_ms, 40, 3);
  EXPECT_EQ(stats.loss_out, 0);
  EXPECT_NEAR(stats.video_out.fps, 30, 1);
  EXPECT_NEAR(stats.video_in.fps, 30, 1);
  EXPECT_EQ(stats.video_in.freezes, 0u);
  EXPECT_EQ(stats.rejected_packets, 0u);
  EXPECT_GT(stats.bitrate_out, 1'400'000);
  EXPECT_GT(stats.target_bitrate, 1'500'000) << "a clean path lets the rate rise";
}

TEST(CallSim, reordering_and_duplicates_lose_nothing) {
  Call call({.delay = 20ms, .jitter = 12ms, .duplicates = 0.05});
  call.run_for(20s);
  EXPECT_EQ(call.callee.undecodable, 0u);
  EXPECT_GE(call.callee.shown.size(), 590u);
  expect_rising_and_correct(call);
  EXPECT_LT(static_cast<double>(call.callee.receiver.stats().concealed_samples), 48000 * 20 * 0.01);
}

TEST(CallSim, jitter_makes_the_sound_patient_and_a_calm_network_quick_again) {
  Call call({.delay = 20ms});
  call.run_for(5s);
  const Duration calm = call.callee.receiver.stats().target;
  call.forward.settings.jitter = 80ms;
  call.run_for(20s);
  const auto stormy = call.callee.receiver.stats();
  EXPECT_GT(ms(stormy.target), 60);
  EXPECT_LT(ms(stormy.target), 110);
  EXPECT_NEAR(ms(stormy.delay), ms(stormy.target), 25);
  const auto before = stormy.concealed_samples;
  call.run_for(10s);
  EXPECT_LT(static_cast<double>(call.callee.receiver.stats().concealed_samples - before), 48000 * 10 * 0.06);
  call.forward.settings.jitter = {};
  call.run_for(60s);
  EXPECT_LE(ms(call.callee.receiver.stats().target), ms(calm) + 4);
  EXPECT_LT(ms(call.callee.receiver.stats().delay), 45);
}

TEST(CallSim, after_a_loss_the_picture_returns_with_a_key_frame_within_two_round_trips) {
  Call call({.delay = 40ms});
  call.run_for(5s);
  const auto keys = call.caller.key_frames_made;
  call.forward.settings.loss = 1;
  call.run_for(100ms);
  call.forward.settings.loss = 0;
  const TimePoint healed = call.now;
  call.run_for(2s);
  EXPECT_EQ(call.caller.key_frames_made, keys + 1);
  EXPECT_EQ(call.callee.undecodable, 0u) << "damage is never handed to the decoder";
  const auto first_after = std::find_if(call.callee.shown.begin(), call.callee.shown.end(),
                                        [&](const Shown& picture) { return picture.when > healed + 40ms; });
  ASSERT_NE(first_after, call.callee.shown.end());
  EXPECT_LT(ms(first_after->when - healed), 250);
  expect_rising_and_correct(call);
}

TEST(CallSim, constant_loss_lowers_the_rate_and_never_shows_damage) {
  Call call({.delay = 20ms, .jitter = 10ms, .loss = 0.1}, 5);
  call.run_for(30s);
  EXPECT_EQ(call.callee.undecodable, 0u);
  expect_rising_and_correct(call);
  EXPECT_LT(call.caller.bitrate, 400'000);
  EXPECT_GT(call.callee.shown.size(), 60u) << "without repair of losses there is no more";
  const auto stats = call.caller.engine.stats(call.now);
  EXPECT_NEAR(stats.loss_out, 0.1, 0.08);
  EXPECT_GT(call.callee.receiver.stats().recovered, 50u)
      << "single losses of sound are tried from the next packet";
}

TEST(CallSim, a_thin_line_is_found_and_then_used_again_when_it_widens) {
  Call call({.delay = 20ms, .bits_per_second = 600'000});
  call.run_for(40s);
  EXPECT_LT(call.caller.bitrate, 650'000);
  EXPECT_GT(call.caller.bitrate, 150'000);
  call.forward.settings.bits_per_second = 0;
  call.backward.settings.bits_per_second = 0;
  const int narrow = call.caller.bitrate;
  call.run_for(30s);
  EXPECT_GT(call.caller.bitrate, narrow * 2);
}

TEST(CallSim, sound_and_picture_stay_together_when_sound_waits_for_jitter) {
  Call call({.delay = 20ms, .jitter = 5ms});
  call.run_for(5s);
  call.caller.camera = false;
  call.callee.receiver.set_minimum_delay(300ms);  // a sound card that buffers much
  call.run_for(10s);
  call.caller.camera = true;
  call.run_for(10s);
  const auto delays = call.picture_delays(call.now - 3s);
  ASSERT_FALSE(delays.empty());
  const double picture = ms(delays[delays.size() / 2]);
  const double sound = ms(call.callee.receiver.stats().delay) + 20 + 20;  // the path, and a packet's length
  EXPECT_LT(sound - picture, 125) << "ITU-R BT.1359";
  EXPECT_GT(sound - picture, -45);
}

TEST(CallSim, silence_of_the_network_is_told_after_two_seconds_and_the_end_after_thirty) {
  using enum CallEngine::Connection;
  Call call({.delay = 20ms});
  call.run_for(5s);
  call.forward.settings.loss = 1;
  call.run_for(1900ms);
  EXPECT_EQ(call.callee.connections, std::vector{connected});
  call.run_for(300ms);
  EXPECT_EQ(call.callee.connections, (std::vector{connected, interrupted}));
  call.run_for(8s);
  call.forward.settings.loss = 0;
  call.run_for(1s);
  EXPECT_EQ(call.callee.connections, (std::vector{connected, interrupted, connected}));
  EXPECT_GT(call.callee.shown.back().when, call.now - 100ms) << "pictures are back after the outage";
  call.forward.settings.loss = 1;
  call.run_for(31s);
  EXPECT_EQ(call.callee.connections, (std::vector{connected, interrupted, connected, interrupted, lost}));
}

TEST(CallSim, parties_without_camera_and_microphone_are_connected_all_the_same) {
  Call call({.delay = 20ms});
  for (Party* party : {&call.caller, &call.callee}) party->camera = party->microphone = false;
  call.run_for(10s);
  EXPECT_EQ(call.caller.connections, std::vector{CallEngine::Connection::connected});
  EXPECT_EQ(call.callee.connections, std::vector{CallEngine::Connection::connected});
  EXPECT_LT(call.forward.sent, 30u) << "reports only";
}

TEST(CallSim, a_far_side_that_never_answers_is_given_up) {
  Call call({.delay = 20ms, .loss = 1});
  call.run_for(29s);
  EXPECT_TRUE(call.caller.connections.empty());
  call.run_for(2s);
  EXPECT_EQ(call.caller.connections, std::vector{CallEngine::Connection::lost});
}

TEST(CallSim, a_camera_turned_on_in_the_middle_shows_at_once) {
  Call call({.delay = 20ms});
  call.caller.camera = false;
  call.run_for(5s);
  EXPECT_TRUE(call.callee.shown.empty());
  call.caller.camera = true;
  call.run_for(1s);
  EXPECT_GE(call.callee.shown.size(), 28u);
}

TEST(CallSim, sequence_numbers_wrap_many_times_under_loss_and_reordering) {
  Call call({.delay = 20ms, .jitter = 15ms, .loss = 0.02}, 9);
  call.caller.bitrate = 1'500'000;
  call.run_for(2000s);  // sound alone makes 50 packets a second, so both kinds wrap
  EXPECT_GT(call.forward.sent, 160'000u);
  EXPECT_EQ(call.callee.undecodable, 0u);
  EXPECT_EQ(call.callee.engine.stats(call.now).rejected_packets, 0u);
  EXPECT_GT(call.callee.shown.back().when, call.now - 2s);
  expect_rising_and_correct(call);
}

}  // namespace
}  // namespace sotto::sim
