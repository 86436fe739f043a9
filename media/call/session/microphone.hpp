// The microphone's way into the call: device, Opus, a post to the core's thread.
//
// Thread: the executor's; the sender inside belongs to the device's thread between start and stop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "sotto/call/audio_path.hpp"
#include "sotto/device/device.hpp"
#include "sotto/device/timing_log.hpp"

namespace sotto::call {

class Microphone {
 public:
  // Both are called on the device's thread.
  using PacketCallback = std::function<void(EncodedAudio)>;

  Microphone(std::unique_ptr<device::AudioSource> source, std::unique_ptr<codec::AudioEncoder> encoder,
             std::uint32_t timestamp_offset, device::TimingLog* log);
  ~Microphone();

  Status start(PacketCallback on_packet, device::ProblemCallback on_problem);
  void set_expected_loss(double fraction) { expected_loss_.store(fraction, std::memory_order_relaxed); }
  double level() const { return level_.load(std::memory_order_relaxed); }

 private:
  void on_block(const media::AudioBlock& block);

  std::unique_ptr<device::AudioSource> source_;
  device::TimingLog* log_;
  AudioSender sender_;
  PacketCallback on_packet_;
  device::ProblemCallback on_problem_;
  bool failed_ = false;
  double loss_in_use_ = -1;
  std::atomic<double> expected_loss_{0.05};
  std::atomic<double> level_{0};
};

}  // namespace sotto::call
