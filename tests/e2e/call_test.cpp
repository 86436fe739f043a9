// A call of twenty seconds between two real programs, judged from outside: by the logs, pictures and sound
// that it left behind and by the packets that passed.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "harness/rpc_client.hpp"
#include "harness/server.hpp"
#include "support/call_tools/capture_check.hpp"
#include "support/call_tools/loopback_capture.hpp"
#include "support/call_tools/numbered_picture.hpp"
#include "support/call_tools/timing.hpp"
#include "support/call_tools/tone.hpp"

namespace sotto::e2e {
namespace {

constexpr int kSeconds = 20;
constexpr int kPictures = 90;  // three seconds of film, looped
constexpr int kFps = 30;

// Twenty seconds of 720p are 830 MB for each side: memory, where there is a memory file system, so that a
// slow disk is not measured.
class Workspace {
 public:
  Workspace() {
    std::error_code error;
    const auto shared = std::filesystem::space("/dev/shm", error);
    const bool roomy = !error && shared.available > (std::uintmax_t{3} << 30);
    path_ = (roomy ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()).string() +
            "/sotto-call-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no scratch folder");
  }
  ~Workspace() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct Side {
  Side(const std::string& name, const Workspace& space, int hertz)
      : tone(hertz),
        camera_log(space.file(name + ".camera.log")),
        microphone_log(space.file(name + ".microphone.log")),
        pictures(space.file(name + ".y4m")),
        sound(space.file(name + ".wav")),
        client(name, {"--camera", "file:" + space.file("film.y4m"), "--microphone",
                      "tone:" + std::to_string(hertz), "--speaker", "file:" + sound, "--video-sink",
                      "file:" + pictures, "--camera-log", camera_log, "--microphone-log", microphone_log}) {}

  int tone;
  std::string camera_log, microphone_log, pictures, sound;
  RpcClient client;
};

RpcClient::Test state_is(const Json& call, const std::string& state) {
  return [call, state](const Json& p) {
    return p["call"] == call && (p["state"] == state || p["state"] == "ended");
  };
}

void check_latency(const std::string& what, const std::string& captured_log, const std::string& shown_log,
                   double median_below) {
  const auto captured = test::read_timing_log(captured_log);
  const auto shown = test::read_timing_log(shown_log);
  ASSERT_TRUE(captured) << captured.error().message;
  ASSERT_TRUE(shown) << shown.error().message;
  const auto report = test::measure_latency(*captured, *shown);
  std::cout << what << ": " << test::lines_per_second(*shown) << " a second, latency median "
            << report.median_ms << " ms, p95 " << report.p95_ms << " ms, longest gap "
            << test::longest_gap_ms(*shown) << " ms\n";
  EXPECT_GT(report.joined, report.shown / 2) << "timestamps are not the same on both sides";
  EXPECT_LT(report.median_ms, median_below) << what;
}

void check_picture_flow(const Side& from, const Side& to) {
  const std::string what = from.client.name() + " to " + to.client.name();
  SCOPED_TRACE(what);
  check_latency("video " + what, from.camera_log, to.pictures + ".log", 150);
  const auto shown = test::read_timing_log(to.pictures + ".log");
  ASSERT_TRUE(shown);
  EXPECT_GE(test::lines_per_second(*shown), 28);
  EXPECT_GE(shown->size(), static_cast<std::size_t>(28 * (kSeconds - 2)));

  const auto numbers = test::read_numbers(to.pictures);
  ASSERT_TRUE(numbers) << numbers.error().message;
  const auto report = test::check_numbers(*numbers, kPictures);
  std::cout << "pictures " << what << ": " << report.pictures << ", skipped " << report.skipped << "\n";
  EXPECT_EQ(report.unreadable, 0u);
  EXPECT_EQ(report.repeats, 0u);
  EXPECT_EQ(report.backwards, 0u);
}

void check_sound(const Side& from, const Side& to) {
  const std::string what = from.client.name() + " to " + to.client.name();
  SCOPED_TRACE(what);
  const auto tone = test::find_tone_in_wav(to.sound);
  ASSERT_TRUE(tone) << tone.error().message;
  std::cout << "tone " << what << ": " << tone->hertz << " Hz, share " << tone->share << "\n";
  EXPECT_NEAR(tone->hertz, from.tone, from.tone / 100.0);
  EXPECT_GT(tone->share, 0.9);
  check_latency("sound " + what, from.microphone_log, to.sound + ".log", 200);
}

TEST(Call, of_twenty_seconds_shows_and_sounds_right_and_nothing_is_in_the_clear) {
  const Workspace space;
  ASSERT_TRUE(test::write_numbered_y4m(space.file("film.y4m"), kPictures, 1280, 720, kFps));
  Server server;
  Side alice("alice", space, 440), bob("robert", space, 1000);
  const std::string link = server.invite(2);
  for (Side* side : {&alice, &bob}) {
    side->client.start();
    side->client.register_account(link);
  }
  const std::string conversation = alice.client.conversation_with("robert");
  auto capture = test::LoopbackCapture::start();

  const Json call =
      alice.client.expect("calls.start", {{"conversation", conversation}, {"video", true}})["call"];
  const Json incoming = bob.client.wait("call.incoming");
  EXPECT_EQ(incoming["call"], call);
  EXPECT_EQ(incoming["from"]["username"], "alice");
  EXPECT_EQ(incoming["video"], true);
  EXPECT_TRUE(read_file(bob.camera_log).empty()) << "the camera opened before the call was accepted";
  EXPECT_TRUE(read_file(alice.camera_log).empty());
  bob.client.expect("calls.accept", {{"call", call}, {"video", true}});
  const Json at_alice = alice.client.wait("call.state", state_is(call, "active"));
  const Json at_bob = bob.client.wait("call.state", state_is(call, "active"));
  ASSERT_EQ(at_alice["state"], "active") << at_alice;
  ASSERT_EQ(at_bob["state"], "active") << at_bob;
  EXPECT_EQ(at_alice["security_code"], at_bob["security_code"]);
  EXPECT_EQ(at_alice["security_code"].get<std::string>().size(), 6u);

  // Statistics come every second: they are the clock.
  const auto begun = Clock::now();
  Json last;
  for (int i = 0; i < kSeconds; ++i) {
    last = alice.client.wait("call.stats");
    if (!last.is_object()) break;
  }
  bob.client.wait("call.stats");
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  EXPECT_NEAR(seconds, kSeconds, 3);
  EXPECT_EQ(last["cipher"], "AEAD_AES_256_GCM");
  EXPECT_EQ(last["path"], "direct");
  EXPECT_EQ(last["video_in"]["width"], 1280);
  EXPECT_EQ(last["rejected_packets"], 0);
  std::cout << "statistics at the end: " << last.dump() << "\n";

  alice.client.expect("calls.hangup", {{"call", call}});
  EXPECT_EQ(alice.client.wait("call.state", state_is(call, "ended"))["reason"], "local_hangup");
  EXPECT_EQ(bob.client.wait("call.state", state_is(call, "ended"))["reason"], "remote_hangup");
  EXPECT_EQ(alice.client.stop(), 0);
  EXPECT_EQ(bob.client.stop(), 0);

  check_picture_flow(alice, bob);
  check_picture_flow(bob, alice);
  check_sound(alice, bob);
  check_sound(bob, alice);

  if (!capture) {
    GTEST_SKIP() << "the packets were not looked at: " << capture.error().message;
  }
  const auto report = test::inspect_capture((*capture)->stop(), {}, {"alice", "robert"});
  std::cout << "captured: " << report.rtp << " RTP, " << report.rtcp << " RTCP, entropy "
            << report.payload_entropy << " bits a byte, regularity " << report.worst_regularity << "\n";
  const Status good = test::verdict(report);
  EXPECT_TRUE(good) << good.error().message;
  EXPECT_GT(report.rtp, 2000u);
}

}  // namespace
}  // namespace sotto::e2e
