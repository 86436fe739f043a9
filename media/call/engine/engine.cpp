#include "sotto/call/engine.hpp"

#include <algorithm>
#include <utility>

#include "call/engine/state.hpp"

namespace sotto::call {

CallEngine::State::State(srtp::Protector out, srtp::Unprotector in, Random& random, TimePoint now,
                         const VideoBitrates& bitrates)
    : protector(std::move(out)), unprotector(std::move(in)), rate(bitrates) {
  const auto fill = [&random](Sending& stream, std::uint32_t clock_rate) {
    stream.ssrc = rtp::Ssrc{static_cast<std::uint32_t>(random.u64())};
    stream.sequence = static_cast<std::uint16_t>(random.below(srtp::kMaxInitialSequence + 1u));
    stream.clock_rate = clock_rate;
  };
  fill(audio_out, rtp::kAudioClockRate);
  do fill(video_out, rtp::kVideoClockRate);
  while (video_out.ssrc == audio_out.ssrc);
  cname = to_base64url(random.bytes(12));  // RFC 7022: random, of 96 bits
  last_heard = now;
  next_report = now;
}

CallEngine::CallEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
CallEngine::CallEngine(CallEngine&&) noexcept = default;
CallEngine& CallEngine::operator=(CallEngine&&) noexcept = default;
CallEngine::~CallEngine() = default;

Result<CallEngine> CallEngine::create(CallKeys keys, Random& random, TimePoint now,
                                      const VideoBitrates& bitrates) {
  if (keys.send.key == keys.receive.key) {
    return fail(ErrorCode::invalid_argument, "both directions of a call have one key");
  }
  auto protector = srtp::Protector::create(keys.send.key.view(), keys.send.salt.view());
  if (!protector) return std::move(protector).error();
  auto unprotector = srtp::Unprotector::create(keys.receive.key.view(), keys.receive.salt.view());
  if (!unprotector) return std::move(unprotector).error();
  return CallEngine(
      std::make_unique<State>(*std::move(protector), *std::move(unprotector), random, now, bitrates));
}

void CallEngine::handle_datagram(ByteView datagram, TimePoint now) {
  State& s = *state_;
  if (s.closed) return;
  auto plain = s.unprotector.unprotect(datagram);
  if (!plain) return;  // counted there
  s.bytes_in.add(static_cast<double>(datagram.size()), now);
  s.on_authenticated(now);
  if (plain->kind == rtp::Kind::rtp) {
    s.on_rtp(plain->packet, now);
  } else {
    s.on_rtcp(plain->packet, now);
  }
}

void CallEngine::State::on_authenticated(TimePoint now) {
  last_heard = now;
  if (connection != Connection::connected && connection != Connection::lost) {
    connection = Connection::connected;
    outputs.emplace_back(ConnectionChanged{Connection::connected});
  }
}

void CallEngine::State::watch_connection(TimePoint now) {
  if (connection == Connection::lost) return;
  const Duration silent = now - last_heard;
  if (connection == Connection::connected && silent >= kInterruptedAfter) {
    connection = Connection::interrupted;
    outputs.emplace_back(ConnectionChanged{Connection::interrupted});
  }
  if (silent >= kLostAfter) {
    connection = Connection::lost;
    outputs.emplace_back(ConnectionChanged{Connection::lost});
  }
}

void CallEngine::handle_audio_played(std::uint32_t rtp_timestamp, TimePoint when, Duration delay) {
  State& s = *state_;
  if (!s.audio_in) return;
  const auto captured = s.audio_in->ntp_of(rtp_timestamp);
  if (!captured) return;
  // What of the delay is ours is what the buffer would not have without the minimum we set.
  const Duration held = std::min(s.audio_hold, delay);
  s.lip_sync.on_sound(*captured, when, held);
  // The wanted extra becomes a minimum on top of what the buffer needs by itself; moved in steps, as each
  // is heard as stretching.
  const Duration wanted = s.lip_sync.hold_sound();
  const Duration change = wanted > s.audio_hold ? wanted - s.audio_hold : s.audio_hold - wanted;
  if (change >= std::chrono::milliseconds(10) && when - s.last_audio_hold >= std::chrono::seconds(1)) {
    const Duration natural = delay - held;
    s.audio_hold = wanted;
    s.last_audio_hold = when;
    s.outputs.emplace_back(DelayAudio{wanted > Duration::zero() ? natural + wanted : Duration::zero()});
  }
}

void CallEngine::handle_decode_failure(TimePoint now) {
  State& s = *state_;
  s.assembler.require_key_frame();
  s.held_pictures.clear();
  s.ask_for_key_frame(now);
}

void CallEngine::handle_timeout(TimePoint now) {
  State& s = *state_;
  if (s.closed) return;
  s.watch_connection(now);
  s.assemble_pictures(now);
  s.release_pictures(now);
  if (s.key_frame_owed) s.on_picture_loss(now);
  if (now >= s.next_report) {
    s.send_report(now, {});
    s.next_report = now + kReportInterval;
  }
}

void CallEngine::handle_path_ready(TimePoint now) {
  State& s = *state_;
  if (s.closed) return;
  s.send_report(now, {});
  s.next_report = now + kReportInterval;
}

void CallEngine::handle_close(TimePoint now) {
  State& s = *state_;
  if (s.closed) return;
  s.send_report(now, {rtp::Bye{{s.audio_out.ssrc, s.video_out.ssrc}}});
  s.closed = true;
}

std::vector<CallEngine::Output> CallEngine::poll_outputs() { return std::exchange(state_->outputs, {}); }

TimePoint CallEngine::next_deadline() const {
  const State& s = *state_;
  if (s.closed) return kNever;
  TimePoint next = std::min(s.next_report, s.assembler.deadline());
  if (!s.held_pictures.empty()) next = std::min(next, s.held_pictures.front().release);
  if (s.key_frame_owed) next = std::min(next, *s.last_key_frame_made + kKeyFrameInterval);
  if (s.connection == Connection::connected) next = std::min(next, s.last_heard + kInterruptedAfter);
  if (s.connection != Connection::lost) next = std::min(next, s.last_heard + kLostAfter);
  return next;
}

}  // namespace sotto::call
