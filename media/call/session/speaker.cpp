#include "call/session/speaker.hpp"

#include <algorithm>

namespace sotto::call {
namespace {

// Lip sync smooths over seconds; five facts a second are plenty.
constexpr int kBlocksPerReport = 20;
constexpr double kSamplesPerMs = media::kSampleRate / 1000.0;

}  // namespace

Speaker::Speaker(std::unique_ptr<device::AudioSink> sink, std::unique_ptr<codec::AudioDecoder> decoder,
                 std::function<TimePoint()> now)
    : sink_(std::move(sink)), now_(std::move(now)), receiver_(std::move(decoder)) {}

Speaker::~Speaker() { sink_->stop(); }

Status Speaker::start(PlayedCallback on_played, device::ProblemCallback on_problem) {
  on_played_ = std::move(on_played);
  return sink_->start([this](media::AudioBlock& block) { return fill(block); }, std::move(on_problem));
}

void Speaker::handle_packet(const jitter::AudioPacket& packet, TimePoint arrival) {
  Slot slot;
  slot.timestamp = packet.timestamp;
  slot.arrival = arrival;
  slot.size = std::min(packet.payload.size(), slot.payload.size());
  std::copy_n(packet.payload.begin(), slot.size, slot.payload.begin());
  (void)ring_.push(slot);
}

bool Speaker::fill(media::AudioBlock& block) {
  for (Slot slot; ring_.pop(slot);) {
    receiver_.handle_packet(
        {slot.timestamp,
         Bytes(slot.payload.begin(), slot.payload.begin() + static_cast<std::ptrdiff_t>(slot.size))},
        slot.arrival);
  }
  receiver_.set_minimum_delay(Duration(minimum_delay_.load(std::memory_order_relaxed)));
  const TimePoint now = now_();
  const bool heard = receiver_.play(block, now);
  const AudioReceiver::Stats stats = receiver_.stats();
  level_.store(stats.level, std::memory_order_relaxed);
  delay_ms_.store(std::chrono::duration<double, std::milli>(stats.delay).count(), std::memory_order_relaxed);
  concealed_ms_.store(static_cast<double>(stats.concealed_samples) / kSamplesPerMs,
                      std::memory_order_relaxed);
  stretched_ms_.store(static_cast<double>(stats.stretched_samples) / kSamplesPerMs,
                      std::memory_order_relaxed);
  if (heard && --blocks_until_report_ <= 0) {
    blocks_until_report_ = kBlocksPerReport;
    on_played_({block.rtp_timestamp, now + sink_->output_latency(), stats.delay});
  }
  return heard;
}

AudioStats Speaker::stats() const {
  AudioStats stats;
  stats.level = level_.load(std::memory_order_relaxed);
  stats.jitter_buffer_ms = delay_ms_.load(std::memory_order_relaxed);
  stats.concealed_ms = concealed_ms_.load(std::memory_order_relaxed);
  stats.stretched_ms = stretched_ms_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace sotto::call
