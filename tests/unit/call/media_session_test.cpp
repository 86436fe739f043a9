// The real session with its threads, over fake devices, codecs and a fake path, on one queue.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include "sotto/call/media_session_factory.hpp"
#include "support/queue_executor.hpp"

namespace sotto::call {
namespace {

using namespace std::chrono_literals;

// -- The path: two agents that hand each other datagrams on the queue's thread, like a network would later.
struct FakeAgent final : ice::Agent {
  FakeAgent(ice::Observer& o, support::QueueExecutor& e, std::string name)
      : observer(o), executor(e), ufrag(std::move(name)) {}
  ~FakeAgent() override {
    *alive = nullptr;
    if (peer != nullptr) peer->peer = nullptr;
  }
  std::string local_ufrag() const override { return ufrag; }
  std::string local_password() const override { return ufrag + "-password"; }
  Status set_remote(std::string_view, std::string_view) override { return ok_status(); }
  Status add_remote_candidate(std::string_view candidate) override {
    candidates.emplace_back(candidate);
    return ok_status();
  }
  void remote_candidates_end() override {}
  Status send(ByteView datagram) override {
    ++sent;
    if (peer != nullptr && !peer->closed && !cut) {
      executor.post([target = peer->alive, bytes = to_bytes(datagram)] {
        if (*target != nullptr && !(*target)->closed) (*target)->observer.on_datagram(bytes);
      });
    }
    return ok_status();
  }
  void close() override { closed = true; }

  ice::Observer& observer;
  support::QueueExecutor& executor;
  std::string ufrag;
  FakeAgent* peer = nullptr;
  std::shared_ptr<FakeAgent*> alive = std::make_shared<FakeAgent*>(this);  // shared with datagrams in flight
  std::vector<std::string> candidates;
  int sent = 0;
  bool closed = false, cut = false;
};
struct FakeAgents final : ice::AgentFactory {
  explicit FakeAgents(support::QueueExecutor& e) : executor(e) {}
  Result<std::unique_ptr<ice::Agent>> create(const ice::Options& options, ice::Observer& observer) override {
    auto agent = std::make_unique<FakeAgent>(observer, executor, options.controlling ? "caller" : "callee");
    made.push_back(agent.get());
    observer.on_local_candidate("candidate of " + agent->ufrag);
    observer.on_local_candidates_end();
    return std::unique_ptr<ice::Agent>(std::move(agent));
  }
  void connect() {
    made[0]->peer = made[1];
    made[1]->peer = made[0];
    for (FakeAgent* agent : made) agent->observer.on_state(ice::State::connected, ice::Path::direct);
  }
  support::QueueExecutor& executor;
  std::vector<FakeAgent*> made;
};

// -- Devices that the test drives.
struct DeviceLog {
  std::atomic<int> cameras{0}, microphones{0}, speakers{0};  // open now
  std::atomic<int> opened{0};                                // ever
  std::mutex mutex;
  std::map<std::string, device::VideoSource::FrameCallback> frame_callbacks;
  std::map<std::string, device::AudioSource::BlockCallback> block_callbacks;
  std::map<std::string, device::AudioSink::FillCallback> fill_callbacks;
  std::map<std::string, device::ProblemCallback> problem_callbacks;
};
template <class Base, class Callback>
struct FakeDevice final : Base {
  FakeDevice(std::string device_name, std::atomic<int>& count, std::map<std::string, Callback>& into,
             DeviceLog& device_log)
      : name(std::move(device_name)), open(count), callbacks(into), log(device_log) {}
  ~FakeDevice() override { this->stop(); }
  Status start(Callback callback, device::ProblemCallback on_problem) override {
    const std::lock_guard lock(log.mutex);
    ++open;
    ++log.opened;
    started = true;
    callbacks[name] = std::move(callback);
    log.problem_callbacks[name] = std::move(on_problem);
    return ok_status();
  }
  void stop() override {
    const std::lock_guard lock(log.mutex);
    if (!started) return;
    started = false;
    --open;
    callbacks.erase(name);
  }

