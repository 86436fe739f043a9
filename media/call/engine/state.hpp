// What the parts of the engine share: lifecycle (engine.cpp), inbound routing (inbound.cpp), outbound
// packets and reports (outbound.cpp), statistics (stats.cpp).
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "call/engine/lip_sync.hpp"
#include "call/engine/meter.hpp"
#include "call/engine/rate_control.hpp"
#include "sotto/call/engine.hpp"
#include "sotto/jitter/delay_estimator.hpp"
#include "sotto/jitter/frame_assembler.hpp"
#include "sotto/rtp/reception.hpp"
#include "sotto/rtp/rtcp.hpp"
#include "sotto/srtp/srtp.hpp"

namespace sotto::call {

// RFC 3551 section 6 leaves 96..127 to be agreed on; Sotto's agreement is fixed (docs/protocol.md).
inline constexpr rtp::PayloadType kOpusPayload{111};
inline constexpr rtp::PayloadType kH264Payload{96};

// Two reports a second: quick loss feedback for 0.2 % of the bandwidth (RFC 3550 section 6.2 allows 5 %).
inline constexpr Duration kReportInterval = std::chrono::milliseconds(500);
// A key frame asked for takes a round trip and an encoder's turn; asking more often only makes more of them.
inline constexpr Duration kPictureLossInterval = std::chrono::milliseconds(250);
// Whoever asks, key frames are not made more often than this: each costs five ordinary pictures.
inline constexpr Duration kKeyFrameInterval = std::chrono::milliseconds(400);
// Held for smoothness and lip sync together; more would be felt as distance.
inline constexpr Duration kMaxPictureHold = std::chrono::milliseconds(400);

struct CallEngine::State {
  // One of our two streams.
  struct Sending {
    rtp::Ssrc ssrc{};
    std::uint16_t sequence = 0;
    std::uint32_t clock_rate = 0;
    std::uint32_t packets = 0;
    std::uint32_t payload_bytes = 0;
    // A timestamp and its moment, for sender reports; nothing before the first packet.
    struct Anchor {
      std::uint32_t timestamp;
      TimePoint captured;
    };
    std::optional<Anchor> anchor;
    TimePoint last_sent{};
  };

  State(srtp::Protector out, srtp::Unprotector in, Random& random, TimePoint now,
        const VideoBitrates& bitrates);

  // inbound.cpp
  void on_rtp(const Bytes& datagram, TimePoint now);
  void on_audio(const rtp::Packet& packet, TimePoint now);
  void on_video(const rtp::Packet& packet, TimePoint now);
  void on_rtcp(const Bytes& datagram, TimePoint now);
  void on_blocks(const std::vector<rtp::ReportBlock>& blocks, TimePoint now);
  void on_picture_loss(TimePoint now);
  void assemble_pictures(TimePoint now);
  void release_pictures(TimePoint now);
  void ask_for_key_frame(TimePoint now);
  void on_shown(TimePoint now);

  // outbound.cpp
  void send_rtp(Sending& stream, rtp::PayloadType type, bool marker, std::uint32_t timestamp,
                ByteView payload, TimePoint now);
  void send_report(TimePoint now, std::vector<rtp::RtcpPart> more);
  rtp::SenderReport sender_report(const Sending& stream, TimePoint now) const;

  // engine.cpp
  void on_authenticated(TimePoint now);
  void watch_connection(TimePoint now);

  // Given to us.
  srtp::Protector protector;
  srtp::Unprotector unprotector;

  // Ours.
  std::vector<Output> outputs;
  Sending audio_out, video_out;
  std::string cname;
  RateControl rate;
  LipSync lip_sync;
  bool closed = false;

  std::optional<rtp::Reception> audio_in, video_in;
  jitter::FrameAssembler assembler;
  jitter::DelayEstimator picture_delay{rtp::kVideoClockRate};
  rtp::TimestampUnwrapper picture_timestamps;
  struct Held {
    codec::EncodedFrame unit;
    TimePoint release;
  };
  std::deque<Held> held_pictures;

  // Derived.
  std::optional<Connection> connection;
  TimePoint last_heard{};
  TimePoint next_report{};
  TimePoint last_picture_loss_sent{};
  std::optional<TimePoint> last_key_frame_made;
  bool key_frame_owed = false;
  std::optional<Duration> round_trip;
  Duration audio_hold{};
  TimePoint last_audio_hold{};
  Duration decode_time{};

  // Statistics.
  Meter bytes_in, bytes_out, pictures_in, pictures_out;
  Meter video_bytes_in, video_bytes_out, audio_bytes_in, audio_bytes_out;  // payload
  VideoStats video_in_stats, video_out_stats;
  double loss_out_audio = 0, loss_out_video = 0;
  std::optional<TimePoint> last_shown;
  Duration mean_shown_interval = std::chrono::milliseconds(33);
  std::uint64_t malformed_after_authentication = 0;
};

}  // namespace sotto::call
