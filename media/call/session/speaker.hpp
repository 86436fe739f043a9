// The way of received sound to the speaker: a ring from the core's thread, then buffer, Opus and time
// stretching on the device's.
//
// Thread: the executor's; the receiver inside belongs to the device's thread between start and stop.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>

#include "sotto/call/audio_path.hpp"
#include "sotto/call/media_session.hpp"
#include "sotto/device/device.hpp"
#include "sotto/device/spsc_ring.hpp"

namespace sotto::call {

class Speaker {
 public:
  struct Played {
    std::uint32_t rtp_timestamp = 0;
    TimePoint when{};
    Duration delay{};
  };
  // On the device's thread, a few times a second while sound is heard.
  using PlayedCallback = std::function<void(const Played&)>;

  Speaker(std::unique_ptr<device::AudioSink> sink, std::unique_ptr<codec::AudioDecoder> decoder,
          std::function<TimePoint()> now);
  ~Speaker();

  Status start(PlayedCallback on_played, device::ProblemCallback on_problem);

  // When the ring is full, as with a speaker that stands still, the packet is dropped.
  void handle_packet(const jitter::AudioPacket& packet, TimePoint arrival);
  void set_minimum_delay(Duration minimum) {
    minimum_delay_.store(minimum.count(), std::memory_order_relaxed);
  }
  AudioStats stats() const;

 private:
  struct Slot {
    std::uint32_t timestamp = 0;
    TimePoint arrival{};
    std::size_t size = 0;
    std::array<std::uint8_t, codec::kMaxAudioPacketBytes> payload;
  };
  static constexpr std::size_t kRingSlots = 64;  // 1.3 s

  bool fill(media::AudioBlock& block);

  std::unique_ptr<device::AudioSink> sink_;
  std::function<TimePoint()> now_;
  AudioReceiver receiver_;
  PlayedCallback on_played_;
  device::SpscRing<Slot> ring_{kRingSlots};
  int blocks_until_report_ = 0;

  std::atomic<Duration::rep> minimum_delay_{0};
  std::atomic<double> level_{0}, delay_ms_{0}, concealed_ms_{0}, stretched_ms_{0};
};

}  // namespace sotto::call
