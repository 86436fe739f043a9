// What people do with a call, and how each way of ending it is told.
#include <csignal>

#include <algorithm>

#include "harness/pair.hpp"

namespace sotto::e2e {
namespace {

struct CallControl : PairTest {
  CallControl()
      : PairTest({"--microphone", "tone:440", "--camera", "lavfi:testsrc2=size=320x180:rate=15"},
                 {"--microphone", "tone:880", "--camera", "lavfi:testsrc2=size=320x180:rate=15"}) {}

  Json ring(bool video = false) {
    const Json call = alice.expect("calls.start", {{"conversation", conversation}, {"video", video}})["call"];
    bob.wait("call.incoming", [&](const Json& p) { return p["call"] == call; });
    return call;
  }
  static Json wait_state(RpcClient& client, const Json& call, const std::string& state,
                         std::chrono::milliseconds patience = kPatience) {
    return client.wait(
        "call.state", [&](const Json& p) { return p["call"] == call && p["state"] == state; }, patience);
  }
  Json connect(bool video = false) {
    const Json call = ring(video);
    bob.expect("calls.accept", {{"call", call}, {"video", video}});
    wait_state(alice, call, "active");
    wait_state(bob, call, "active");
    return call;
  }
  void expect_end(RpcClient& client, const Json& call, const std::string& reason,
                  std::chrono::milliseconds patience = kPatience) {
    const Json end = wait_state(client, call, "ended", patience);
    if (!end.is_object()) return;  // wait() has failed the test
    EXPECT_EQ(end["reason"], reason) << client.name() << ": " << end;
  }
};

TEST_F(CallControl, the_caller_sees_that_it_rings) {
  const Json call = ring();
  alice.wait("call.state", [&](const Json& p) { return p["call"] == call && p["peer_ringing"] == true; });
}

TEST_F(CallControl, hanging_up_is_told_to_both) {
  const Json call = connect();
  bob.expect("calls.hangup", {{"call", call}});
  expect_end(bob, call, "local_hangup");
  expect_end(alice, call, "remote_hangup");
  // It stands in the conversation afterwards.
  const Json history = alice.expect("messages.history", {{"conversation", conversation}});
  ASSERT_FALSE(history["messages"].empty());
  EXPECT_EQ(history["messages"].back()["kind"], "call");
  EXPECT_EQ(history["messages"].back()["call"]["answered"], true);
}

TEST_F(CallControl, declining_is_told) {
  const Json call = ring();
  bob.expect("calls.decline", {{"call", call}});
  expect_end(alice, call, "declined");
}

TEST_F(CallControl, the_caller_may_give_up_before_the_answer) {
  const Json call = ring();
  alice.expect("calls.hangup", {{"call", call}});
  expect_end(bob, call, "cancelled");
}

TEST_F(CallControl, somebody_in_a_call_is_busy) {
  connect();
  RpcClient carol("carol");
  carol.start();
  carol.register_account(server.invite());
  const std::string with_alice = carol.conversation_with("alice");
  const Json call = carol.expect("calls.start", {{"conversation", with_alice}})["call"];
  expect_end(carol, call, "busy");
  EXPECT_EQ(alice.call("calls.start", {{"conversation", with_alice}}).code(), "conflict");
}

TEST_F(CallControl, muting_and_the_camera_are_shown_to_the_other_side) {
  const Json call = connect(true);
  const auto sees = [&](const char* what, bool on) {
    bob.wait("call.state", [&](const Json& p) { return p["call"] == call && p[what] == on; });
  };
  alice.expect("calls.set", {{"call", call}, {"microphone", false}});
  sees("peer_microphone", false);
  alice.expect("calls.set", {{"call", call}, {"microphone", true}});
  sees("peer_microphone", true);
  alice.expect("calls.set", {{"call", call}, {"camera", false}});
  sees("peer_camera", false);
  alice.expect("calls.set", {{"call", call}, {"camera", true}});
  sees("peer_camera", true);
  // And pictures flow again.
  bob.wait("call.stats", [](const Json& p) { return p["video_in"]["fps"].get<double>() > 5; });
  alice.expect("calls.hangup", {{"call", call}});
  expect_end(bob, call, "remote_hangup");
}

TEST_F(CallControl, a_call_survives_the_death_of_the_server) {
  const Json call = connect();
  server.kill_hard();
  alice.wait("connection.state", [](const Json& p) { return p["state"] == "offline"; });
  alice.forget();
  for (int i = 0; i < 3; ++i) alice.wait("call.stats");
  const Json stats = alice.expect("calls.stats", {{"call", call}});
  EXPECT_GT(stats["bitrate_in"].get<double>(), 1000) << "nothing arrives any more";
  server.start();
  for (RpcClient* client : {&alice, &bob}) {
    client->expect("account.reconnect");
    client->wait_online();
  }
  alice.expect("calls.hangup", {{"call", call}});
  expect_end(bob, call, "remote_hangup");
}

TEST_F(CallControl, the_far_side_vanishing_is_noticed_and_ends_the_call) {
  const Json call = connect();
  bob.kill_hard();
  const auto died = Clock::now();
  wait_state(alice, call, "reconnecting");
  expect_end(alice, call, "connection_lost", std::chrono::milliseconds(90000));
  const double seconds = std::chrono::duration<double>(Clock::now() - died).count();
  EXPECT_GT(seconds, 28) << "given up too early";
  EXPECT_LT(seconds, 45);
}

TEST_F(CallControl, an_outage_of_thirteen_seconds_is_survived) {
  const Json call = connect();
  bob.signal(SIGSTOP);
  wait_state(alice, call, "reconnecting");
  // Statistics come every second: they are the clock.
  alice.forget();
  for (int i = 0; i < 11; ++i) alice.wait("call.stats");
  bob.signal(SIGCONT);
  wait_state(alice, call, "active");
  alice.wait("call.stats", [](const Json& p) { return p["bitrate_in"].get<double>() > 1000; });
  alice.expect("calls.hangup", {{"call", call}});
  expect_end(bob, call, "remote_hangup");
}

TEST_F(CallControl, closing_the_program_hangs_up) {
  const Json call = connect();
  EXPECT_EQ(bob.stop(), 0);
  expect_end(alice, call, "remote_hangup");
}

TEST_F(CallControl, goes_on_without_devices_that_are_missing) {
  RpcClient carol("carol", {"--camera", "v4l2:/dev/video99", "--microphone", "portaudio:no such device",
                            "--speaker", "portaudio:no such device"});
  carol.start();
  carol.register_account(server.invite());
  const std::string with_bob = carol.conversation_with("bob");
  const Json call = carol.expect("calls.start", {{"conversation", with_bob}, {"video", true}})["call"];
  bob.wait("call.incoming");
  bob.expect("calls.accept", {{"call", call}});
  wait_state(carol, call, "active");
  const Json notice = carol.wait("notice");
  EXPECT_TRUE(notice["code"] == "unavailable" || notice["code"] == "not_found") << notice;
  EXPECT_NE(notice["message"].get<std::string>().find(' '), std::string::npos);
  carol.wait("call.stats");
  carol.expect("calls.hangup", {{"call", call}});
  expect_end(bob, call, "remote_hangup");
}

TEST_F(CallControl, devices_can_be_listed_and_chosen) {
  const Json devices = alice.expect("media.devices")["devices"];
  EXPECT_TRUE(std::ranges::any_of(
      devices, [](const Json& d) { return d["id"] == "tone:440" && d["selected"] == true; }));
  alice.expect("media.select", {{"microphone", "tone:600"}});
  EXPECT_EQ(alice.call("media.select", {{"camera", "teapot:"}}).code(), "invalid_argument");
}

}  // namespace
}  // namespace sotto::e2e
