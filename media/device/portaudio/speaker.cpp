#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "audio_devices.hpp"
#include "pa_stream.hpp"
#include "sample_blocks.hpp"
#include "sotto/base/log.hpp"
#include "sotto/device/clock.hpp"
#include "wake_up.hpp"

namespace sotto::device_portaudio {
namespace {

// How many blocks our thread keeps ready for the callback: each is 10 ms of latency. One more after every
// time the callback found none, because this machine then needs it.
constexpr int kLeastAhead = 2;
constexpr int kMostAhead = 8;

class Speaker final : public device::AudioSink {
 public:
  explicit Speaker(std::string name) : name_(std::move(name)) {}
  ~Speaker() override { stop(); }

  Status start(FillCallback fill, device::ProblemCallback on_problem) override {
    if (thread_.joinable() || stopping_) return fail(ErrorCode::conflict, "The device was started before.");
    fill_ = std::move(fill);
    on_problem_ = std::move(on_problem);
    thread_ = std::thread([this] { run(); });
    return ok_status();
  }
  void stop() override {
    stopping_ = true;
    wake_up_.post();
    if (thread_.joinable()) thread_.join();
  }
  Duration output_latency() const override {
    return Duration(host_latency_.load()) + media::kBlockDuration * ahead_.load();
  }

 private:
  // PortAudio's thread. Allocates, locks and logs nothing.
  static int on_samples(const void*, void* output, unsigned long frames, const PaStreamCallbackTimeInfo*,
                        PaStreamCallbackFlags flags, void* user) {
    auto* me = static_cast<Speaker*>(user);
    const int missed = me->pourer_->pour(static_cast<std::int16_t*>(output), frames);
    if (missed > 0) me->missed_.fetch_add(missed, std::memory_order_relaxed);
    if ((flags & paOutputUnderflow) != 0) me->underflows_.fetch_add(1, std::memory_order_relaxed);
    me->called_.store(true, std::memory_order_relaxed);
    me->wake_up_.post();
    return paContinue;
  }

  void run() {
    pthread_setname_np(pthread_self(), "speaker");
    if (Status ended = play(); !ended && !stopping_) {
      log::warning("speaker.failed", {{"code", to_string(ended.error().code)}});
      if (on_problem_) on_problem_(ended.error());
    }
    log::debug("speaker.closed", {{"missed_blocks", missed_.load()}, {"underflows", underflows_.load()}});
  }

  void top_up() {
    while (!stopping_ && ring_.size() < static_cast<std::size_t>(ahead_.load())) {
      media::AudioBlock block;
      if (!fill_(block)) block.samples.fill(0);
      ring_.push(block);
    }
  }

  Status play() {
    auto stream = PaStreamOwner::open(Direction::output, name_, &Speaker::on_samples, this);
    if (!stream) return std::move(stream).error();
    pourer_.emplace(ring_, (*stream)->channels());
    host_latency_ = (*stream)->latency().count();
    top_up();
    if (Status started = (*stream)->start(); !started) return started;
    TimePoint last_call = device::monotonic_now();
    int missed_before = 0;
    while (!stopping_) {
      top_up();
      wake_up_.wait_for(kLookAround);
      if (const int missed = missed_.load(std::memory_order_relaxed); missed != missed_before) {
        missed_before = missed;
        ahead_ = std::min(ahead_.load() + 1, kMostAhead);
      }
      const TimePoint now = device::monotonic_now();
      const bool called = called_.exchange(false, std::memory_order_relaxed);
      if (called) last_call = now;
      if (!called && !stopping_ && (now - last_call > kSilentForGood || !(*stream)->is_active())) {
        return fail(ErrorCode::unavailable, "The speaker was unplugged or has stopped working.");
      }
    }
    return ok_status();
  }

  // Given to us.
  const std::string name_;
  FillCallback fill_;
  device::ProblemCallback on_problem_;

  BlockRing ring_{kMostAhead};
  std::optional<BlockPourer> pourer_;  // made before the stream starts, used by its callback
  WakeUp wake_up_;
  std::atomic<bool> stopping_{false}, called_{false};
  std::atomic<int> ahead_{kLeastAhead}, missed_{0}, underflows_{0};
  std::atomic<std::int64_t> host_latency_{0};  // ns
  std::thread thread_;
};

}  // namespace

std::unique_ptr<device::AudioSink> make_speaker(const std::string& name) {
  return std::make_unique<Speaker>(name);
}

}  // namespace sotto::device_portaudio
