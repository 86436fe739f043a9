#include <algorithm>

#include "call/engine/state.hpp"

namespace sotto::call {
namespace {

constexpr const char* kVideoCodec = "H264";
constexpr const char* kAudioCodec = "opus";

double to_ms(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

}  // namespace

void CallEngine::handle_picture_shown(int width, int height, Duration decode_time) {
  State& s = *state_;
  s.video_in_stats.width = width;
  s.video_in_stats.height = height;
  s.decode_time += (decode_time - s.decode_time) / 8;
}

CallStats CallEngine::stats(TimePoint now) {
  State& s = *state_;
  CallStats stats;
  stats.rtt_ms = to_ms(s.round_trip.value_or(Duration::zero()));
  stats.loss_in = std::max(s.audio_in ? s.audio_in->last_fraction_lost() : 0.0,
                           s.video_in ? s.video_in->last_fraction_lost() : 0.0);
  stats.loss_out = std::max(s.loss_out_audio, s.loss_out_video);
  const auto& clearest = s.audio_in ? s.audio_in : s.video_in;
  stats.jitter_ms = clearest ? to_ms(clearest->jitter()) : 0;
  stats.bitrate_in = s.bytes_in.per_second(now) * 8;
  stats.bitrate_out = s.bytes_out.per_second(now) * 8;
  stats.target_bitrate = s.rate.target();
  stats.cipher = "AEAD_AES_256_GCM";
  stats.video_in = s.video_in_stats;
  stats.video_in.fps = s.pictures_in.per_second(now);
  stats.video_in.decode_ms = to_ms(s.decode_time);
  stats.video_in.dropped = s.assembler.counters().dropped_packets;
  stats.video_out = s.video_out_stats;
  stats.video_out.fps = s.pictures_out.per_second(now);
  stats.video_in.bitrate = s.video_bytes_in.per_second(now) * 8;
  stats.video_out.bitrate = s.video_bytes_out.per_second(now) * 8;
  stats.audio_in.bitrate = s.audio_bytes_in.per_second(now) * 8;
  stats.audio_out.bitrate = s.audio_bytes_out.per_second(now) * 8;
  if (s.video_in) stats.video_in.codec = kVideoCodec;
  if (s.video_out.anchor) stats.video_out.codec = kVideoCodec;
  if (s.audio_in) stats.audio_in.codec = kAudioCodec;
  if (s.audio_out.anchor) stats.audio_out.codec = kAudioCodec;
  stats.rejected_packets = s.unprotector.counters().rejected() + s.malformed_after_authentication;
  return stats;
}

}  // namespace sotto::call
