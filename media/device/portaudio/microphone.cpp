#include <pthread.h>

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

constexpr std::size_t kRingBlocks = 32;  // 320 ms: what our thread may be late on a busy machine

class Microphone final : public device::AudioSource {
 public:
  explicit Microphone(std::string name) : name_(std::move(name)) {}
  ~Microphone() override { stop(); }

  Status start(BlockCallback on_block, device::ProblemCallback on_problem) override {
    if (thread_.joinable() || stopping_) return fail(ErrorCode::conflict, "The device was started before.");
    on_block_ = std::move(on_block);
    on_problem_ = std::move(on_problem);
    thread_ = std::thread([this] { run(); });
    return ok_status();
  }
  void stop() override {
    stopping_ = true;
    wake_up_.post();
    if (thread_.joinable()) thread_.join();
  }

 private:
  // PortAudio's thread. Allocates, locks and logs nothing.
  static int on_samples(const void* input, void*, unsigned long frames, const PaStreamCallbackTimeInfo* time,
                        PaStreamCallbackFlags flags, void* user) {
    auto* me = static_cast<Microphone*>(user);
    // PortAudio's clock is not ours, but its differences are.
    double age = time->currentTime - time->inputBufferAdcTime;
    if (!(age > 0 && age < 1)) age = static_cast<double>(frames) / media::kSampleRate;
    const TimePoint captured =
        device::monotonic_now() - std::chrono::duration_cast<Duration>(std::chrono::duration<double>(age));
    const int lost = me->cutter_->take(static_cast<const std::int16_t*>(input), frames, captured);
    if (lost > 0) me->lost_.fetch_add(lost, std::memory_order_relaxed);
    if ((flags & paInputOverflow) != 0) me->overflows_.fetch_add(1, std::memory_order_relaxed);
    me->wake_up_.post();
    return paContinue;
  }

  void run() {
    pthread_setname_np(pthread_self(), "microphone");
    if (Status ended = capture(); !ended && !stopping_) {
      log::warning("microphone.failed", {{"code", to_string(ended.error().code)}});
      if (on_problem_) on_problem_(ended.error());
    }
    log::debug("microphone.closed", {{"lost_blocks", lost_.load()}, {"overflows", overflows_.load()}});
  }

  Status capture() {
    auto stream = PaStreamOwner::open(Direction::input, name_, &Microphone::on_samples, this);
    if (!stream) return std::move(stream).error();
    cutter_.emplace(ring_, (*stream)->channels());
    if (Status started = (*stream)->start(); !started) return started;
    TimePoint last_block = device::monotonic_now();
    while (!stopping_) {
      wake_up_.wait_for(kLookAround);
      media::AudioBlock block;
      bool any = false;
      while (!stopping_ && ring_.pop(block)) {
        any = true;
        on_block_(block);
      }
      const TimePoint now = device::monotonic_now();
      if (any) last_block = now;
      if (!any && !stopping_ && (now - last_block > kSilentForGood || !(*stream)->is_active())) {
        return fail(ErrorCode::unavailable, "The microphone was unplugged or has stopped working.");
      }
    }
    return ok_status();
  }

  // Given to us.
  const std::string name_;
  BlockCallback on_block_;
  device::ProblemCallback on_problem_;

  BlockRing ring_{kRingBlocks};
  std::optional<BlockCutter> cutter_;  // made before the stream starts, used by its callback
  WakeUp wake_up_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> lost_{0}, overflows_{0};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<device::AudioSource> make_microphone(const std::string& name) {
  return std::make_unique<Microphone>(name);
}

}  // namespace sotto::device_portaudio
