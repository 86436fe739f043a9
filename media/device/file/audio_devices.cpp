#include "audio_devices.hpp"

#include <charconv>
#include <cmath>
#include <functional>
#include <numbers>
#include <optional>

#include "resample.hpp"
#include "sotto/device/clock.hpp"
#include "sotto/device/paced_thread.hpp"
#include "sotto/device/timing_log.hpp"
#include "wav.hpp"

namespace sotto::device_file {
namespace {

using device::PacedThread;
using media::AudioBlock;
using media::kBlockDuration;

Error already_started() { return fail(ErrorCode::conflict, "The device was started before."); }

class GeneratedMicrophone final : public device::AudioSource {
 public:
  // `generate` fills the samples of consecutive blocks.
  explicit GeneratedMicrophone(std::function<void(AudioBlock&)> generate) : generate_(std::move(generate)) {}
  ~GeneratedMicrophone() override { stop(); }

  Status start(BlockCallback on_block, device::ProblemCallback) override {
    if (thread_) return already_started();
    thread_.emplace("microphone", kBlockDuration, [this, on_block = std::move(on_block)](TimePoint due) {
      AudioBlock block;
      generate_(block);
      block.captured = due - kBlockDuration;  // as hardware: handed over when its last sample is there
      on_block(block);
      return true;
    });
    return ok_status();
  }
  void stop() override {
    if (thread_) thread_->stop();
  }

 private:
  std::function<void(AudioBlock&)> generate_;
  std::optional<PacedThread> thread_;
};

class SilentSpeaker final : public device::AudioSink {
 public:
  ~SilentSpeaker() override { stop(); }
  Status start(FillCallback fill, device::ProblemCallback) override {
    if (thread_) return already_started();
    thread_.emplace("speaker", kBlockDuration, [fill = std::move(fill)](TimePoint) {
      AudioBlock block;
      fill(block);
      return true;
    });
    return ok_status();
  }
  void stop() override {
    if (thread_) thread_->stop();
  }
  Duration output_latency() const override { return Duration::zero(); }

 private:
  std::optional<PacedThread> thread_;
};

class WavSpeaker final : public device::AudioSink {
 public:
  WavSpeaker(std::unique_ptr<WavWriter> writer, std::unique_ptr<device::TimingLog> log)
      : writer_(std::move(writer)), log_(std::move(log)) {}
  ~WavSpeaker() override { stop(); }

  Status start(FillCallback fill, device::ProblemCallback on_problem) override {
    if (thread_) return already_started();
    on_problem_ = std::move(on_problem);
    thread_.emplace("speaker", kBlockDuration,
                    [this, fill = std::move(fill)](TimePoint) { return play_next(fill); });
    return ok_status();
  }
  void stop() override {
    if (!thread_ || stopped_) return;
    stopped_ = true;
    thread_->stop();
    if (Status closed = writer_->close(); !closed && on_problem_ && !failed_) on_problem_(closed.error());
  }
  Duration output_latency() const override { return Duration::zero(); }

 private:
  bool play_next(const FillCallback& fill) {
    AudioBlock block;
    if (fill(block)) {
      log_->add_at(index_, device::monotonic_now(), block.rtp_timestamp);
    } else {
      block.samples.fill(0);
    }
    ++index_;  // also of silence: index * 480 is the place in the file
    Status written = writer_->write(block.samples);
    if (written) written = log_->status();
    if (written) return true;
    failed_ = true;
    if (on_problem_) on_problem_(written.error());
    return false;
  }

  std::unique_ptr<WavWriter> writer_;
  std::unique_ptr<device::TimingLog> log_;
  device::ProblemCallback on_problem_;
  std::uint64_t index_ = 0;
  bool failed_ = false;  // written by the thread, read after it was joined
  bool stopped_ = false;
  std::optional<PacedThread> thread_;
};

}  // namespace

std::unique_ptr<device::AudioSource> make_silent_microphone() {
  return std::make_unique<GeneratedMicrophone>([](AudioBlock&) {});
}

Result<std::unique_ptr<device::AudioSource>> make_tone_microphone(const std::string& text) {
  double hertz = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hertz);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
      !(hertz >= 20 && hertz <= 20000)) {
    return fail(ErrorCode::invalid_argument,
                "A tone needs a frequency from 20 to 20000 hertz, as in tone:440.");
  }
  const double step = hertz / media::kSampleRate;
  return std::unique_ptr<device::AudioSource>(
      std::make_unique<GeneratedMicrophone>([step, phase = 0.0](AudioBlock& block) mutable {
        constexpr double kAmplitude = 8192;
        for (auto& sample : block.samples) {
          sample =
              static_cast<std::int16_t>(std::lround(kAmplitude * std::sin(2 * std::numbers::pi * phase)));
          phase += step;
          phase -= std::floor(phase);
        }
      }));
}

Result<std::unique_ptr<device::AudioSource>> open_wav_microphone(const std::string& path) {
  auto wav = read_wav(path);
  if (!wav) return std::move(wav).error();
  std::vector<std::int16_t> loop = resample_loop(wav->samples, wav->rate, media::kSampleRate);
  return std::unique_ptr<device::AudioSource>(std::make_unique<GeneratedMicrophone>(
      [loop = std::move(loop), at = std::size_t{0}](AudioBlock& block) mutable {
        for (auto& sample : block.samples) {
          sample = loop[at];
          if (++at == loop.size()) at = 0;
        }
      }));
}

std::unique_ptr<device::AudioSink> make_silent_speaker() { return std::make_unique<SilentSpeaker>(); }

Result<std::unique_ptr<device::AudioSink>> open_wav_speaker(const std::string& path) {
  auto writer = WavWriter::create(path, media::kSampleRate);
  if (!writer) return std::move(writer).error();
  auto log = device::TimingLog::create(path + ".log");
  if (!log) return std::move(log).error();
  return std::unique_ptr<device::AudioSink>(
      std::make_unique<WavSpeaker>(std::move(*writer), std::move(*log)));
}

}  // namespace sotto::device_file
