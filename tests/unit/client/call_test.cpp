// Calls between two clients: states, reasons, keys, items.
#include <gtest/gtest.h>

#include "support/client_world/world.hpp"

namespace sotto::testing {
namespace {

using namespace std::chrono_literals;
using client::CallState;
using client::CallView;
using client::Client;
using client::Done;
using client::EndReason;
using client::MessageKind;

struct CallTest : ::testing::Test {
  CallTest() : world(31), alice(world.add("alice")), bob(world.add("bob")) {
    world.sign_up(alice);
    world.sign_up(bob);
    conversation = world.open_direct(alice, bob);
    alice.send(conversation, "hello");
    world.run_until([&] { return bob.texts(conversation).size() == 1; });
    world.run_for(2s);
    alice.events.clear();
    bob.events.clear();
  }
  Result<CallView> start(Person& person, bool video = true) {
    return world.ask<CallView>(
        person, [&](Client& c, Done<CallView> done) { c.calls_start(conversation, video, std::move(done)); });
  }
  Result<CallView> accept(Person& person, CallId call, bool video = true) {
    return world.ask<CallView>(
        person, [&](Client& c, Done<CallView> done) { c.calls_accept(call, video, std::move(done)); });
  }
  Result<CallView> hang_up(Person& person, CallId call) {
    return world.ask<CallView>(
        person, [&](Client& c, Done<CallView> done) { c.calls_hangup(call, std::move(done)); });
  }
  Result<CallView> decline(Person& person, CallId call) {
    return world.ask<CallView>(
        person, [&](Client& c, Done<CallView> done) { c.calls_decline(call, std::move(done)); });
  }
  CallView view(Person& person) {
    const auto* changed = person.last<client::CallChanged>();
    const auto* incoming = person.last<client::CallIncoming>();
    return changed != nullptr ? changed->call : incoming != nullptr ? incoming->call : CallView{};
  }
  bool reaches(Person& person, CallState state, Duration limit = 60s) {
    return world.run_until([&] { return view(person).state == state && !view(person).id.is_zero(); }, limit);
  }
  void media(Person& person, void (call::MediaObserver::*what)()) {
    person.client->advance_to(world.moment());
    (person.media.newest()->observer->*what)();
  }
  // Ringing at bob.
  CallId ring() {
    const CallId call = start(alice)->id;
    EXPECT_TRUE(world.run_until([&] { return bob.count<client::CallIncoming>() == 1; }, 5s));
    EXPECT_TRUE(world.run_until([&] { return view(alice).peer_ringing; }, 5s));
    return call;
  }
  CallId connect() {
    const CallId call = ring();
    EXPECT_TRUE(accept(bob, call));
    EXPECT_TRUE(
        world.run_until([&] { return bob.media.newest()->started && alice.media.newest()->started; }, 5s));
    return call;
  }
  CallId talk() {
    const CallId call = connect();
    media(alice, &call::MediaObserver::on_connected);
    media(bob, &call::MediaObserver::on_connected);
    EXPECT_EQ(view(alice).state, CallState::active);
    EXPECT_EQ(view(bob).state, CallState::active);
    return call;
  }
  std::vector<client::CallSummary> items(Person& person) {
    std::vector<client::CallSummary> out;
    for (const auto& message : person.history(conversation)) {
      if (message.kind == MessageKind::call) out.push_back(*message.call);
    }
    return out;
  }
  void expect_ended(Person& person, EndReason reason) {
    EXPECT_TRUE(reaches(person, CallState::ended)) << person.name;
    EXPECT_EQ(to_string(view(person).reason), to_string(reason)) << person.name;
    EXPECT_EQ(items(person).size(), 1U) << "one item for one call, at " << person.name;
    if (items(person).size() == 1) {
      EXPECT_EQ(to_string(items(person)[0].reason), to_string(reason)) << person.name;
    }
    world.run_for(1s);
    EXPECT_EQ(person.media.open_sessions(), 0) << person.name;
  }

