// Makes real media sessions out of what a program has: an ICE agent, devices, codecs, a thread to live on.
//
//   MediaSessionDeps deps{.agents = *agents, .devices = devices, .video = *h264, .audio = *opus,
//                         .executor = loop, .random = crypto::system_random(), ...};
//   auto factory = make_media_session_factory(std::move(deps));
//
// Threads: the factory and its sessions belong to the executor's thread. Devices call from their own
// threads, the encoder and the decoder of each session have one thread each (codec::VideoEncodeWorker,
// codec::VideoDecodeWorker); sound is encoded on the microphone's thread and decoded on the speaker's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sotto/base/random.hpp"
#include "sotto/base/time.hpp"
#include "sotto/call/media_session.hpp"
#include "sotto/codec/audio_codec.hpp"
#include "sotto/codec/video_codec.hpp"
#include "sotto/device/factory.hpp"
#include "sotto/device/timing_log.hpp"
#include "sotto/ice/agent.hpp"

namespace sotto::call {

// The thread that owns the client core, seen from other threads.
class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `task` soon, in order of posting. Thread: any.
  virtual void post(std::function<void()> task) = 0;
  // Not before `when`, as precisely as the loop can (1 ms is good). Thread: any.
  virtual void post_at(TimePoint when, std::function<void()> task) = 0;
};

// What is referred to outlives the factory and every session.
struct MediaSessionDeps {
  ice::AgentFactory& agents;
  // Asked for each call: servers, relay only or not. `controlling` is set by the session.
  std::function<ice::Options()> ice_options;
  device::DeviceFactory& devices;
  codec::VideoCodecs& video;
  codec::AudioCodecs& audio;
  Executor& executor;
  std::function<TimePoint()> now;  // monotonic, the clock that devices stamp with. Thread: any
  Random& random;                  // cryptographic. Thread: the executor's
  PictureSink* pictures = nullptr;
  device::TimingLog* camera_log = nullptr;      // docs/rpc.md, --camera-log
  device::TimingLog* microphone_log = nullptr;  // --microphone-log
  // Device URIs chosen at start; empty: the default device. select() changes them.
  std::string camera = {}, microphone = {}, speaker = {};
  device::VideoFormat video_format = {};
};

std::unique_ptr<MediaSessionFactory> make_media_session_factory(MediaSessionDeps deps);

}  // namespace sotto::call