  std::string name;
  std::atomic<int>& open;
  std::map<std::string, Callback>& callbacks;
  DeviceLog& log;
  bool started = false;
};
struct FakeSink final : device::AudioSink {
  explicit FakeSink(std::string name, DeviceLog& log)
      : inner(std::move(name), log.speakers, log.fill_callbacks, log) {}
  Status start(FillCallback fill, device::ProblemCallback on_problem) override {
    return inner.start(std::move(fill), std::move(on_problem));
  }
  void stop() override { inner.stop(); }
  Duration output_latency() const override { return 10ms; }
  struct Plain {
    virtual ~Plain() = default;
    virtual Status start(FillCallback, device::ProblemCallback) = 0;
    virtual void stop() = 0;
  };
  FakeDevice<Plain, FillCallback> inner;
};
struct FakeDevices final : device::Backend {
  explicit FakeDevices(DeviceLog& l) : log(l) {}
  bool has_camera(std::string_view scheme) const override { return scheme == "fake"; }
  bool has_microphone(std::string_view scheme) const override { return scheme == "fake"; }
  bool has_speaker(std::string_view scheme) const override { return scheme == "fake"; }
  Result<std::unique_ptr<device::VideoSource>> open_camera(const device::DeviceUri& uri,
                                                           const device::VideoFormat&) override {
    if (uri.rest == "missing") return fail(ErrorCode::unavailable, "there is no such camera");
    return std::unique_ptr<device::VideoSource>(
        std::make_unique<FakeDevice<device::VideoSource, device::VideoSource::FrameCallback>>(
            uri.rest, log.cameras, log.frame_callbacks, log));
  }
  Result<std::unique_ptr<device::AudioSource>> open_microphone(const device::DeviceUri& uri) override {
    return std::unique_ptr<device::AudioSource>(
        std::make_unique<FakeDevice<device::AudioSource, device::AudioSource::BlockCallback>>(
            uri.rest, log.microphones, log.block_callbacks, log));
  }
  Result<std::unique_ptr<device::AudioSink>> open_speaker(const device::DeviceUri& uri) override {
    return std::unique_ptr<device::AudioSink>(std::make_unique<FakeSink>(uri.rest, log));
  }
  DeviceLog& log;
};

// -- Codecs that pass a picture's first sample and size.
struct FakeVideo final : codec::VideoCodecs {
  struct Encoder final : codec::VideoEncoder {
    Result<codec::EncodedFrame> encode(const media::VideoFrame& frame, bool key_frame) override {
      codec::EncodedFrame unit;
      unit.key_frame = first || key_frame;
      first = false;
      unit.data = {0, 0, 0, 1};
      if (unit.key_frame) append(unit.data, *from_hex("67420a0a00000001"));
      append(unit.data, Bytes{0x41, frame.y[0]});
      unit.rtp_timestamp = frame.rtp_timestamp;
      unit.captured = frame.captured;
      unit.width = frame.width;
      unit.height = frame.height;
      return unit;
    }
    void set_bitrate(int) override {}
    bool first = true;
  };
  struct Decoder final : codec::VideoDecoder {
    Result<media::VideoFramePtr> decode(const codec::EncodedFrame& unit) override {
      const auto frame = media::make_video_frame(64, 48);
      frame->y[0] = unit.data.back();
      frame->rtp_timestamp = unit.rtp_timestamp;
      return media::VideoFramePtr(frame);
    }
  };
  Result<std::unique_ptr<codec::VideoEncoder>> make_encoder(const codec::VideoEncoderSettings&) override {
    return std::unique_ptr<codec::VideoEncoder>(std::make_unique<Encoder>());
  }
  Result<std::unique_ptr<codec::VideoDecoder>> make_decoder() override {
    return std::unique_ptr<codec::VideoDecoder>(std::make_unique<Decoder>());
  }
};
struct FakeAudio final : codec::AudioCodecs {
  struct Encoder final : codec::AudioEncoder {
    Result<Bytes> encode(const codec::AudioFrame& samples) override {
      return Bytes{static_cast<std::uint8_t>(samples[0])};
    }
    void set_bitrate(int) override {}
    void set_expected_loss(double) override {}
  };
  struct Decoder final : codec::AudioDecoder {
    Result<codec::AudioFrame> decode(ByteView packet) override {
      codec::AudioFrame frame;
      frame.fill(packet[0]);
      return frame;
    }
    Result<codec::AudioFrame> recover(ByteView next) override { return decode(next); }
    codec::AudioFrame conceal() override { return {}; }
  };
  Result<std::unique_ptr<codec::AudioEncoder>> make_encoder(const codec::AudioEncoderSettings&) override {
    return std::unique_ptr<codec::AudioEncoder>(std::make_unique<Encoder>());
  }
  Result<std::unique_ptr<codec::AudioDecoder>> make_decoder() override {
    return std::unique_ptr<codec::AudioDecoder>(std::make_unique<Decoder>());
  }
};

struct Pictures final : PictureSink {
  void on_remote_picture(media::VideoFramePtr frame) override {
    const std::lock_guard lock(mutex);
    remote.push_back(std::move(frame));
  }
  void on_local_picture(media::VideoFramePtr frame) override {
    const std::lock_guard lock(mutex);
    local.push_back(std::move(frame));
  }
  std::size_t remote_count() {
    const std::lock_guard lock(mutex);
    return remote.size();
  }
  std::mutex mutex;
  std::vector<media::VideoFramePtr> remote, local;
};

struct Observer final : MediaObserver {
  void on_local_candidate(const std::string& candidate) override { candidates.push_back(candidate); }
  void on_local_candidates_end() override { candidates.emplace_back("end"); }
  void on_connected() override {
    ++connected;
    if (when_connected) when_connected();
  }
  void on_interrupted() override { ++interrupted; }
  void on_failed(const Error& error) override { failures.push_back(error.message); }
  void on_device_problem(const Error& error) override { problems.push_back(error.message); }
  std::vector<std::string> candidates, failures, problems;
  int connected = 0, interrupted = 0;
  std::function<void()> when_connected;
};

class MediaSessionTest : public testing::Test {
 protected:
  MediaSessionTest() {
    devices.add(std::make_unique<FakeDevices>(log));
    for (const char* name : {"a", "b"}) {
      const std::string uri = std::string("fake:") + name;
      factories.push_back(make_media_session_factory({.agents = agents,
                                                      .ice_options = {},
                                                      .devices = devices,
                                                      .video = video,
                                                      .audio = audio,
                                                      .executor = executor,
                                                      .now = device::monotonic_now,
                                                      .random = random,
                                                      .pictures = name[0] == 'a' ? &pictures_a : &pictures_b,
                                                      .camera = uri,
                                                      .microphone = uri,
                                                      .speaker = uri}));
    }
    a = *factories[0]->create(call, true, observer_a);
    b = *factories[1]->create(call, false, observer_b);
  }
  ~MediaSessionTest() override {
    a.reset();
    b.reset();
    executor.run_until([] { return false; }, 1ms);
  }

