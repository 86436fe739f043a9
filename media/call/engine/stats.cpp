#include <algorithm>

#include "call/engine/state.hpp"

namespace sotto::call {
namespace {

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
  stats.rejected_packets = s.unprotector.counters().rejected() + s.malformed_after_authentication;
  return stats;
}

}  // namespace sotto::call
