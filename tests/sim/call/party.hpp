// One side of a simulated call: the real engine and sound path, an encoder and decoder that only count.
//
// A picture is an H.264-shaped unit that carries its index; the fake decoder refuses one whose predecessor
// it does not have, as a real one would show damage.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "sim/call/link.hpp"
#include "sotto/call/engine.hpp"
#include "sotto/rtp/media_clock.hpp"

namespace sotto::sim {

using namespace std::chrono_literals;
using call::CallEngine;

// Sound that says which packet it came from: a packet's samples are all its index.
class CountingAudioEncoder final : public codec::AudioEncoder {
 public:
  Result<Bytes> encode(const codec::AudioFrame& samples) override {
    Bytes packet(100, 0x55);
    packet[0] = static_cast<std::uint8_t>(samples[0] >> 8);
    packet[1] = static_cast<std::uint8_t>(samples[0] & 0xff);
    return packet;
  }
  void set_bitrate(int) override {}
  void set_expected_loss(double) override {}
};
class CountingAudioDecoder final : public codec::AudioDecoder {
 public:
  Result<codec::AudioFrame> decode(ByteView packet) override {
    codec::AudioFrame frame;
    frame.fill(static_cast<std::int16_t>(packet[0] << 8 | packet[1]));
    return frame;
  }
  Result<codec::AudioFrame> recover(ByteView) override { return fail(ErrorCode::not_found, "no copy"); }
  codec::AudioFrame conceal() override { return {}; }
};

using call::CallKeys;

inline CallKeys keys_of(bool caller, std::uint8_t secret = 1) {
  const auto direction = [secret](std::uint8_t number) {
    return call::SrtpKeys{SecretBytes(Bytes(32, static_cast<std::uint8_t>(secret * 16 + number))),
                          SecretBytes(Bytes(12, number))};
  };
  return {direction(caller ? 1 : 2), direction(caller ? 2 : 1), "123456"};
}

struct Shown {
  std::uint32_t index;
  std::uint32_t timestamp;
  TimePoint when;
};

class Party {
 public:
  Party(bool caller, std::uint64_t seed, TimePoint now, std::uint8_t secret = 1)
      : random_(seed),
        engine(*CallEngine::create(keys_of(caller, secret), random_, now)),
        video_clock(static_cast<std::uint32_t>(random_.u64())),
        sender_(std::make_unique<CountingAudioEncoder>(), static_cast<std::uint32_t>(random_.u64())),
        receiver(std::make_unique<CountingAudioDecoder>()) {
    next_picture_ = now + 3ms;
    next_block_ = now + 1ms;
    next_play_ = now + 7ms;
  }

  TimePoint next() const {
    TimePoint t = std::min(engine.next_deadline(), next_play_);
    if (camera) t = std::min(t, next_picture_);
    if (microphone) t = std::min(t, next_block_);
    return t;
  }

  void run(TimePoint now, Link& out) {
    if (camera && now >= next_picture_) capture_picture(now);
    if (microphone && now >= next_block_) capture_block(now);
    if (now >= next_play_) play(now);
    if (now >= engine.next_deadline()) engine.handle_timeout(now);
    drain(now, out);
  }
  void receive(ByteView datagram, TimePoint now, Link& out) {
    engine.handle_datagram(datagram, now);
    drain(now, out);
  }

 private:
  SeededRandom random_;

 public:
  CallEngine engine;
  rtp::VideoClock video_clock;
  bool camera = true, microphone = true;
  Duration encode_delay = 5ms;
  int picture_bytes_override = 0;

  // What happened.
  std::vector<Shown> shown;
  std::vector<TimePoint> captured_at;  // by index
  std::vector<std::uint32_t> timestamps;
  std::vector<CallEngine::Connection> connections;
  std::uint64_t undecodable = 0, key_frames_made = 0;
  int bitrate = 1'500'000;
  std::uint64_t blocks_played = 0, blocks_silent = 0;
  std::vector<Duration>
      sound_delays;  // capture to play of each block, oracle: needs the other side's clock = ours
  std::vector<Bytes> transmitted;  // kept when `record`
  bool record = false;

 private:
  call::AudioSender sender_;

 public:
  call::AudioReceiver receiver;

 private:
  void capture_picture(TimePoint now) {
    captured_at.push_back(now);
    const auto index = static_cast<std::uint32_t>(captured_at.size() - 1);
    codec::EncodedFrame unit;
    unit.key_frame = index == 0 || key_wanted_;
    key_wanted_ = false;
    if (unit.key_frame) ++key_frames_made;
    unit.rtp_timestamp = video_clock.timestamp(now);
    timestamps.push_back(unit.rtp_timestamp);
    unit.captured = now;
    Bytes& data = unit.data;
    data = {0, 0, 0, 1};
    if (unit.key_frame)
      append(data, *from_hex("6742c01f"
                             "00000001"
                             "68ce"
                             "00000001"));
    data.push_back(unit.key_frame ? 0x65 : 0x41);
    for (int shift = 21; shift >= 0; shift -= 7)
      data.push_back(static_cast<std::uint8_t>(2 + (index >> shift & 0x7f)));
    const std::size_t size = static_cast<std::size_t>(bitrate) / 8 / 30;
    data.resize(std::max<std::size_t>(data.size(), unit.key_frame ? size * 4 : size), 0x77);
    engine.handle_encoded_video(unit, now);
    next_picture_ = now + Duration(33'333'333);
  }

