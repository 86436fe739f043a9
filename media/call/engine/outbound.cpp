// From coded pictures and sound to datagrams, and the reports about both directions.
#include "call/engine/state.hpp"
#include "sotto/codec/h264_payload.hpp"

namespace sotto::call {
namespace {

constexpr std::size_t kMaxPayload = kMaxMediaDatagram - rtp::kHeaderBytes - srtp::kRtpOverhead;
// A stream that sent nothing for this long makes no sender reports (RFC 3550 section 6.4: two intervals).
constexpr Duration kStillSending = 2 * kReportInterval;

}  // namespace

void CallEngine::State::send_rtp(Sending& stream, rtp::PayloadType type, bool marker, std::uint32_t timestamp,
                                 ByteView payload, TimePoint now) {
  auto datagram = protector.protect_rtp(rtp::serialise({.marker = marker,
                                                        .payload_type = type,
                                                        .sequence = stream.sequence++,
                                                        .timestamp = timestamp,
                                                        .ssrc = stream.ssrc,
                                                        .payload = payload}));
  if (!datagram) return;
  ++stream.packets;
  stream.payload_bytes += static_cast<std::uint32_t>(payload.size());
  stream.last_sent = now;
  bytes_out.add(static_cast<double>(datagram->size()), now);
  (type == kH264Payload ? video_bytes_out : audio_bytes_out).add(static_cast<double>(payload.size()), now);
  outputs.emplace_back(Transmit{*std::move(datagram)});
}

void CallEngine::handle_encoded_video(const codec::EncodedFrame& unit, TimePoint now) {
  State& s = *state_;
  if (s.closed) return;
  const auto payloads = codec::packetize_h264(unit.data, kMaxPayload);
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    s.send_rtp(s.video_out, kH264Payload, i + 1 == payloads.size(), unit.rtp_timestamp, payloads[i], now);
  }
  const bool first = !s.video_out.anchor;
  s.video_out.anchor = {unit.rtp_timestamp, unit.captured};
  if (unit.key_frame) {
    s.last_key_frame_made = now;
    s.key_frame_owed = false;
    ++s.video_out_stats.key_frames;
  }
  ++s.video_out_stats.frames;
  s.video_out_stats.width = unit.width;
  s.video_out_stats.height = unit.height;
  if (unit.qp) s.video_out_stats.qp += (*unit.qp - s.video_out_stats.qp) / 8;
  s.pictures_out.add(1, now);
  if (first) s.next_report = now;  // the far side aligns sound and picture by the first report
}

void CallEngine::handle_encoded_audio(const EncodedAudio& packet, TimePoint now) {
  State& s = *state_;
  if (s.closed) return;
  // RFC 7587 section 4.1: the marker begins a talkspurt, which a stream without pauses has once.
  const bool first = !s.audio_out.anchor;
  s.send_rtp(s.audio_out, kOpusPayload, first, packet.rtp_timestamp, packet.payload, now);
  s.audio_out.anchor = {packet.rtp_timestamp, packet.captured};
  if (first) s.next_report = now;
}

rtp::SenderReport CallEngine::State::sender_report(const Sending& stream, TimePoint now) const {
  rtp::SenderReport report;
  report.sender = stream.ssrc;
  report.ntp = rtp::to_ntp(now);
  report.rtp_timestamp = stream.anchor->timestamp + static_cast<std::uint32_t>(rtp::to_ticks(
                                                        now - stream.anchor->captured, stream.clock_rate));
  report.packets = stream.packets;
  report.payload_bytes = stream.payload_bytes;
  return report;
}

// Always one with the audio source in front, which also says that we are there when nothing else is sent.
void CallEngine::State::send_report(TimePoint now, std::vector<rtp::RtcpPart> more) {
  std::vector<rtp::ReportBlock> blocks;
  if (audio_in) blocks.push_back(audio_in->make_report(now));
  if (video_in) blocks.push_back(video_in->make_report(now));
  const auto is_sending = [now](const Sending& s) { return s.anchor && now - s.last_sent < kStillSending; };

  std::vector<rtp::RtcpPart> parts;
  if (is_sending(audio_out)) {
    rtp::SenderReport report = sender_report(audio_out, now);
    report.blocks = std::move(blocks);
    parts.emplace_back(std::move(report));
  } else {
    parts.emplace_back(rtp::ReceiverReport{audio_out.ssrc, std::move(blocks)});
  }
  if (is_sending(video_out)) parts.emplace_back(sender_report(video_out, now));
  parts.emplace_back(rtp::SourceDescription{audio_out.ssrc, cname});
  if (video_out.anchor) parts.emplace_back(rtp::SourceDescription{video_out.ssrc, cname});
  for (rtp::RtcpPart& part : more) parts.push_back(std::move(part));

  auto datagram = protector.protect_rtcp(rtp::serialise_compound(parts));
  if (!datagram) return;
  bytes_out.add(static_cast<double>(datagram->size()), now);
  outputs.emplace_back(Transmit{*std::move(datagram)});
}

}  // namespace sotto::call
