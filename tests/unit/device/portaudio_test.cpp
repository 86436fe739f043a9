// Microphone and speaker through PortAudio, ALSA and a PulseAudio server of the test's own, whose only sound
// card is a null sink: what is played there is what is recorded. Skipped where pulseaudio is not installed.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <numbers>
#include <thread>

#include "sotto/device/clock.hpp"
#include "sotto/device_portaudio/backend.hpp"
#include "support/temp_dir.hpp"

extern char** environ;

// ALSA's plug-ins for JACK and others lose some kilobytes each time they are loaded, and are unloaded when
// the leaks are looked for, so that no suppression can name them.
extern "C" {
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer looks for this name
const char* __asan_default_options();
const char* __asan_default_options() { return "detect_leaks=0"; }
}

namespace sotto::device_portaudio {
namespace {

using media::AudioBlock;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool is_installed(const std::string& program) { return access(("/usr/bin/" + program).c_str(), X_OK) == 0; }

class PulseServer {
 public:
  PulseServer() {
    for (const char* name : {"HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"}) {
      setenv(name, dir_.path().c_str(), 1);
    }
    const std::string script = dir_.file("test.pa");
    std::ofstream(script)
        << "load-module module-native-protocol-unix auth-anonymous=1 socket=" << socket() << "\n"
        << "load-module module-null-sink sink_name=spk rate=48000 channels=2 format=s16le norewinds=1\n"
        << "set-default-sink spk\nset-default-source spk.monitor\n";
    std::vector<std::string> words{"pulseaudio",
                                   "-n",
                                   "-F",
                                   script,
                                   "--daemonize=no",
                                   "--exit-idle-time=-1",
                                   "--use-pid-file=no",
                                   "--realtime=no",
                                   "--high-priority=no",
                                   "--log-target=file:" + dir_.file("log")};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (posix_spawn(&pid_, "/usr/bin/pulseaudio", nullptr, nullptr, arguments.data(), environ) != 0) pid_ = 0;
    const TimePoint patience = device::monotonic_now() + seconds(20);
    struct stat info {};
    while (pid_ != 0 && stat(socket().c_str(), &info) != 0 && device::monotonic_now() < patience) {
      device::sleep_until(device::monotonic_now() + milliseconds(10));
    }
    setenv("PULSE_SERVER", ("unix:" + socket()).c_str(), 1);
  }
  ~PulseServer() { kill_now(); }

  void kill_now() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  std::string socket() const { return dir_.file("native"); }

  test::TempDir dir_;
  pid_t pid_ = 0;
};

class PortAudio : public testing::Test {
 protected:
  void SetUp() override {
    if (!is_installed("pulseaudio")) GTEST_SKIP() << "pulseaudio is not installed";
    server_.emplace();
    factory_.add(make_backend());
  }
  std::optional<PulseServer> server_;
  device::DeviceFactory factory_;
};

class Recorder {
 public:
  void start(device::AudioSource& source) {
    EXPECT_TRUE(source
                    .start(
                        [this](const AudioBlock& block) {
                          const TimePoint now = device::monotonic_now();
                          const std::lock_guard lock(mutex_);
                          blocks.push_back(block);
                          arrived.push_back(now);
                          changed_.notify_all();
                        },
                        [this](const Error& error) { note(error); })
                    .ok());
  }
  void note(const Error& error) {
    const std::lock_guard lock(mutex_);
    problems.push_back(error);
    changed_.notify_all();
  }
  bool wait_for_blocks(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(30), [&] { return blocks.size() >= count || !problems.empty(); });
    return blocks.size() >= count;
  }
  bool wait_for_problem() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(30), [&] { return !problems.empty(); });
  }
  std::vector<AudioBlock> blocks;
  std::vector<TimePoint> arrived;
  std::vector<Error> problems;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Endless sine of 1 kHz: 48 samples a period, so every block is alike.
bool fill_tone(AudioBlock& block) {
  for (std::size_t i = 0; i < block.samples.size(); ++i) {
    block.samples[i] = static_cast<std::int16_t>(
        std::lround(10000 * std::sin(2 * std::numbers::pi * static_cast<double>(i) / 48)));
  }
  return true;
}

double power_at(const std::vector<AudioBlock>& blocks, std::size_t first, double hertz) {
  double re = 0, im = 0;
  std::size_t n = 0;
  for (std::size_t b = first; b < blocks.size(); ++b) {
    for (const std::int16_t sample : blocks[b].samples) {
      const double angle = 2 * std::numbers::pi * hertz * static_cast<double>(n++) / 48000;
      re += sample * std::cos(angle);
      im += sample * std::sin(angle);
    }
  }
  return 2 * std::hypot(re, im) / static_cast<double>(n);
}

