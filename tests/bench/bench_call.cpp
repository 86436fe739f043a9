// What a call costs: both ends of a 1280x720 video call with sound, over real ICE on loopback, in this one
// process. The camera is a few pictures drawn before, so that what is measured is the call: encoding,
// packets, encryption, ICE, decoding, Opus.
//
//   bench_call [SECONDS]     default 20; prints one JSON object
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include "bench/bench_support.hpp"
#include "sotto/call/media_session_factory.hpp"
#include "sotto/codec_ffmpeg/h264.hpp"
#include "sotto/codec_opus/opus.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/device/clock.hpp"
#include "sotto/device_file/backend.hpp"
#include "sotto/ice_nice/factory.hpp"
#include "support/queue_executor.hpp"

namespace {

using namespace sotto;
using namespace std::chrono_literals;

// A dim room with texture, a bright disc that wanders, and the noise of a sensor.
std::vector<std::shared_ptr<media::VideoFrame>> draw_pictures(int count, int width, int height) {
  std::vector<std::shared_ptr<media::VideoFrame>> pictures;
  SeededRandom random(1);
  for (int index = 0; index < count; ++index) {
    const auto picture = media::make_video_frame(width, height);
    const int centre_x = width / 2 + (index < count / 2 ? index : count - index) * 6 - count * 3 / 2;
    std::uint64_t bits = 0;
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        if (column % 16 == 0) bits = random.u64();
        const int dx = column - centre_x, dy = row - height / 2;
        const int noise = static_cast<int>(bits >> (column % 16 * 4) & 3);
        const int base =
            dx * dx + dy * dy < 180 * 180 ? 170 + (dx ^ dy) % 16 : 60 + (row / 8 + column / 8) % 32;
        picture->y[static_cast<std::size_t>(row * picture->stride_y + column)] =
            static_cast<std::uint8_t>(base + noise);
      }
    }
    pictures.push_back(picture);
  }
  return pictures;
}

class DrawnCamera final : public device::VideoSource {
 public:
  explicit DrawnCamera(const std::vector<std::shared_ptr<media::VideoFrame>>& pictures)
      : pictures_(pictures) {}
  ~DrawnCamera() override { stop(); }