  World world;
  Person& alice;
  Person& bob;
  ConversationId conversation;
};

TEST_F(CallTest, is_answered_talked_and_hung_up) {
  const CallId call = talk();
  EXPECT_EQ(view(alice).security_code.size(), 6U);
  EXPECT_EQ(view(alice).security_code, view(bob).security_code);
  EXPECT_EQ(alice.media.newest()->send_key, bob.media.newest()->receive_key);
  EXPECT_EQ(alice.media.newest()->receive_key, bob.media.newest()->send_key);
  EXPECT_NE(alice.media.newest()->send_key, alice.media.newest()->receive_key);
  EXPECT_EQ(alice.media.newest()->remote.ufrag, "frag1000");
  EXPECT_TRUE(alice.media.newest()->controlling);
  EXPECT_FALSE(bob.media.newest()->controlling);
  world.run_for(10s);
  EXPECT_GE(alice.count<client::CallStatsUpdated>(), 9);
  ASSERT_TRUE(hang_up(bob, call));
  expect_ended(bob, EndReason::local_hangup);
  expect_ended(alice, EndReason::remote_hangup);
  EXPECT_TRUE(items(alice)[0].answered);
  EXPECT_TRUE(items(alice)[0].outgoing);
  EXPECT_FALSE(items(bob)[0].outgoing);
  EXPECT_NEAR(items(bob)[0].duration_s, 10, 1);
}

TEST_F(CallTest, nothing_of_the_callee_leaves_and_no_session_exists_before_the_accept) {
  ring();
  media(alice, &call::MediaObserver::on_local_candidates_end);
  world.run_for(20s);
  EXPECT_TRUE(bob.media.sessions.empty());
  EXPECT_FALSE(alice.media.newest()->started);
}

TEST_F(CallTest, candidates_of_the_caller_wait_for_the_accept) {
  const CallId call = start(alice)->id;
  alice.client->advance_to(world.moment());
  alice.media.newest()->observer->on_local_candidate("candidate:1 1 udp 1 192.0.2.1 1 typ host");
  world.run_for(2s);
  ASSERT_TRUE(accept(bob, call));
  world.run_for(2s);
  ASSERT_EQ(bob.media.newest()->remote_candidates.size(), 1U);
  bob.client->advance_to(world.moment());
  bob.media.newest()->observer->on_local_candidate("candidate:1 1 udp 1 192.0.2.2 1 typ host");
  world.run_for(2s);
  EXPECT_EQ(alice.media.newest()->remote_candidates.size(), 1U);
}

TEST_F(CallTest, nobody_answers) {
  ring();
  expect_ended(alice, EndReason::no_answer);
  expect_ended(bob, EndReason::no_answer);
  EXPECT_EQ(world.moment().now - TimePoint{} > 45s, true);
  for (const auto& message : bob.history(conversation)) {
    if (message.kind == MessageKind::call) {
      EXPECT_FALSE(message.own);
    }
  }
  EXPECT_EQ(bob.store->unread_count(conversation), 2U) << "the text and the missed call";
}

TEST_F(CallTest, is_declined) {
  const CallId call = ring();
  ASSERT_TRUE(decline(bob, call));
  expect_ended(bob, EndReason::declined);
  expect_ended(alice, EndReason::declined);
}

TEST_F(CallTest, is_cancelled_by_the_caller) {
  const CallId call = ring();
  ASSERT_TRUE(hang_up(alice, call));
  expect_ended(alice, EndReason::cancelled);
  expect_ended(bob, EndReason::cancelled);
}

TEST_F(CallTest, finds_the_other_in_another_call) {
  Person& carol = world.add("carol");
  world.sign_up(carol);
  const ConversationId with_carol = world.open_direct(carol, bob);
  talk();
  bob.events.clear();
  const auto second = world.ask<CallView>(
      carol, [&](Client& c, Done<CallView> done) { c.calls_start(with_carol, false, std::move(done)); });
  ASSERT_TRUE(second);
  EXPECT_TRUE(reaches(carol, CallState::ended));
  EXPECT_EQ(view(carol).reason, EndReason::busy);
  EXPECT_EQ(bob.count<client::CallIncoming>(), 0);
  EXPECT_EQ(bob.media.open_sessions(), 1) << "the running call is not touched";
}

TEST_F(CallTest, without_a_path_ends_after_twenty_seconds) {
  connect();
  expect_ended(alice, EndReason::connect_failed);
  expect_ended(bob, EndReason::connect_failed);
}

TEST_F(CallTest, an_interruption_is_told_and_healed) {
  talk();
  media(alice, &call::MediaObserver::on_interrupted);
  EXPECT_EQ(view(alice).state, CallState::reconnecting);
  world.run_for(10s);
  media(alice, &call::MediaObserver::on_connected);
  EXPECT_EQ(view(alice).state, CallState::active);
  world.run_for(60s);
  EXPECT_EQ(view(alice).state, CallState::active);
}

TEST_F(CallTest, ends_when_the_far_side_vanishes_for_thirty_seconds) {
  talk();
  bob.stop();
  world.run_for(2s);
  media(alice, &call::MediaObserver::on_interrupted);
  world.run_for(29s);
  EXPECT_EQ(view(alice).state, CallState::reconnecting);
  expect_ended(alice, EndReason::connection_lost);
  bob.start();
  world.run_for(10s);
  ASSERT_EQ(items(bob).size(), 1U) << "the call that a crash ended has its item";
  EXPECT_EQ(items(bob)[0].reason, EndReason::connection_lost);
}

TEST_F(CallTest, the_far_side_is_told_when_the_program_comes_back_after_a_crash) {
  talk();
  bob.restart();
  expect_ended(alice, EndReason::connection_lost);
}

TEST_F(CallTest, survives_cuts_of_the_text_channel) {
  const CallId call = talk();
  alice.cut();
  bob.cut();
  world.run_for(30s);
  EXPECT_EQ(view(alice).state, CallState::active);
  ASSERT_TRUE(hang_up(alice, call));
  expect_ended(bob, EndReason::remote_hangup);
}

TEST_F(CallTest, two_who_call_each_other_meet_in_one_call) {
  for (int round = 0; round < 6; ++round) {
    alice.events.clear();
    bob.events.clear();
    alice.client->advance_to(world.moment());
    CallId from_alice, from_bob;
    alice.client->calls_start(conversation, true,
                              [&](const Result<CallView>& view) { from_alice = view->id; });
    bob.client->advance_to(world.moment());
    bob.client->calls_start(conversation, true, [&](const Result<CallView>& view) { from_bob = view->id; });
    ASSERT_TRUE(
        world.run_until([&] { return alice.media.newest()->started && bob.media.newest()->started; }, 20s));
    const CallId winner = std::min(from_alice, from_bob);
    EXPECT_EQ(view(alice).id, winner);
    EXPECT_EQ(view(bob).id, winner);
    EXPECT_EQ(view(alice).security_code, view(bob).security_code);
    ASSERT_TRUE(hang_up(alice, winner));
    world.run_for(2s);
    EXPECT_EQ(items(alice).size(), static_cast<std::size_t>(round) + 1);
    EXPECT_EQ(items(bob).size(), static_cast<std::size_t>(round) + 1);
    EXPECT_EQ(alice.media.open_sessions() + bob.media.open_sessions(), 0);
  }
}

TEST_F(CallTest, an_offer_that_comes_late_is_a_missed_call) {
  bob.stop();
  ASSERT_TRUE(start(alice));
  world.run_for(30s);
  // 30 s later it still rings; 100 s later it does not.
  bob.start();
  ASSERT_TRUE(world.run_until([&] { return bob.count<client::CallIncoming>() == 1; }, 10s));
  world.run_for(60s);
  bob.stop();
  bob.events.clear();
  ASSERT_TRUE(start(alice));
  world.run_for(100s);
  bob.start();
  world.run_for(10s);
  EXPECT_EQ(bob.count<client::CallIncoming>(), 0);
  EXPECT_EQ(items(bob).size(), 2U);
  EXPECT_FALSE(items(bob).back().answered);
}

TEST_F(CallTest, an_offer_that_was_hung_up_already_does_not_ring) {
  bob.stop();
  const CallId call = start(alice)->id;
  world.run_for(2s);
  ASSERT_TRUE(hang_up(alice, call));
  world.run_for(2s);
  bob.start();
  world.run_for(10s);
  EXPECT_EQ(bob.count<client::CallIncoming>(), 0);
  ASSERT_EQ(items(bob).size(), 1U);
  EXPECT_EQ(items(bob)[0].reason, EndReason::cancelled);
}

TEST_F(CallTest, a_device_that_fails_ends_it_with_the_reason) {
  const CallId call = ring();
  bob.media.fail_start = fail(ErrorCode::unavailable, "The codec can't be opened.");
  ASSERT_TRUE(accept(bob, call));
  expect_ended(bob, EndReason::media_failed);
  EXPECT_EQ(view(bob).failure, "The codec can't be opened.");
  EXPECT_TRUE(reaches(alice, CallState::ended));
}

TEST_F(CallTest, mute_and_camera_are_told_to_the_other_side) {
  const CallId call = talk();
  client::Commands::CallSettings settings;
  settings.microphone = false;
  settings.camera = false;
  ASSERT_TRUE(world.ask<CallView>(
      alice, [&](Client& c, Done<CallView> done) { c.calls_set(call, settings, std::move(done)); }));
  EXPECT_FALSE(alice.media.newest()->microphone);
  EXPECT_FALSE(alice.media.newest()->camera);
  EXPECT_TRUE(world.run_until([&] { return !view(bob).peer_microphone && !view(bob).peer_camera; }, 5s));
}

// Else the far side would say "Starting video" for the whole call.
TEST_F(CallTest, a_device_that_is_missing_is_shown_as_off_on_both_sides) {
  talk();
  const auto lose = [&](bool FakeSession::*device) {
    alice.client->advance_to(world.moment());
    alice.media.newest()->*device = false;
    alice.media.newest()->observer->on_device_problem(
        fail(ErrorCode::unavailable, "No camera was found on this computer."));
  };
  lose(&FakeSession::camera);
  EXPECT_EQ(alice.count<client::Notice>(), 1);
  EXPECT_FALSE(view(alice).camera);
  EXPECT_TRUE(view(alice).microphone);
  ASSERT_TRUE(world.run_until([&] { return !view(bob).peer_camera; }, 5s));
  EXPECT_TRUE(view(bob).peer_microphone);
  lose(&FakeSession::microphone);
  EXPECT_FALSE(view(alice).microphone);
  ASSERT_TRUE(world.run_until([&] { return !view(bob).peer_microphone; }, 5s));
  EXPECT_EQ(view(alice).state, CallState::active);
}

TEST_F(CallTest, what_was_switched_off_while_it_rang_is_told_with_the_answer) {
  const CallId call = ring();
  const auto set = [&](Person& person, client::Commands::CallSettings settings) {
    return world.ask<CallView>(
        person, [&](Client& c, Done<CallView> done) { c.calls_set(call, settings, std::move(done)); });
  };
  ASSERT_TRUE(set(alice, {.microphone = false, .camera = false, .speaker = {}}));
  ASSERT_TRUE(set(bob, {.microphone = false, .camera = {}, .speaker = {}}));
  ASSERT_TRUE(accept(bob, call));
  ASSERT_TRUE(world.run_until([&] { return alice.media.newest()->started; }, 5s));
  world.run_for(2s);
  EXPECT_FALSE(alice.media.newest()->microphone);
  EXPECT_FALSE(alice.media.newest()->camera);
  EXPECT_FALSE(view(bob).peer_microphone);
  EXPECT_FALSE(view(bob).peer_camera);
  EXPECT_FALSE(view(alice).peer_microphone);
  EXPECT_TRUE(view(alice).peer_camera);
}

TEST_F(CallTest, two_who_call_each_other_stay_muted) {
  const auto call_muted = [&](Person& person) {
    person.client->advance_to(world.moment());
    person.client->calls_start(conversation, true, [&](const Result<CallView>& call) {
      person.client->calls_set(call->id, {.microphone = false, .camera = {}, .speaker = {}},
                               [](const Result<CallView>&) {});
    });
  };
  call_muted(alice);
  call_muted(bob);
  ASSERT_TRUE(
      world.run_until([&] { return alice.media.newest()->started && bob.media.newest()->started; }, 20s));
  world.run_for(2s);
  for (Person* person : {&alice, &bob}) {
    EXPECT_FALSE(person->media.newest()->microphone) << person->name;
    EXPECT_FALSE(view(*person).microphone) << person->name;
    EXPECT_FALSE(view(*person).peer_microphone) << person->name;
  }
}

TEST_F(CallTest, signing_out_hangs_up_and_leaves_no_call_behind) {
  talk();
  const auto out =
      world.ask<Unit>(alice, [&](Client& c, Done<Unit> done) { c.account_logout(std::move(done)); });
  ASSERT_TRUE(out);
  EXPECT_EQ(view(alice).state, CallState::ended);
  EXPECT_EQ(alice.media.open_sessions(), 0);
  EXPECT_TRUE(reaches(bob, CallState::ended, 5s));
  EXPECT_EQ(view(bob).reason, EndReason::remote_hangup);
}

// The server turned the device away while it talked; the user signs out then.
TEST_F(CallTest, a_device_that_was_turned_away_has_no_call_after_signing_out) {
  talk();
  Person& elsewhere = world.add("alice");
  ASSERT_TRUE(world.ask<client::AccountView>(elsewhere, [&](Client& c, Done<client::AccountView> done) {
    client::LoginParams params;
    params.server = world.server.invite_link();
    params.username = "alice";
    params.password = SecretBytes::from_text("password of alice");
    params.replace_device = true;
    c.account_login(std::move(params), std::move(done));
  }));
  world.run_for(5s);
  ASSERT_EQ(alice.connection.code, ErrorCode::denied);
  ASSERT_EQ(view(alice).state, CallState::active);
  ASSERT_TRUE(world.ask<Unit>(alice, [&](Client& c, Done<Unit> done) { c.account_logout(std::move(done)); }));
  EXPECT_EQ(view(alice).state, CallState::ended);
  EXPECT_EQ(alice.media.open_sessions(), 0);
}

TEST_F(CallTest, a_program_that_closes_hangs_up) {
  talk();
  bob.client->shutdown(world.moment());
  world.run_for(1s);
  EXPECT_EQ(bob.media.open_sessions(), 0);
  bob.restart();
  EXPECT_TRUE(reaches(alice, CallState::ended));
}

}  // namespace
}  // namespace sotto::testing