TEST_F(PortAudio, records_what_it_plays) {
  auto speaker = factory_.open_speaker("portaudio:");
  auto microphone = factory_.open_microphone("portaudio:");
  ASSERT_TRUE(speaker.ok() && microphone.ok());
  Recorder recorder;
  ASSERT_TRUE((*speaker)->start(fill_tone, [&](const Error& error) { recorder.note(error); }).ok());
  recorder.start(**microphone);
  ASSERT_TRUE(recorder.wait_for_blocks(150))
      << (recorder.problems.empty() ? "nothing" : recorder.problems[0].message);
  const Duration latency = (*speaker)->output_latency();
  (*microphone)->stop();
  (*speaker)->stop();

  EXPECT_NEAR(power_at(recorder.blocks, 50, 1000), 10000, 1500);  // a glitch or two on a busy machine
  EXPECT_LT(power_at(recorder.blocks, 50, 1510), 500);
  EXPECT_GE(latency, milliseconds(20));
  EXPECT_LE(latency, milliseconds(300));
  for (std::size_t i = 1; i < recorder.blocks.size(); ++i) {
    EXPECT_LT(recorder.blocks[i].captured, recorder.arrived[i]);
  }
  const Duration length = recorder.arrived[149] - recorder.arrived[50];
  EXPECT_GT(length, milliseconds(900));  // the card sets the pace
}

TEST_F(PortAudio, lists_the_default_first_and_no_plugins) {
  const device::DeviceList all = factory_.list();
  ASSERT_FALSE(all.microphones.empty());
  ASSERT_FALSE(all.speakers.empty());
  EXPECT_EQ(all.microphones[0].uri, "portaudio:");
  EXPECT_EQ(all.speakers[0].name, "System default");
  for (const auto& entry : all.speakers) EXPECT_EQ(entry.name.find("surround"), std::string::npos);
}

TEST_F(PortAudio, opens_a_device_by_its_name) {
  auto microphone = factory_.open_microphone("portaudio:pulse");
  ASSERT_TRUE(microphone.ok());
  Recorder recorder;
  recorder.start(**microphone);
  EXPECT_TRUE(recorder.wait_for_blocks(3));
}

TEST_F(PortAudio, reports_a_name_that_no_device_has) {
  auto microphone = factory_.open_microphone("portaudio:Golden Ear 3000");
  ASSERT_TRUE(microphone.ok());
  Recorder recorder;
  recorder.start(**microphone);
  ASSERT_TRUE(recorder.wait_for_problem());
  EXPECT_EQ(recorder.problems[0].code, ErrorCode::unavailable);
  EXPECT_EQ(recorder.problems[0].message, "There is no microphone called \"Golden Ear 3000\".");
}

TEST_F(PortAudio, reports_once_that_the_devices_vanished) {
  auto speaker = factory_.open_speaker("portaudio:");
  auto microphone = factory_.open_microphone("portaudio:");
  ASSERT_TRUE(speaker.ok() && microphone.ok());
  Recorder of_speaker, of_microphone;
  ASSERT_TRUE((*speaker)->start(fill_tone, [&](const Error& error) { of_speaker.note(error); }).ok());
  of_microphone.start(**microphone);
  ASSERT_TRUE(of_microphone.wait_for_blocks(5));
  server_->kill_now();
  EXPECT_TRUE(of_microphone.wait_for_problem());
  EXPECT_TRUE(of_speaker.wait_for_problem());
  (*microphone)->stop();
  (*speaker)->stop();
  EXPECT_EQ(of_microphone.problems.size(), 1U);
  EXPECT_EQ(of_speaker.problems.size(), 1U);
  EXPECT_EQ(of_speaker.problems[0].code, ErrorCode::unavailable);
}

TEST_F(PortAudio, stops_in_every_phase_and_opens_again) {
  for (const std::size_t blocks : {std::size_t{0}, std::size_t{1}, std::size_t{20}}) {
    auto microphone = factory_.open_microphone("portaudio:");
    ASSERT_TRUE(microphone.ok());
    Recorder recorder;
    recorder.start(**microphone);
    ASSERT_TRUE(recorder.wait_for_blocks(blocks));
    const TimePoint before = device::monotonic_now();
    (*microphone)->stop();
    RecordProperty("stop_ms_after_" + std::to_string(blocks),
                   std::to_string((device::monotonic_now() - before) / milliseconds(1)));
    const std::size_t count = recorder.blocks.size();
    EXPECT_TRUE(recorder.problems.empty());
    (*microphone)->stop();
    EXPECT_EQ(recorder.blocks.size(), count);
    EXPECT_EQ((*microphone)->start(nullptr, nullptr).error().code, ErrorCode::conflict);
  }
}

TEST(PortAudioWithoutDevices, says_that_there_is_none) {
  setenv("PULSE_SERVER", "unix:/nonexistent", 1);
  device::DeviceFactory factory;
  factory.add(make_backend());
  if (!factory.list().microphones.empty()) GTEST_SKIP() << "this machine has a microphone";
  EXPECT_EQ(factory.open_microphone("").error().message, "No microphone was found on this computer.");
  auto speaker = factory.open_speaker("portaudio:");
  ASSERT_TRUE(speaker.ok());
  Recorder recorder;
  ASSERT_TRUE((*speaker)->start(fill_tone, [&](const Error& error) { recorder.note(error); }).ok());
  ASSERT_TRUE(recorder.wait_for_problem());
  EXPECT_EQ(recorder.problems[0].message, "No speaker was found on this computer.");
}

}  // namespace
}  // namespace sotto::device_portaudio
