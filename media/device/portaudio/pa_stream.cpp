#include "pa_stream.hpp"

#include "sotto/media/audio_block.hpp"

namespace sotto::device_portaudio {
namespace {

// With 10 and 20 ms asked for, PulseAudio gave a round trip of 30 ms and no glitches; with 40 it gave 60.
constexpr double kWantedLatency = 0.020;

}  // namespace

std::string_view thing(Direction direction) {
  return direction == Direction::input ? "The microphone" : "The speaker";
}

Result<std::unique_ptr<PaStreamOwner>> PaStreamOwner::open(Direction direction, const std::string& name,
                                                           PaStreamCallback* callback, void* user) {
  auto session = PaSession::begin();
  if (!session) return std::move(session).error();
  std::unique_ptr<PaStreamOwner> owner(new PaStreamOwner(std::move(*session), direction));

  const auto held = PaSession::lock();
  auto index = find_device(direction, name);
  if (!index) return std::move(index).error();
  PaError error = paNoError;
  for (const int channels : {1, 2}) {
    PaStreamParameters parameters{};
    parameters.device = *index;
    parameters.channelCount = channels;
    parameters.sampleFormat = paInt16;
    parameters.suggestedLatency = kWantedLatency;
    const bool input = direction == Direction::input;
    error = Pa_OpenStream(&owner->stream_, input ? &parameters : nullptr, input ? nullptr : &parameters,
                          media::kSampleRate, media::kBlockSamples, paNoFlag, callback, user);
    if (error == paNoError) {
      owner->channels_ = channels;
      return owner;
    }
    owner->stream_ = nullptr;
  }
  return pa_error(thing(direction), error);
}

PaStreamOwner::~PaStreamOwner() {
  if (stream_ == nullptr) return;
  const auto held = PaSession::lock();
  Pa_AbortStream(stream_);  // "not started" and "stopped already" are as good
  Pa_CloseStream(stream_);
}

Status PaStreamOwner::start() {
  const auto held = PaSession::lock();
  if (const PaError error = Pa_StartStream(stream_); error != paNoError)
    return pa_error(thing(direction_), error);
  return ok_status();
}

bool PaStreamOwner::is_active() const {
  const auto held = PaSession::lock();
  return Pa_IsStreamActive(stream_) == 1;
}

Duration PaStreamOwner::latency() const {
  const auto held = PaSession::lock();
  const PaStreamInfo* info = Pa_GetStreamInfo(stream_);
  if (info == nullptr) return Duration::zero();
  const double seconds = direction_ == Direction::input ? info->inputLatency : info->outputLatency;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace sotto::device_portaudio