  Status start(FrameCallback on_frame, device::ProblemCallback) override {
    thread_ = std::thread([this, on_frame = std::move(on_frame)] {
      TimePoint next = device::monotonic_now();
      for (std::size_t i = 0; !stop_; ++i) {
        auto frame = std::make_shared<media::VideoFrame>(*pictures_[i % pictures_.size()]);
        frame->captured = device::monotonic_now();
        on_frame(std::move(frame));
        next += Duration(33'333'333);
        device::sleep_until(next);
      }
    });
    return ok_status();
  }
  void stop() override {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  const std::vector<std::shared_ptr<media::VideoFrame>>& pictures_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class DrawnBackend final : public device::Backend {
 public:
  bool has_camera(std::string_view scheme) const override { return scheme == "drawn"; }
  Result<std::unique_ptr<device::VideoSource>> open_camera(const device::DeviceUri&,
                                                           const device::VideoFormat&) override {
    return std::unique_ptr<device::VideoSource>(std::make_unique<DrawnCamera>(pictures_));
  }

 private:
  std::vector<std::shared_ptr<media::VideoFrame>> pictures_ = draw_pictures(60, 1280, 720);
};

// Camera to display of one direction.
class Latency {
 public:
  void captured(std::uint32_t timestamp, TimePoint when) {
    const std::lock_guard lock(mutex_);
    captured_[timestamp] = when;
  }
  void shown(std::uint32_t timestamp) {
    const TimePoint now = device::monotonic_now();
    const std::lock_guard lock(mutex_);
    if (const auto it = captured_.find(timestamp); it != captured_.end()) delays_.push_back(now - it->second);
  }
  double quantile_ms(double part) {
    const std::lock_guard lock(mutex_);
    if (delays_.empty()) return -1;
    std::sort(delays_.begin(), delays_.end());
    const auto at = static_cast<std::size_t>(part * static_cast<double>(delays_.size() - 1));
    return std::chrono::duration<double, std::milli>(delays_[at]).count();
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return delays_.size();
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    delays_.clear();
  }

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, TimePoint> captured_;
  std::vector<Duration> delays_;
};

class Display final : public call::PictureSink {
 public:
  Display(Latency& own, Latency& far) : own_(own), far_(far) {}
  void on_remote_picture(media::VideoFramePtr frame) override { far_.shown(frame->rtp_timestamp); }
  void on_local_picture(media::VideoFramePtr frame) override {
    own_.captured(frame->rtp_timestamp, frame->captured);
  }

 private:
  Latency& own_;
  Latency& far_;
};

struct End final : call::MediaObserver {
  std::unique_ptr<call::MediaSession> session;
  End* other = nullptr;
  bool connected = false;
  std::string failure;

  void on_local_candidate(const std::string& candidate) override {
    (void)other->session->add_remote_candidate(candidate);
  }
  void on_local_candidates_end() override {}
  void on_connected() override { connected = true; }
  void on_interrupted() override {}
  void on_failed(const Error& error) override { failure = error.message; }
  void on_device_problem(const Error& error) override { failure = error.message; }
};

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
  support::QueueExecutor executor;
  const auto agents = ice_nice::make_agent_factory();
  const auto h264 = codec_ffmpeg::make_h264_codecs();
  const auto opus = codec_opus::make_opus_codecs();
  device::DeviceFactory devices;
  devices.add(std::make_unique<DrawnBackend>());
  devices.add(device_file::make_backend());

  Latency a_to_b, b_to_a;
  Display display_a(a_to_b, b_to_a), display_b(b_to_a, a_to_b);
  const auto make_factory = [&](call::PictureSink& pictures) {
    return call::make_media_session_factory({.agents = *agents,
                                             .ice_options =
                                                 [] {
                                                   ice::Options options;
                                                   options.allow_loopback = true;
                                                   return options;
                                                 },
                                             .devices = devices,
                                             .video = *h264,
                                             .audio = *opus,
                                             .executor = executor,
                                             .now = device::monotonic_now,
                                             .random = crypto::system_random(),
                                             .pictures = &pictures,
                                             .camera = "drawn:",
                                             .microphone = "tone:440",
                                             .speaker = "none"});
  };
  const auto factory_a = make_factory(display_a), factory_b = make_factory(display_b);
  End a, b;
  a.other = &b;
  b.other = &a;
  const CallId call = crypto::system_random().id<CallId>();
  auto made_a = factory_a->create(call, true, a);
  auto made_b = factory_b->create(call, false, b);
  if (!made_a || !made_b) return 1;
  a.session = *std::move(made_a);
  b.session = *std::move(made_b);
  (void)a.session->set_remote_ice(b.session->local_ice());
  (void)b.session->set_remote_ice(a.session->local_ice());

  const auto keys = [](std::uint8_t send, std::uint8_t receive) {
    const auto one = [](std::uint8_t n) {
      return call::SrtpKeys{SecretBytes(Bytes(32, n)), SecretBytes(Bytes(12, n))};
    };
    return call::CallKeys{one(send), one(receive), "000000"};
  };
  if (!a.session->start(keys(1, 2), {.microphone = true, .camera = true}) ||
      !b.session->start(keys(2, 1), {.microphone = true, .camera = true})) {
    return 1;
  }
  const bool connected =
      executor.run_until([&] { return (a.connected && b.connected) || !a.failure.empty(); }, 10s);
  if (!connected || !a.failure.empty() || !b.failure.empty()) {
    std::fprintf(stderr, "not connected: %s %s\n", a.failure.c_str(), b.failure.c_str());
    return 1;
  }
  executor.run_until([] { return false; }, 2s);  // the encoders find their rate
  a_to_b.clear();
  b_to_a.clear();
  bench::Report report("call");
  const double cpu_before = bench::cpu_seconds(getpid());
  const TimePoint begin = device::monotonic_now();
  executor.run_until([] { return false; }, std::chrono::seconds(seconds));
  const double wall = std::chrono::duration<double>(device::monotonic_now() - begin).count();
  const double cpu = bench::cpu_seconds(getpid()) - cpu_before;

  const call::CallStats stats = a.session->stats();
  report.add("cpu_seconds_per_call_minute_both_ends", cpu / wall * 60, "s");
  report.add("frames_per_second_a_to_b", static_cast<double>(a_to_b.count()) / wall, "1/s");
  report.add("frames_per_second_b_to_a", static_cast<double>(b_to_a.count()) / wall, "1/s");
  report.add("camera_to_display_median", a_to_b.quantile_ms(0.5), "ms");
  report.add("camera_to_display_p95", a_to_b.quantile_ms(0.95), "ms");
  report.add("encode", stats.video_out.encode_ms, "ms");
  report.add("decode", stats.video_in.decode_ms, "ms");
  report.add("quantiser", stats.video_out.qp, "qp");
  report.add("bitrate_out", stats.bitrate_out, "bit/s");
  report.add("round_trip", stats.rtt_ms, "ms");
  report.add("picture_buffer", stats.video_in.jitter_buffer_ms, "ms");
  report.add("sound_buffer", stats.audio_in.jitter_buffer_ms, "ms");
  report.add("sound_concealed", stats.audio_in.concealed_ms, "ms");
  report.add("frames_not_encoded", static_cast<double>(stats.video_out.dropped), "1");
  report.add("freezes", static_cast<double>(stats.video_in.freezes), "1");
  report.add("key_frames", static_cast<double>(stats.video_out.key_frames), "1");
  report.print();
  a.session->close();
  b.session->close();
  return 0;
}