  static CallKeys keys(bool caller) {
    const auto one = [](std::uint8_t n) {
      return SrtpKeys{SecretBytes(Bytes(32, n)), SecretBytes(Bytes(12, n))};
    };
    return {one(caller ? 1 : 2), one(caller ? 2 : 1), "123456"};
  }
  bool until(const std::function<bool()>& done) { return executor.run_until(done, 20s); }
  void settle() {
    executor.run_until([] { return false; }, 20ms);
  }

  void show_picture(const std::string& camera, std::uint8_t value) {
    const auto frame = media::make_video_frame(64, 48);
    frame->y[0] = value;
    frame->captured = device::monotonic_now();
    const std::lock_guard lock(log.mutex);
    if (log.frame_callbacks.contains(camera)) log.frame_callbacks[camera](frame);
  }
  void speak(const std::string& microphone, std::int16_t value,
             TimePoint captured = device::monotonic_now()) {
    media::AudioBlock block;
    block.samples.fill(value);
    block.captured = captured;
    const std::lock_guard lock(log.mutex);
    if (log.block_callbacks.contains(microphone)) log.block_callbacks[microphone](block);
  }
  std::int16_t hear(const std::string& speaker) {
    media::AudioBlock block;
    const std::lock_guard lock(log.mutex);
    return log.fill_callbacks.contains(speaker) && log.fill_callbacks[speaker](block) ? block.samples[100]
                                                                                      : std::int16_t{0};
  }
  // As sound cards do: a block in and a block out every ten milliseconds, and what a busy machine missed at
  // once.
  bool speak_until_heard(const std::string& microphone, const std::string& speaker, std::int16_t value) {
    TimePoint due = device::monotonic_now();
    bool heard = false;
    return until([&] {
      for (; !heard && due <= device::monotonic_now(); due += 10ms) {
        speak(microphone, value, due);
        heard = hear(speaker) == value;
      }
      executor.post_at(due, [] {});  // until() looks again then
      return heard;
    });
  }
  void start_both(const StartOptions& options) {
    ASSERT_TRUE(a->start(keys(true), options));
    ASSERT_TRUE(b->start(keys(false), options));
    agents.connect();
    ASSERT_TRUE(until([&] { return observer_a.connected == 1 && observer_b.connected == 1; }));
  }

