// The core of a call: coded pictures and sound in, SRTP datagrams out, and back. No device, codec, socket,
// thread or clock; a session (media_session_factory.hpp) or a simulation drives it.
//
//   auto engine = CallEngine::create(std::move(keys), random, now);
//   engine->handle_encoded_video(unit, now);  engine->handle_encoded_audio(packet, now);
//   engine->handle_datagram(datagram, now);   engine->handle_timeout(now);
//   for (auto& output : engine->poll_outputs()) ...     // after each of these
//   call handle_timeout() at engine->next_deadline()
//
// Picture and sound share one path (RFC 5761): Opus as payload type 111, H.264 as 96. Nothing that fails
// authentication changes anything but a counter. Thread: any one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"
#include "sotto/call/audio_path.hpp"
#include "sotto/call/media_session.hpp"
#include "sotto/codec/video_codec.hpp"
#include "sotto/jitter/audio_buffer.hpp"

namespace sotto::call {

// The whole datagram with its tag; below the smallest path MTU in use with room for TURN (RFC 8656).
inline constexpr std::size_t kMaxMediaDatagram = 1200;

inline constexpr Duration kInterruptedAfter = std::chrono::seconds(2);
// RFC 7675 section 5.1: consent expires after 30 seconds. Reports are authenticated and come every second.
inline constexpr Duration kLostAfter = std::chrono::seconds(30);

struct VideoBitrates {
  int least = 150'000, start = 1'500'000, most = 2'500'000;
};

class CallEngine {
 public:
  // Outputs, in the order in which they arose.
  struct Transmit {
    Bytes datagram;
  };
  struct PlayAudio {  // to AudioReceiver::handle_packet()
    jitter::AudioPacket packet;
    TimePoint arrival;
  };
  struct ShowVideo {  // to the decoder, now: the engine waits for its moment
    codec::EncodedFrame unit;
  };
  struct MakeKeyFrame {};  // the next picture sent shall be one
  struct UseBitrate {
    int video = 0;
  };
  struct ExpectLoss {  // for the sound encoder
    double fraction = 0;
  };
  struct DelayAudio {  // to AudioReceiver::set_minimum_delay()
    Duration minimum{};
  };
  enum class Connection { connected, interrupted, lost };
  struct ConnectionChanged {
    Connection connection{};
  };
  using Output = std::variant<Transmit, PlayAudio, ShowVideo, MakeKeyFrame, UseBitrate, ExpectLoss,
                              DelayAudio, ConnectionChanged>;

  static Result<CallEngine> create(CallKeys keys, Random& random, TimePoint now,
                                   const VideoBitrates& bitrates = {});
  CallEngine(CallEngine&&) noexcept;
  CallEngine& operator=(CallEngine&&) noexcept;
  ~CallEngine();

  void handle_datagram(ByteView datagram, TimePoint now);
  void handle_encoded_video(const codec::EncodedFrame& unit, TimePoint now);
  void handle_encoded_audio(const EncodedAudio& packet, TimePoint now);
  // The sound with this timestamp is heard at `when`, `delay` behind its earliest moment (lip sync).
  void handle_audio_played(std::uint32_t rtp_timestamp, TimePoint when, Duration delay);
  // A picture could not be decoded: asks for a key frame.
  void handle_decode_failure(TimePoint now);
  void handle_picture_shown(int width, int height, Duration decode_time);
  void handle_timeout(TimePoint now);
  // Datagrams can be sent from now on: says so to the far side, which thereby knows that we are there.
  void handle_path_ready(TimePoint now);
  // Says goodbye (RTCP BYE); nothing is sent afterwards.
  void handle_close(TimePoint now);

  std::vector<Output> poll_outputs();
  TimePoint next_deadline() const;
  // What the engine knows: levels, path and device figures are the session's to fill in.
  CallStats stats(TimePoint now);

 private:
  struct State;
  explicit CallEngine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sotto::call
