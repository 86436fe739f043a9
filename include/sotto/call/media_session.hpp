// One call's media path, as the client core sees it: ICE, keys, devices, statistics. The client core does
// the signalling and decides; the session connects, captures, encrypts, sends and plays.
//
// Flow, both sides:
//   auto session = factory.create(call, controlling, observer);   // gathers candidates, opens no device
//   signal session->local_ice() and every on_local_candidate();   set_remote_ice(), add_remote_candidate()
//   after accept AND with keys: session->start(keys, options);    // the first moment a device may open
//   on_connected() when packets flow both ways; stats() once a second while active
//   session->close();                                             // devices closed when it returns
//
// Thread: the client core's. Observer calls come on the same thread, never from inside a call into the
// session. Destroying a session closes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/base/time.hpp"
#include "sotto/media/video_frame.hpp"

namespace sotto::call {

// Keys of one direction: AEAD_AES_256_GCM master key (32) and salt (12), RFC 7714.
struct SrtpKeys {
  SecretBytes key;
  SecretBytes salt;
};
struct CallKeys {
  SrtpKeys send;
  SrtpKeys receive;
  std::string security_code;  // six digits, the same on both sides
};

struct IceParameters {
  std::string ufrag;
  std::string password;
};

struct StartOptions {
  bool microphone = true;
  bool camera = false;
};

struct VideoStats {
  std::string codec;   // as RTP names it: "H264"; empty before the first packet
  double bitrate = 0;  // bit/s of the coded picture, without headers
  int width = 0, height = 0;
  double fps = 0;
  std::uint64_t frames = 0, dropped = 0, freezes = 0, key_frames = 0;
  double freeze_ms = 0, qp = 0, encode_ms = 0, decode_ms = 0, jitter_buffer_ms = 0;
};
struct AudioStats {
  std::string codec;   // "opus"
  double bitrate = 0;  // bit/s of the coded sound, without headers
  double level = 0;    // 0..1, of the last 100 ms
  double jitter_buffer_ms = 0, concealed_ms = 0, stretched_ms = 0, echo_return_loss_db = 0;
};
// Names as in docs/rpc.md, call.stats. Rates in bit/s, losses 0..1.
struct CallStats {
  double rtt_ms = 0, loss_in = 0, loss_out = 0, jitter_ms = 0;
  double bitrate_in = 0, bitrate_out = 0, target_bitrate = 0;
  std::string path;    // "direct" or "relay"
  std::string cipher;  // "AEAD_AES_256_GCM"
  VideoStats video_in, video_out;
  AudioStats audio_in, audio_out;
  std::uint64_t rejected_packets = 0;  // failed authentication, replayed or malformed
};

class MediaObserver {
 public:
  virtual ~MediaObserver() = default;
  virtual void on_local_candidate(const std::string& candidate) = 0;  // RFC 8839, without "a="
  virtual void on_local_candidates_end() = 0;
  virtual void on_connected() = 0;    // first authenticated packet from the far side arrived
  virtual void on_interrupted() = 0;  // none for 2 s; on_connected() again when they return
  // No path, or none any more (30 s silent), or a device or codec failed for good.
  virtual void on_failed(const Error& error) = 0;
  // A device could not be opened or vanished; the call goes on without it (MediaSession::open_devices).
  virtual void on_device_problem(const Error& error) = 0;
};

// Where pictures go to be shown. Thread: any; must return quickly (keep the newest, drop older).
class PictureSink {
 public:
  virtual ~PictureSink() = default;
  virtual void on_remote_picture(media::VideoFramePtr frame) = 0;
  virtual void on_local_picture(media::VideoFramePtr frame) = 0;  // self view, not mirrored
};

class MediaSession {
 public:
  virtual ~MediaSession() = default;
  virtual IceParameters local_ice() const = 0;
  virtual Status set_remote_ice(const IceParameters& remote) = 0;
  virtual Status add_remote_candidate(const std::string& candidate) = 0;
  virtual Status start(CallKeys keys, const StartOptions& options) = 0;
  virtual Status set_microphone(bool on) = 0;  // off: the device is closed
  virtual Status set_camera(bool on) = 0;
  virtual void set_speaker(bool on) = 0;
  // Of those that were asked for, what is open now.
  struct OpenDevices {
    bool microphone = false, camera = false;
  };
  virtual OpenDevices open_devices() const = 0;
  virtual CallStats stats() = 0;
  virtual void close() = 0;
};

class MediaSessionFactory {
 public:
  virtual ~MediaSessionFactory() = default;
  // `controlling`: the ICE role (the caller's). `observer` outlives the session.
  virtual Result<std::unique_ptr<MediaSession>> create(const CallId& call, bool controlling,
                                                       MediaObserver& observer) = 0;
  struct Devices {
    struct Entry {
      std::string id;    // a URI of docs/rpc.md
      std::string name;  // for people
    };
    std::vector<Entry> cameras, microphones, speakers;
    std::string camera, microphone, speaker;  // ids of those selected
  };
  virtual Devices devices() = 0;
  // Empty: leave as it is. Takes effect in a running call too.
  virtual Status select(const std::string& camera, const std::string& microphone,
                        const std::string& speaker) = 0;
};

}  // namespace sotto::call