  void capture_block(TimePoint now) {
    media::AudioBlock block;
    block.captured = now - 10ms;
    block.samples.fill(static_cast<std::int16_t>(1 + (block_index_ / 2) % 30'000));
    ++block_index_;
    if (const auto packet = sender_.handle_block(block); packet && *packet)
      engine.handle_encoded_audio(**packet, now);
    next_block_ = now + 10ms;
  }

  void play(TimePoint now) {
    media::AudioBlock block;
    if (receiver.play(block, now)) {
      ++blocks_played;
      engine.handle_audio_played(block.rtp_timestamp, now, receiver.stats().delay);
      sound_delays.push_back(receiver.stats().delay);
    } else {
      ++blocks_silent;
    }
    next_play_ = now + 10ms;
  }

  void decode(const codec::EncodedFrame& unit, TimePoint now) {
    // The index sits behind the type byte of the last unit.
    std::size_t at = unit.key_frame ? 4 + 4 + 4 + 2 + 4 + 1 : 5;
    std::uint32_t index = 0;
    for (int i = 0; i < 4; ++i) index = index << 7 | static_cast<std::uint32_t>(unit.data[at++] - 2);
    if (!unit.key_frame && (shown.empty() || shown.back().index + 1 != index)) {
      ++undecodable;
      engine.handle_decode_failure(now);
      return;
    }
    shown.push_back({index, unit.rtp_timestamp, now});
    engine.handle_picture_shown(1280, 720, 2ms);
  }

  void drain(TimePoint now, Link& out) {
    for (bool again = true; again;) {
      again = false;
      for (auto& output : engine.poll_outputs()) {
        again = true;
        if (auto* transmit = std::get_if<CallEngine::Transmit>(&output)) {
          if (record) transmitted.push_back(transmit->datagram);
          out.send(std::move(transmit->datagram), now);
        } else if (auto* sound = std::get_if<CallEngine::PlayAudio>(&output)) {
          receiver.handle_packet(std::move(sound->packet), sound->arrival);
        } else if (auto* picture = std::get_if<CallEngine::ShowVideo>(&output)) {
          decode(picture->unit, now);
        } else if (std::get_if<CallEngine::MakeKeyFrame>(&output) != nullptr) {
          key_wanted_ = true;
        } else if (auto* rate = std::get_if<CallEngine::UseBitrate>(&output)) {
          bitrate = rate->video;
        } else if (auto* hold = std::get_if<CallEngine::DelayAudio>(&output)) {
          receiver.set_minimum_delay(hold->minimum);
        } else if (auto* change = std::get_if<CallEngine::ConnectionChanged>(&output)) {
          connections.push_back(change->connection);
        }
      }
    }
  }

  TimePoint next_picture_, next_block_, next_play_;
  bool key_wanted_ = false;
  int block_index_ = 0;
};

// Two parties and the network between them.
class Call {
 public:
  explicit Call(LinkSettings settings, std::uint64_t seed = 1, std::uint8_t callee_secret = 1)
      : now(100s),
        caller(true, seed * 2 + 100, now),
        callee(false, seed * 2 + 101, now, callee_secret),
        forward(settings, seed * 3),
        backward(settings, seed * 3 + 1) {}

  void run_for(Duration duration) {
    const TimePoint end = now + duration;
    while (true) {
      const TimePoint next = std::min({caller.next(), callee.next(), forward.next(), backward.next()});
      if (next > end) break;
      now = std::max(now, next);
      while (auto datagram = forward.receive(now)) callee.receive(*datagram, now, backward);
      while (auto datagram = backward.receive(now)) caller.receive(*datagram, now, forward);
      caller.run(now, forward);
      callee.run(now, backward);
    }
    now = end;
  }

  // Capture to release, of the pictures the callee showed from `since` on.
  std::vector<Duration> picture_delays(TimePoint since = {}) const {
    std::vector<Duration> delays;
    for (const Shown& picture : callee.shown) {
      if (picture.when >= since) delays.push_back(picture.when - caller.captured_at[picture.index]);
    }
    std::sort(delays.begin(), delays.end());
    return delays;
  }

  TimePoint now;
  Party caller, callee;
  Link forward, backward;
};

}  // namespace sotto::sim