  DeviceLog log;
  support::QueueExecutor executor;
  FakeAgents agents{executor};
  device::DeviceFactory devices;
  FakeVideo video;
  FakeAudio audio;
  SeededRandom random{1};
  Pictures pictures_a, pictures_b;
  Observer observer_a, observer_b;
  std::vector<std::unique_ptr<MediaSessionFactory>> factories;
  CallId call = random.id<CallId>();
  std::unique_ptr<MediaSession> a, b;
};

TEST_F(MediaSessionTest, gathers_but_opens_no_device_and_sends_nothing_before_start) {
  EXPECT_TRUE(observer_a.candidates.empty()) << "never from inside a call";
  ASSERT_TRUE(a->set_remote_ice(b->local_ice()));
  ASSERT_TRUE(a->add_remote_candidate("x"));
  agents.connect();
  settle();
  EXPECT_EQ(observer_a.candidates, (std::vector<std::string>{"candidate of caller", "end"}));
  EXPECT_FALSE(a->set_camera(true));
  EXPECT_FALSE(a->set_microphone(true));
  a->set_speaker(true);
  agents.made[0]->observer.on_datagram(Bytes(100, 0x80));
  settle();
  EXPECT_EQ(log.opened, 0);
  EXPECT_EQ(agents.made[0]->sent, 0);
  EXPECT_EQ(observer_a.connected, 0);
}

TEST_F(MediaSessionTest, carries_picture_and_sound_with_one_timestamp_on_both_sides) {
  start_both({.microphone = true, .camera = true});
  int value = 0;
  ASSERT_TRUE(until([&] {
    show_picture("a", static_cast<std::uint8_t>(2 + ++value % 200));
    return pictures_b.remote_count() >= 10;
  }));
  {
    const std::lock_guard lock(pictures_b.mutex);
    const std::lock_guard other(pictures_a.mutex);
    for (const auto& shown : pictures_b.remote) {
      const auto same =
          std::find_if(pictures_a.local.begin(), pictures_a.local.end(),
                       [&](const auto& local) { return local->rtp_timestamp == shown->rtp_timestamp; });
      ASSERT_NE(same, pictures_a.local.end());
      EXPECT_EQ((*same)->y[0], shown->y[0]);
    }
  }
  ASSERT_TRUE(speak_until_heard("a", "b", 77));
  const CallStats stats = a->stats();
  EXPECT_EQ(stats.path, "direct");
  EXPECT_EQ(stats.cipher, "AEAD_AES_256_GCM");
  EXPECT_GT(stats.video_out.frames, 0u);
  EXPECT_EQ(stats.rejected_packets, 0u);
  EXPECT_EQ(b->stats().video_in.width, 64);
}

TEST_F(MediaSessionTest, opens_and_closes_each_device_as_told) {
  start_both({.microphone = false, .camera = false});
  EXPECT_EQ(log.cameras, 0);
  EXPECT_EQ(log.microphones, 0);
  EXPECT_EQ(log.speakers, 2);
  ASSERT_TRUE(a->set_camera(true));
  ASSERT_TRUE(a->set_microphone(true));
  EXPECT_EQ(log.cameras, 1);
  EXPECT_EQ(log.microphones, 1);
  ASSERT_TRUE(a->set_microphone(true)) << "again changes nothing";
  EXPECT_EQ(log.microphones, 1);
  ASSERT_TRUE(a->set_camera(false));
  ASSERT_TRUE(a->set_microphone(false));
  a->set_speaker(false);
  EXPECT_EQ(log.cameras, 0);
  EXPECT_EQ(log.microphones, 0);
  EXPECT_EQ(log.speakers, 1);
  a->set_speaker(true);
  EXPECT_EQ(log.speakers, 2);
  a->close();
  b->close();
  EXPECT_EQ(log.speakers, 0);
}

TEST_F(MediaSessionTest, shows_a_camera_that_was_off_at_once_when_it_is_on_again) {
  start_both({.microphone = false, .camera = true});
  ASSERT_TRUE(until([&] {
    show_picture("a", 9);
    return pictures_b.remote_count() >= 3;
  }));
  ASSERT_TRUE(a->set_camera(false));
  settle();
  const std::size_t before = pictures_b.remote_count();
  ASSERT_TRUE(a->set_camera(true));
  EXPECT_TRUE(until([&] {
    show_picture("a", 10);
    return pictures_b.remote_count() > before + 2;
  }));
}

TEST_F(MediaSessionTest, moves_to_another_device_during_the_call) {
  start_both({.microphone = true, .camera = true});
  ASSERT_TRUE(factories[0]->select("fake:other", "", "fake:other"));
  {
    const std::lock_guard lock(log.mutex);
    EXPECT_TRUE(log.frame_callbacks.contains("other"));
    EXPECT_FALSE(log.frame_callbacks.contains("a"));
    EXPECT_TRUE(log.block_callbacks.contains("a"));
    EXPECT_TRUE(log.fill_callbacks.contains("other"));
  }
  EXPECT_FALSE(factories[0]->select("unknown:x", "fake:third", ""));
  EXPECT_EQ(factories[0]->devices().microphone, "fake:a") << "all or nothing";
}

TEST_F(MediaSessionTest, goes_on_without_a_device_that_is_missing_or_vanishes) {
  ASSERT_TRUE(factories[0]->select("fake:missing", "", ""));
  start_both({.microphone = true, .camera = true});
  ASSERT_EQ(observer_a.problems.size(), 1u);
  EXPECT_EQ(observer_a.problems[0], "opening the camera: there is no such camera");
  EXPECT_TRUE(a->open_devices().microphone);
  EXPECT_FALSE(a->open_devices().camera);
  EXPECT_TRUE(b->open_devices().camera);
  device::ProblemCallback vanish;
  {
    const std::lock_guard lock(log.mutex);
    vanish = log.problem_callbacks["b"];  // the last one started: the camera
  }
  vanish(fail(ErrorCode::unavailable, "the camera was unplugged"));
  ASSERT_TRUE(until([&] { return !observer_b.problems.empty(); }));
  EXPECT_EQ(log.cameras, 0);
  EXPECT_FALSE(b->open_devices().camera);
  EXPECT_TRUE(observer_b.failures.empty());
  speak("a", 5);
  EXPECT_EQ(log.speakers, 2);
}

TEST_F(MediaSessionTest, tells_interruption_and_return) {
  start_both({.microphone = false, .camera = false});
  agents.made[0]->cut = true;
  ASSERT_TRUE(until([&] { return observer_b.interrupted == 1; }));
  agents.made[0]->cut = false;
  ASSERT_TRUE(until([&] { return observer_b.connected == 2; }));
  EXPECT_EQ(observer_a.interrupted, 0);
}

TEST_F(MediaSessionTest, fails_when_there_is_no_path) {
  ASSERT_TRUE(a->start(keys(true), {}));
  agents.made[0]->observer.on_state(ice::State::failed, ice::Path::none);
  ASSERT_TRUE(until([&] { return !observer_a.failures.empty(); }));
  EXPECT_EQ(observer_a.connected, 0);
}

TEST_F(MediaSessionTest, may_be_closed_from_inside_an_observer_call) {
  observer_a.when_connected = [this] { a.reset(); };
  ASSERT_TRUE(a->start(keys(true), {.microphone = true, .camera = true}));
  ASSERT_TRUE(b->start(keys(false), {.microphone = true, .camera = true}));
  agents.connect();
  ASSERT_TRUE(until([&] { return observer_a.connected == 1; }));
  settle();
  EXPECT_EQ(log.cameras, 1);
  EXPECT_EQ(log.microphones, 1);
}

TEST_F(MediaSessionTest, refuses_to_start_twice_or_after_its_end) {
  ASSERT_TRUE(a->start(keys(true), {}));
  EXPECT_EQ(a->start(keys(true), {}).error().code, ErrorCode::conflict);
  a->close();
  EXPECT_EQ(a->start(keys(true), {}).error().code, ErrorCode::conflict);
  EXPECT_FALSE(a->set_remote_ice({"x", "y"}));
  EXPECT_FALSE(a->set_camera(true));
}

TEST_F(MediaSessionTest, shows_nothing_when_the_keys_differ) {
  CallKeys wrong = keys(true);
  wrong.send.key = SecretBytes(Bytes(32, 9));
  ASSERT_TRUE(a->start(std::move(wrong), {.microphone = true, .camera = true}));
  ASSERT_TRUE(b->start(keys(false), {}));
  agents.connect();
  ASSERT_TRUE(until([&] {
    show_picture("a", 5);
    return b->stats().rejected_packets > 20;
  }));
  EXPECT_EQ(pictures_b.remote_count(), 0u);
  EXPECT_EQ(observer_b.connected, 0);
}

}  // namespace
}  // namespace sotto::call
