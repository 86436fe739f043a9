// From authenticated packets to sound and pictures.
#include <algorithm>

#include "call/engine/state.hpp"
#include "sotto/codec/h264_payload.hpp"

namespace sotto::call {
namespace {

using std::chrono::milliseconds;

// Reordering beyond the jitter that was measured is rare; below, a path with no jitter still has a kernel.
constexpr Duration kLeastReorderingWait = milliseconds(15);
constexpr Duration kMostReorderingWait = milliseconds(100);
// The picture nine of ten are in time for: the tenth is shown when it comes.
constexpr double kPictureInTime = 0.9;

}  // namespace

void CallEngine::State::on_rtp(const Bytes& datagram, TimePoint now) {
  const auto packet = rtp::parse_packet(datagram);
  if (!packet) {
    ++malformed_after_authentication;
    return;
  }
  if (packet->payload_type == kOpusPayload) {
    on_audio(*packet, now);
  } else if (packet->payload_type == kH264Payload) {
    on_video(*packet, now);
  } else {
    ++malformed_after_authentication;
  }
}

// The far side has one source of each kind for the whole call; the first authenticated one is it.
void CallEngine::State::on_audio(const rtp::Packet& packet, TimePoint now) {
  if (!audio_in) audio_in.emplace(packet.ssrc, rtp::kAudioClockRate);
  if (audio_in->source() != packet.ssrc || packet.payload.empty() ||
      packet.payload.size() > codec::kMaxAudioPacketBytes) {
    ++malformed_after_authentication;
    return;
  }
  audio_in->on_packet(packet.sequence, packet.timestamp, now);
  audio_bytes_in.add(static_cast<double>(packet.payload.size()), now);
  outputs.emplace_back(PlayAudio{{packet.timestamp, to_bytes(packet.payload)}, now});
}

void CallEngine::State::on_video(const rtp::Packet& packet, TimePoint now) {
  if (!video_in) video_in.emplace(packet.ssrc, rtp::kVideoClockRate);
  if (video_in->source() != packet.ssrc || packet.payload.empty()) {
    ++malformed_after_authentication;
    return;
  }
  video_in->on_packet(packet.sequence, packet.timestamp, now);
  video_bytes_in.add(static_cast<double>(packet.payload.size()), now);
  assembler.set_reordering_wait(
      std::clamp(video_in->jitter() * 2, kLeastReorderingWait, kMostReorderingWait));
  assembler.insert({packet.sequence, packet.timestamp, packet.marker,
                    codec::starts_h264_key_frame(packet.payload), to_bytes(packet.payload)},
                   now);
  assemble_pictures(now);
  release_pictures(now);
}

void CallEngine::State::assemble_pictures(TimePoint now) {
  while (auto frame = assembler.next(now)) {
    const std::vector<ByteView> payloads(frame->payloads.begin(), frame->payloads.end());
    auto data = codec::depacketize_h264(payloads);
    if (!data) {
      ++malformed_after_authentication;
      assembler.require_key_frame();
      continue;
    }
    const std::int64_t timestamp = picture_timestamps.unwrap(frame->timestamp);
    picture_delay.on_arrival(timestamp, frame->completed);

    const Duration natural = std::min(picture_delay.quantile(kPictureInTime), kMaxPictureHold);
    const TimePoint on_time = picture_delay.on_time(timestamp) + natural;
    const Duration hold = lip_sync.hold_picture();
    const TimePoint without_hold = std::max(now, on_time);
    TimePoint release = std::min(std::max(now, on_time + hold), now + kMaxPictureHold);
    if (!held_pictures.empty()) release = std::max(release, held_pictures.back().release);
    if (const auto captured = video_in->ntp_of(frame->timestamp)) {
      lip_sync.on_picture(*captured, without_hold + decode_time, Duration::zero());
    }
    video_in_stats.jitter_buffer_ms +=
        (std::chrono::duration<double, std::milli>(release - frame->completed).count() -
         video_in_stats.jitter_buffer_ms) /
        16;

    Held held;
    held.unit.data = *std::move(data);
    held.unit.key_frame = frame->key_frame;
    held.unit.rtp_timestamp = frame->timestamp;
    held.unit.captured = frame->completed;
    held.release = release;
    held_pictures.push_back(std::move(held));
  }
  if (assembler.wants_key_frame()) ask_for_key_frame(now);
}

void CallEngine::State::release_pictures(TimePoint now) {
  while (!held_pictures.empty() && held_pictures.front().release <= now) {
    codec::EncodedFrame unit = std::move(held_pictures.front().unit);
    held_pictures.pop_front();
    ++video_in_stats.frames;
    if (unit.key_frame) ++video_in_stats.key_frames;
    pictures_in.add(1, now);
    on_shown(now);
    outputs.emplace_back(ShowVideo{std::move(unit)});
  }
}

void CallEngine::State::ask_for_key_frame(TimePoint now) {
  const Duration interval = std::max(kPictureLossInterval, round_trip.value_or(Duration::zero()) * 3 / 2);
  if (!video_in || now - last_picture_loss_sent < interval) return;
  last_picture_loss_sent = now;
  send_report(now, {rtp::PictureLoss{audio_out.ssrc, video_in->source()}});
}

void CallEngine::State::on_rtcp(const Bytes& datagram, TimePoint now) {
  const auto parts = rtp::parse_compound(datagram);
  if (!parts) {
    ++malformed_after_authentication;
    return;
  }
  for (const rtp::RtcpPart& part : *parts) {
    if (const auto* report = std::get_if<rtp::SenderReport>(&part)) {
      for (auto* in : {&audio_in, &video_in}) {
        if (*in && (*in)->source() == report->sender) (*in)->on_sender_report(*report, now);
      }
      on_blocks(report->blocks, now);
    } else if (const auto* receiver = std::get_if<rtp::ReceiverReport>(&part)) {
      on_blocks(receiver->blocks, now);
    } else if (const auto* loss = std::get_if<rtp::PictureLoss>(&part)) {
      if (loss->media == video_out.ssrc) on_picture_loss(now);
    }
  }
}

void CallEngine::State::on_blocks(const std::vector<rtp::ReportBlock>& blocks, TimePoint now) {
  for (const rtp::ReportBlock& block : blocks) {
    const double loss = block.fraction_lost / 256.0;
    const auto trip = rtp::round_trip(block, now);
    if (trip) round_trip = round_trip ? *round_trip + (*trip - *round_trip) / 4 : *trip;
    if (block.source == video_out.ssrc) {
      loss_out_video = loss;
      if (const auto target = rate.on_report(loss, trip, now)) outputs.emplace_back(UseBitrate{*target});
    } else if (block.source == audio_out.ssrc) {
      if (loss_out_audio != loss) outputs.emplace_back(ExpectLoss{std::max(loss, 0.02)});
      loss_out_audio = loss;
    }
  }
}

void CallEngine::State::on_picture_loss(TimePoint now) {
  if (last_key_frame_made && now - *last_key_frame_made < kKeyFrameInterval) {
    key_frame_owed = true;
    return;
  }
  key_frame_owed = false;
  last_key_frame_made = now;
  outputs.emplace_back(MakeKeyFrame{});
}

// A freeze is what the WebRTC statistics call one: a gap of three intervals, and 150 ms more than usual.
void CallEngine::State::on_shown(TimePoint now) {
  if (last_shown) {
    const Duration interval = now - *last_shown;
    if (interval > std::max(mean_shown_interval * 3, mean_shown_interval + milliseconds(150))) {
      ++video_in_stats.freezes;
      video_in_stats.freeze_ms +=
          std::chrono::duration<double, std::milli>(interval - mean_shown_interval).count();
    } else {
      mean_shown_interval += (interval - mean_shown_interval) / 32;
    }
  }
  last_shown = now;
}

}  // namespace sotto::call
